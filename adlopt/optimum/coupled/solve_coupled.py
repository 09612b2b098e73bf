"""The offline optimum of a whole episode in which rounds share their winners: *hindsight*.

Solving each round on its own may take the same dollar twice. Here it cannot; see
`adlopt.optimum.coupled.shared_winners` for what is taken to be left of an account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adlopt.errors import InputError
from adlopt.foundation.arrays import FloatArray, Record, own, own_number
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, MinMax
from adlopt.optimum.core.certificate import Certificate
from adlopt.optimum.coupled.coupled_proof import certify_burden, certify_priced, worst_in_all
from adlopt.optimum.coupled.cuts import least_loss
from adlopt.optimum.coupled.least_burden import least_burden_in_all
from adlopt.optimum.coupled.shared_winners import Coupling
from adlopt.optimum.programs.highs import Stopped, check_time_limit
from adlopt.show.answer import Columns, Tabular


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoupledSolution(Tabular, Record):
    """Haircuts of all rounds of an episode, and what is proved about them.

    Parameters
    ----------
    haircuts : tuple of FloatArray
        USD, one array a round, in the order of its accounts.
    certificate : Certificate
        Of the worst burden over all rounds under `MinMax`, else of the sum of the loss.
    worst_burden : float
        max_i Σ_t x_it / w_i, w_i being the largest weight that a round gives the account.
    binding : tuple of int
        Rounds, from 1, that hold the optimum up: under `MinMax` those whose winners pay for them
        alone, else those whose payers reach what they hold.
    stopped : Stopped
    budgets_met : bool
        Whether every budget had to be met, not merely priced.
    """

    haircuts: tuple[FloatArray, ...]
    certificate: Certificate
    worst_burden: float
    binding: tuple[int, ...]
    stopped: Stopped
    budgets_met: bool

    def __post_init__(self) -> None:
        owned = tuple(own(x, f"haircuts[{t}]", lowest=0.0) for t, x in enumerate(self.haircuts))
        object.__setattr__(self, "haircuts", owned)

    @property
    def value(self) -> float:
        """The objective, recomputed at the haircuts."""
        return self.certificate.upper

    @property
    def raised(self) -> FloatArray:
        """USD, shape (T,). H_t."""
        return np.array([x.sum() for x in self.haircuts])

    def _columns(self) -> Columns:
        sizes = [x.size for x in self.haircuts]
        return {
            "round": np.repeat(np.arange(1, len(sizes) + 1), sizes),
            "winner": np.concatenate([np.arange(n) for n in sizes]),
            "haircut_usd": np.concatenate(self.haircuts),
        }

    def _heading(self) -> str:
        return f"hindsight: {self}; winners in the order of their round"

    def __str__(self) -> str:
        rounds = (
            "1 round raises" if len(self.haircuts) == 1 else f"{len(self.haircuts)} rounds raise"
        )
        early = "; stopped at a limit" if self.stopped is Stopped.LIMIT else ""
        return (
            f"{rounds} {self.raised.sum():,.2f} USD, worst burden in all "
            f"{100 * self.worst_burden:z.4g} %; {self.certificate}{early}"
        )


def solve_coupled(
    episode: Episode,
    loss: MinMax | Asymmetric | None = None,
    *,
    gap: float = 0.0,
    time_limit: float | None = None,
) -> CoupledSolution:
    """Return the haircuts of all rounds that together cost least, in *hindsight*.

    Parameters
    ----------
    episode : Episode
        With accounts. What is taken from one in a round is gone in the next; lots are left aside.
    loss : MinMax or Asymmetric, optional
        `MinMax()` unless given: every budget is met, and the worst burden over the whole episode,
        max_i Σ_t x_it / w_i, is least. Under `surrogate` or `Asymmetric` the sum over rounds of the
        loss is least, each round's burden measured in that round.
    gap : float
        Under a priced loss: relative gap, proven, at which to stop; 0 for the optimum itself.
    time_limit : float, optional
        Seconds > 0, after which the search under a priced loss ends with the best found so far;
        `stopped` says so, and the certificate has its gap.

    Raises
    ------
    InfeasibleRound
        If all winners of some rounds together hold less than these need; it names them.
    InputError
        If accounts are pooled, a gap is outside [0, 1), a time limit is not > 0, or either is set
        where all budgets must be met.

    Examples
    --------
    >>> from adlopt.model.round import Round
    >>> rounds = [
    ...     Round.of(t=1, account=["a", "b"], capacity=[90.0, 90.0], deficit=90.0, needed=30.0),
    ...     Round.of(t=2, account=["a"], capacity=[90.0], deficit=90.0, needed=30.0),
    ... ]
    >>> best = solve_coupled(Episode(name="two", rounds=rounds))
    >>> print(best)
    2 rounds raise 60.00 USD, worst burden in all 33.33 %; proven optimal (exact)
    >>> best.haircuts
    (array([ 0., 30.]), array([30.]))
    """
    loss = MinMax() if loss is None else loss
    if own_number(gap, "gap", lowest=0.0) >= 1:
        raise InputError("gap", gap, "a number in [0, 1)")
    check_time_limit(time_limit)
    for name, early in (("gap", gap), ("time_limit", time_limit)):
        if early and isinstance(loss, MinMax):
            remedy = "price the shortfall with surrogate(track=..., fair=...)"
            raise InputError(name, early, "none where all budgets must be met", remedy=remedy)
    coupling = Coupling.of(episode, loss)
    stopped = Stopped.OPTIMAL
    if isinstance(loss, MinMax):
        taken, cut, full = least_burden_in_all(coupling)
        certificate = certify_burden(coupling, taken, cut, full)
        binding = tuple(t + 1 for t in cut)
    else:
        answer = least_loss(coupling, loss, gap=gap, time_limit=time_limit)
        taken, stopped = answer.taken, answer.stopped
        certificate = certify_priced(coupling, loss, taken, answer.lacking, answer.paid)
        binding = tuple(int(t) + 1 for t in np.flatnonzero(answer.paid.any(axis=1)))
    return CoupledSolution(
        haircuts=tuple(x[where] for x, where in zip(taken, coupling.place, strict=True)),
        certificate=certificate,
        worst_burden=worst_in_all(coupling, taken),
        binding=binding,
        stopped=stopped,
        budgets_met=isinstance(loss, MinMax),
    )
