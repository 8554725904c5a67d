"""Workers of `seatrial sync` killed with SIGKILL, again and again, while shoppers buy and a clerk ships.

    python -m seatrial.crash --kills 50

The fakes are served on loopback. Every worker is a real process that reaches them over real HTTP through a gate of its
own, and a gate can kill its worker at the worst of moments: when a call has been committed and not a byte of its answer
has left. In the end both sides are read through their public APIs: nothing lost, nothing doubled, every level equal.
"""
