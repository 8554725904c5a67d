"""Holding an API to its contract: the laws, and whom they are asked of.

    target = in_process("harbor")
    for result in verify(target, Plan(writes=True)):
        print(result.law.id, result.surface, result.outcome)

The same laws are asked of our own fakes in the test suite and, by `seatrial verify`, of any base URL.
"""

from seatrial.verify.law import Finding, Law, laws
from seatrial.verify.places import in_process
from seatrial.verify.run import Plan, Result, verify
from seatrial.verify.target import Target

__all__ = ["Finding", "Law", "Plan", "Result", "Target", "in_process", "laws", "verify"]
