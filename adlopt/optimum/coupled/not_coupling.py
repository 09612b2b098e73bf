"""What it costs to solve each round on its own where rounds share their winners: *hindsight*.

Each round's optimum is executed on what the rounds before have left, and its whole bill is set
against the coupled optimum, both sides proven.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from textwrap import fill

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, Record, own_number
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, MinMax
from adlopt.optimum.core.burden_problem import BurdenProblem
from adlopt.optimum.core.surface import until_stopped
from adlopt.optimum.core.waterfill import optimum
from adlopt.optimum.coupled.coupled_proof import value, worst_in_all
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.coupled.solve_coupled import CoupledSolution, solve_coupled
from adlopt.show.answer import Answer, Columns
from adlopt.show.schema.optima import CoupledData, OneByOneData
from adlopt.show.table import WIDTH
from adlopt.show.words import dollars

SAID = 10
"""Rounds that a summary names; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CouplingPrice(Answer, Record):
    """Rounds solved one by one, beside the coupled optimum.

    Parameters
    ----------
    coupled : CoupledSolution
    one_by_one : float
        The same objective, recomputed for the rounds solved one by one.
    short : dict
        USD that a round, from 1, could not raise from what was left of its winners.
    overdrawn : tuple of int
        Rounds, from 1, in which an account that has paid before holds less than that: the coupled
        optimum excludes this, so it can then be the dearer one.
    """

    coupled: CoupledSolution
    one_by_one: float
    short: dict[int, float]
    overdrawn: tuple[int, ...]

    @property
    def price(self) -> tuple[float, float] | None:
        """Least and most that not coupling costs; None where budgets were to be met and were not.

        The two differ by the gap of the coupled optimum's certificate.
        """
        if self.short and self.coupled.budgets_met:
            return None
        certificate = self.coupled.certificate
        return self.one_by_one - certificate.upper, self.one_by_one - certificate.lower

    def data(self) -> CoupledData:
        """Return the coupled optimum, and this, as machines get them."""
        return self.coupled.data(
            OneByOneData(
                value=self.one_by_one,
                price_of_not_coupling=self.price,
                short_usd={str(t): missing for t, missing in self.short.items()},
                overdrawn_rounds=list(self.overdrawn),
            )
        )

    def _columns(self) -> Columns:
        """Rounds, and what each could not raise from what was left of its winners."""
        rounds = range(1, len(self.coupled.haircuts) + 1)
        return {
            "round": list(rounds),
            "needed_usd": self.coupled.episode.needed,
            "short_usd": [self.short.get(t, 0.0) for t in rounds],
            "overdrawn": [t in self.overdrawn for t in rounds],
        }

    def _heading(self) -> str:
        return f"hindsight: {self}"

    def __str__(self) -> str:
        if self.price is None:
            lost = f"{dollars(sum(self.short.values()))} short"
            some = [str(t) for t in list(self.short)[:SAID]]
            if len(self.short) > SAID:
                some.append(f"{len(self.short) - SAID:,} more")
            return f"one by one, rounds {', '.join(some)} come out {lost}"
        dearer = f"one by one, {self.one_by_one:.6g} instead of {self.coupled.value:.6g}"
        return fill(
            f"{dearer}: not coupling costs {self.price[0]:.6g} to {self.price[1]:.6g}", WIDTH
        )


def price_of_not_coupling(
    episode: Episode,
    loss: MinMax | Asymmetric | None = None,
    *,
    gap: float = 0.0,
    time_limit: float | None = None,
) -> CouplingPrice:
    """Solve each round on its own, on what is left, and compare with `solve_coupled`: *hindsight*.

    A gap and a time limit are the coupled search's own; what it leaves unproven, `price` spans.

    Examples
    --------
    >>> from adlopt.model.round import Round
    >>> rounds = [
    ...     Round.of(t=1, account=["a", "b"], capacity=[90.0, 90.0], deficit=90.0, needed=30.0),
    ...     Round.of(t=2, account=["a"], capacity=[90.0], deficit=90.0, needed=30.0),
    ... ]
    >>> print(price_of_not_coupling(Episode(name="two", rounds=rounds)))
    one by one, 0.5 instead of 0.333333: not coupling costs 0.166667 to 0.166667
    """
    loss = MinMax() if loss is None else loss
    if own_number(gap, "gap", lowest=0.0) >= 1:
        raise InputError("gap", gap, "a number in [0, 1)")
    coupling = Coupling.of(episode, loss)
    find = partial(solve_coupled, episode, loss, gap=gap, coupling=coupling)
    coupled = until_stopped(find, time_limit)
    taken, short = _one_by_one(episode, coupling, loss)
    paid = np.cumsum(taken, axis=0)
    listed = [paid[t, where] for t, where in enumerate(coupling.place)]
    over = [
        (had > round_.start.capacity * (1 + 1e-9)).any()
        for had, round_ in zip(listed, episode, strict=True)
    ]
    cost = (
        worst_in_all(coupling, taken) if isinstance(loss, MinMax) else value(coupling, loss, taken)
    )
    return CouplingPrice(
        coupled=coupled,
        one_by_one=cost,
        short=short,
        overdrawn=tuple(t + 1 for t, each in enumerate(over) if each),
    )


def _one_by_one(
    episode: Episode, coupling: Coupling, loss: MinMax | Asymmetric
) -> tuple[FloatArray, dict[int, float]]:
    taken, short = np.zeros_like(coupling.weight), {}
    for t, (round_, where) in enumerate(zip(episode, coupling.place, strict=True)):
        left = np.maximum(round_.start.capacity - taken[:t, where].sum(axis=0), 0.0)
        problem = replace(BurdenProblem.of(round_, loss), capacity=left, lot=None)
        within = replace(problem, budget=min(problem.budget, problem.reachable))
        missing = problem.budget - within.budget
        if missing > 1e-9 * problem.budget:
            short[t + 1] = missing
        taken[t, where] = optimum(within if problem.exact else problem)[0]
    return taken, short
