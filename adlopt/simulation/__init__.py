"""A venue in a closed loop: what is decided in a round changes the rounds that follow."""

from adlopt.simulation.compare import STANDARD, Comparison, compare
from adlopt.simulation.loop import Outcome, Simulation, simulate
from adlopt.simulation.scenario import Scenario

__all__ = ["STANDARD", "Comparison", "Outcome", "Scenario", "Simulation", "compare", "simulate"]
