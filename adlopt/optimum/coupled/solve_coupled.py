"""The offline optimum of a whole episode in which rounds share their winners: *hindsight*.

Solving each round on its own may take the same dollar twice. Here it cannot; see
`adlopt.optimum.coupled.shared_winners` for what is taken to be left of an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adlopt.foundation.arrays import AnyArray, FloatArray, own
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, MinMax
from adlopt.model.method import Method, Stopped
from adlopt.optimum.core.surface import Optimum, made
from adlopt.optimum.coupled.coupled_proof import (
    burden_prices,
    certify_burden,
    certify_priced,
    worst_in_all,
)
from adlopt.optimum.coupled.cuts import least_loss
from adlopt.optimum.coupled.payment_flow import least_burden_in_all
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.evidence.question import Question
from adlopt.show.answer import Columns
from adlopt.show.schema.optima import CoupledData, OneByOneData
from adlopt.show.words import counted, dollars, percent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoupledSolution(Optimum):
    """Haircuts of all rounds of an episode, and what is proved about them.

    Parameters
    ----------
    haircuts : tuple of FloatArray
        USD, one array a round, in the order of its accounts.
    worst_burden : float
        max_i Σ_t x_it / w_i, w_i being the largest weight that a round gives the account.
    binding : tuple of int
        Rounds, from 1, that hold the optimum up: under `MinMax` those whose winners pay for them
        alone, else those whose payers reach what they hold.
    budgets_met : bool
        Whether every budget had to be met, not merely priced.
    episode : Episode
        What was solved.

    The others are those of every optimum.
    """

    haircuts: tuple[FloatArray, ...]
    worst_burden: float
    binding: tuple[int, ...]
    budgets_met: bool
    episode: Episode

    def __post_init__(self) -> None:
        owned = tuple(own(x, f"haircuts[{t}]", lowest=0.0) for t, x in enumerate(self.haircuts))
        object.__setattr__(self, "haircuts", owned)
        self._check()

    def _answer(self) -> tuple[AnyArray, ...]:
        return *self.haircuts, np.array(self.worst_burden)

    def _numbers(self) -> dict[str, Any]:
        return {"haircut_usd": [x.tolist() for x in self.haircuts]}

    @property
    def account(self) -> tuple[tuple[str, ...], ...]:
        """Ids, those of each round in its order."""
        return tuple(round_.start.account for round_ in self.episode)

    @property
    def raised(self) -> FloatArray:
        """USD, shape (T,). H_t."""
        return np.array([x.sum() for x in self.haircuts])

    @property
    def touched(self) -> tuple[int, ...]:
        """Number of accounts with a haircut, of each round."""
        return tuple(int(np.count_nonzero(x)) for x in self.haircuts)

    @property
    def criterion(self) -> str:
        """What `value` measures."""
        return "worst burden in all" if self.budgets_met else "sum of the loss"

    def _columns(self) -> Columns:
        starts = [round_.start for round_ in self.episode]
        return {
            "round": np.repeat([start.t for start in starts], [x.size for x in self.haircuts]),
            "account": [name for start in starts for name in start.account],
            "capacity_usd": np.concatenate([start.capacity for start in starts]),
            "haircut_usd": np.concatenate(self.haircuts),
        }

    def _done(self) -> str:
        rounds = counted(len(self.haircuts), "round")
        does = "raises" if len(self.haircuts) == 1 else "raise"
        worst = percent(self.worst_burden)
        return f"{rounds} {does} {dollars(self.raised.sum())}, worst burden in all {worst}"

    def data(self, one_by_one: OneByOneData | None = None) -> CoupledData:
        """Return it as machines get it, beside what rounds cost one by one where that is known."""
        return self._filled(
            CoupledData,
            name=self.episode.name,
            needed_usd=self.episode.needed.tolist(),
            binding_rounds=list(self.binding),
            haircut_usd=[x.tolist() for x in self.haircuts],
            one_by_one=one_by_one,
        )


def solve_coupled(
    episode: Episode,
    loss: MinMax | Asymmetric,
    *,
    gap: float = 0.0,
    coupling: Coupling | None = None,
) -> CoupledSolution:
    """Return the haircuts of all rounds that together cost least, in *hindsight*.

    What is taken from an account in a round is gone in the next; lots are left aside. Under
    `MinMax` every budget is met, and the worst burden over the whole episode, max_i Σ_t x_it / w_i,
    is least; under prices the sum over rounds of the loss, each round's burden measured in that
    round. The search under prices ends at a gap; `coupling` is what was gathered already.
    """
    coupling = Coupling.of(episode, loss) if coupling is None else coupling
    stopped, method = Stopped.OPTIMAL, Method.CUTS
    if isinstance(loss, MinMax):
        taken, cut, full = least_burden_in_all(coupling)
        certificate = certify_burden(coupling, taken, cut, full)
        witness = burden_prices(coupling, cut, full)
        binding = tuple(t + 1 for t in cut)
    else:
        answer = least_loss(coupling, loss, gap=gap)
        taken, stopped, method = answer.taken, answer.stopped, Method.CUTTING_PLANES
        certificate, witness = certify_priced(coupling, loss, taken, answer.lacking, answer.paid)
        binding = tuple(int(t) + 1 for t in np.flatnonzero(answer.paid.any(axis=1)))
    return made(
        CoupledSolution,
        haircuts=tuple(x[where] for x, where in zip(taken, coupling.place, strict=True)),
        certificate=certificate,
        worst_burden=worst_in_all(coupling, taken),
        binding=binding,
        stopped=stopped,
        method=method,
        budgets_met=isinstance(loss, MinMax),
        episode=episode,
        question=Question(thing=episode, objective=loss),
        witness=(witness,),
    )
