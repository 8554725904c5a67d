"""Every write of every connector under every fault, through the engine; and one day re-run with a fault at each call.

The **lost-answer matrix**: a row is one request of one write (found through the ports: a write is what takes a
`key`), a column is one thing that can happen to it. The story brings the engine to the point where it makes that
write, the fault strikes that one request, and when all has come to rest both sides are read: the outcome is there
exactly once, or a person was told where nobody else could know. Anything else is broken.

The **single-fault sweep**: a whole small day, once for each of its calls and each fault at that call.
"""
