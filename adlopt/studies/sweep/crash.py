"""One simulated crash of a sweep, played in a closed loop by every policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from adlopt.errors import AdloptError, SweepStopped
from adlopt.studies.simulation.loop import Outcome, simulate
from adlopt.studies.simulation.scenario import COUNTS, Scenario

if TYPE_CHECKING:
    from adlopt.studies.sweep.chunk import Chunk, Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """The world of one seed in a scenario: the same for every policy until it acts."""

    scenario: Scenario
    seed: int

    NOUNS: ClassVar = ("crash", "crashes")
    KEY: ClassVar[Columns] = {
        "policy": str,
        "seed": int,
        **{f.name: int if f.name in COUNTS else float for f in fields(Scenario)},
    }
    """Columns that no two rows share; beside them stand the parameters of the policies."""
    FIGURES: ClassVar[Columns] = {
        "information": str,
        **{name: float if name.endswith("_usd") else int for name in Outcome.columns()},
    }
    """Columns of figures, as in `adlopt.studies.simulation.Outcome`."""

    def __str__(self) -> str:
        return f"{self.scenario}, seed {self.seed}"

    def rows(self, chunk: Chunk) -> Iterator[dict[str, Any]]:
        """Play every policy, and yield a row for each.

        Raises
        ------
        SweepStopped
            Naming the crash in which one failed.
        """
        for contender in chunk.contenders:
            try:
                run = simulate(contender.policy, self.scenario, seed=self.seed)
            except AdloptError as error:
                raise SweepStopped(f"{self}: {contender.policy}: {error}") from None
            yield (
                {"policy": run.player, "seed": self.seed, "information": run.information.value}
                | asdict(self.scenario)
                | contender.parameters
                | run.outcome.figures()
            )
