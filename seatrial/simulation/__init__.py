"""A merchant's days in virtual time: real fakes, real connectors, the real engine; one seed, and everything goes wrong.

    outcome = simulate(Scenario(seed=17, days=1, orders=40, faults="harsh"))
    assert outcome.good

`scenario` says what a run is, `cast` who plays which part, `people` what they do, `weather` and `wire` what goes wrong,
`run` puts it together, `judge` says what has to hold in the end, `trace` remembers what happened.
"""

from seatrial.simulation.judge import Breach, Parked
from seatrial.simulation.run import Outcome, find_story, simulate
from seatrial.simulation.scenario import Scenario
from seatrial.simulation.stage import Parts

__all__ = ["Breach", "Outcome", "Parked", "Parts", "Scenario", "find_story", "simulate"]
