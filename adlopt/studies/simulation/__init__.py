"""A venue in a closed loop: what is decided in a round changes the rounds that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adlopt.foundation.moved import attach

if TYPE_CHECKING:
    from adlopt.show.schema.studies import CrashOutcome as CrashOutcome
    from adlopt.studies.simulation.loop import Simulation as Simulation, simulate as simulate
    from adlopt.studies.simulation.paired import (
        STANDARD as STANDARD,
        Comparison as Comparison,
        compare as compare,
    )
    from adlopt.studies.simulation.world import Scenario as Scenario

__getattr__, __dir__, __all__ = attach(__name__)
