"""A bound as data: an expression over measurable quantities, and when it may be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import sympy

from adlopt.episode import Episode
from adlopt.quantity import QUANTITIES
from adlopt.run import Run


class Comparator(Enum):
    """What a regret is measured against."""

    PER_ROUND_OPTIMUM = "per-round optimum"
    """The best action of each round, in hindsight: dynamic regret."""
    BEST_FIXED_SEVERITY = "best fixed severity"
    """The best constant θ, in hindsight: static regret."""
    POLICY_CLASS = "best policy on the board"
    """The best of the policies played that could run live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What must hold for a bound to say anything.

    Parameters
    ----------
    text : str
    fails : callable
        From an episode and a run (None: the episode alone) to the rounds, from 1, where it does
        not hold.
    """

    text: str
    fails: Callable[[Episode, Run | None], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An upper bound on a regret.

    Parameters
    ----------
    name : str
    expression : sympy.Expr
        Over the symbols of `adlopt.quantity`, in USD.
    comparator : Comparator
    covers : str
        Which policies, and which loss.
    hypotheses : tuple of Hypothesis
    tightness : str
    citation : str
    """

    name: str
    expression: sympy.Expr
    comparator: Comparator
    covers: str
    hypotheses: tuple[Hypothesis, ...] = ()
    tightness: str = ""
    citation: str = ""

    def value(self, episode: Episode) -> float:
        """USD, with the quantities measured on the episode.

        Examples
        --------
        >>> from adlopt.bounds import PROPOSITION_1
        >>> from adlopt.episodes import october_10
        >>> round(PROPOSITION_1.value(october_10()), 2)
        129699802.43
        """
        measured = {s: QUANTITIES[s].measure(episode) for s in self.expression.free_symbols}
        return float(self.expression.subs(measured))

    def failures(self, episode: Episode, run: Run | None = None) -> dict[str, tuple[int, ...]]:
        """Rounds in which a hypothesis fails, by hypothesis; empty if the bound applies."""
        found = {h.text: h.fails(episode, run) for h in self.hypotheses}
        return {text: rounds for text, rounds in found.items() if rounds}
