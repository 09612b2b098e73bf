"""What a bound says about one episode."""

from __future__ import annotations

from dataclasses import dataclass, field

from adlopt.show.words import ranges, usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a bound, by its label, says about an episode.

    `measured` is in USD, whether hypotheses hold or not, and None where the expression is not
    defined or the bound is refuted; it is `vacuous` where it is not below what no policy can
    exceed. `failures` are rounds, from 1, by hypothesis; `quantities` were measured, by symbol,
    along a comparator path of variation `path_variation`.
    """

    bound: str
    measured: float | None = None
    failures: dict[str, tuple[int, ...]] = field(default_factory=dict)
    vacuous: bool = False
    quantities: dict[str, float] = field(default_factory=dict)
    path_variation: float | None = None

    @property
    def value(self) -> float | None:
        """USD; None if a hypothesis fails, or the bound is refuted."""
        return None if self.failures else self.measured

    def __str__(self) -> str:
        if self.value is not None:
            return f"{self.bound}: {usd(self.value)} USD"
        broken = (
            f"{text} (rounds {ranges(rounds)})" if rounds else text
            for text, rounds in self.failures.items()
        )
        return f"{self.bound}: says nothing here, for want of: {'; '.join(broken)}"
