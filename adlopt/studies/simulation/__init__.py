"""A venue in a closed loop: what is decided in a round changes the rounds that follow."""

from adlopt.foundation.moved import forward
from adlopt.show.schema.studies import CrashOutcome
from adlopt.studies.simulation.loop import Simulation, simulate
from adlopt.studies.simulation.paired import STANDARD, Comparison, compare
from adlopt.studies.simulation.world import Scenario

__getattr__ = forward(__name__)
__all__ = [
    "STANDARD",
    "Comparison",
    "CrashOutcome",
    "Scenario",
    "Simulation",
    "compare",
    "simulate",
]
