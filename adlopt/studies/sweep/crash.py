"""One simulated crash of a sweep, played in a closed loop by every policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import msgspec

from adlopt.errors import AdloptError, SweepStopped
from adlopt.show.schema.studies import CrashOutcome
from adlopt.studies.simulation.loop import simulate
from adlopt.studies.simulation.scenario import COUNTS, Scenario
from adlopt.studies.sweep.chunk import Columns, Contender, Priced


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
    FIGURES: ClassVar[Columns] = {
        "information": str,
        **{
            name: float if name.endswith("_usd") else int
            for name in CrashOutcome.__struct_encode_fields__
        },
    }
    """Columns of figures, as in `adlopt.studies.simulation.CrashOutcome`."""

    def __str__(self) -> str:
        return f"{self.scenario}, seed {self.seed}"

    def rows(
        self, contenders: Sequence[Contender], losses: Sequence[Priced]
    ) -> Iterator[dict[str, Any]]:
        """Play every policy, and yield a row for each; no loss is priced in a closed loop."""
        for contender in contenders:
            try:
                run = simulate(contender.policy, self.scenario, seed=self.seed)
            except AdloptError as error:
                raise SweepStopped(f"{self}: {contender.policy}: {error}") from None
            yield (
                {"policy": run.player, "seed": self.seed, "information": run.information.value}
                | asdict(self.scenario)
                | contender.parameters
                | msgspec.to_builtins(run.outcome)
            )
