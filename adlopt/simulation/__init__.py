"""A venue in a closed loop: what is decided in a round changes the rounds that follow."""

from adlopt.simulation.loop import Outcome, Simulation, simulate
from adlopt.simulation.scenario import Scenario

__all__ = ["Outcome", "Scenario", "Simulation", "simulate"]
