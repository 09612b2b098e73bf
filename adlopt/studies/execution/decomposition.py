"""Acting on estimated budgets: what that costs against the best of a class [CTTX26, Eq. 22].

ℓ_t = λ|H_t − B_t| + φ m_t, and ℓ̂_t the same with the estimate B̂_t for B_t. For every class

    Σ ℓ_t(π)  ≤  min_π' Σ ℓ_t(π') + Reg(π; ℓ̂) + 2λ Σ |B_t − B̂_t|,

and |B_t − B̂_t| may be replaced by min(|B_t − B̂_t|, |H_t − H*_t|), H* being what the best raises.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from adlopt.errors import CertificateError, InputError
from adlopt.foundation.arrays import FloatArray, freeze, own_number
from adlopt.model.episode import Episode
from adlopt.model.run import Run
from adlopt.show.answer import Figures
from adlopt.show.schema.studies import TransferData
from adlopt.show.words import amount
from adlopt.studies.execution.slopes import Missed

ROUNDING = 1e-9
"""Relative rounding of the two sides."""


class Transfer(Figures, TransferData):
    """Both sides of the decomposition on one episode; *hindsight*. Fields as in `TransferData`."""

    @property
    def bound(self) -> float:
        """Right-hand side of [CTTX26, Eq. 22]."""
        return self.best_loss + self.estimated_regret + self.penalty

    @property
    def sharper_bound(self) -> float:
        """The same with the smaller penalty."""
        return self.best_loss + self.estimated_regret + self.sharper_penalty

    def _heading(self) -> str:
        return (
            f"{self.policy} against {self.best}: loss {amount(self.loss)}, at most "
            f"{amount(self.sharper_bound)}, or {amount(self.bound)} by the paper's penalty; "
            f"{self.missed}"
        )


def transfer(
    episode: Episode, run: Run, others: Sequence[Run], *, track: float = 1.0, fair: float = 0.0
) -> Transfer:
    """Evaluate the decomposition and check both of its inequalities.

    The needed budgets must not depend on what is raised.

    Parameters
    ----------
    episode : Episode
        Each round with an estimate.
    run : Run
        What the policy did.
    others : sequence of Run
        The class it is compared with.
    track : float
        λ > 0, the price of a dollar missed.
    fair : float
        φ ≥ 0, the price of a unit of worst burden; if not 0, all runs must have burdens.

    Raises
    ------
    InputError
        If a round has no estimate, the class is empty, or a run has another length.
    CertificateError
        If an inequality fails beyond rounding.

    Examples
    --------
    >>> from adlopt.data.episodes import shock
    >>> from adlopt.scoring.one_run import run_policy
    >>> from adlopt.policies.grammar import named
    >>> episode = shock(rounds=20, winners=30, seed=1)
    >>> run, *others = [run_policy(episode, named(n)) for n in ("estimate", "do-nothing", "ogd:1")]
    >>> found = transfer(episode, run, others)
    >>> found.loss <= found.sharper_bound <= found.bound
    True
    """
    if own_number(track, "track", lowest=0.0) == 0:
        raise InputError("track", track, "a price > 0")
    own_number(fair, "fair", lowest=0.0)
    if not others:
        raise InputError("others", [], "at least one run")
    needed, estimate = episode.needed, _estimates(episode)
    played = [(r, _fairness(episode, r, fair)) for r in (run, *others)]
    true, guessed = (
        [_loss(r, budget, track, fairness) for r, fairness in played]
        for budget in (needed, estimate)
    )
    best = int(np.argmin(true[1:]))
    error = np.abs(needed - estimate)
    apart = np.abs(run.haircut - others[best].haircut)
    found = Transfer(
        policy=run.policy,
        best=others[best].policy,
        loss=true[0],
        best_loss=true[1 + best],
        estimated_regret=guessed[0] - min(guessed[1:]),
        penalty=2 * track * math.fsum(error),
        sharper_penalty=2 * track * math.fsum(np.minimum(error, apart)),
        missed=Missed.of(needed=needed, raised=run.haircut),
        missed_by_estimate=Missed.of(needed=needed, raised=estimate),
        followed=math.fsum(np.abs(run.haircut - estimate)),
    )
    _check(found, scale=max(*true, *guessed, found.penalty, found.followed))
    return found


def _check(found: Transfer, scale: float) -> None:
    slack = ROUNDING * scale
    gap = abs(found.missed.undershoot - found.missed_by_estimate.undershoot)
    for left, right, name in (
        (found.loss, found.sharper_bound, "the sharper decomposition"),
        (found.sharper_bound, found.bound, "the sharper penalty"),
        (gap, found.followed, "the undershoot of the estimates"),
    ):
        if left > right + slack:
            raise CertificateError(f"{name} fails: {left!r} is above {right!r}")


def _estimates(episode: Episode) -> FloatArray:
    remedy = "give each round an ex ante estimate"
    for start in (round_.start for round_ in episode):
        if start.estimate is None:
            raise InputError("estimate", None, "USD", index=f"round {start.t}", remedy=remedy)
    return freeze([r.start.estimate for r in episode])  # type: ignore[arg-type]


def _fairness(episode: Episode, run: Run, fair: float) -> float:
    if run.haircut.size != len(episode):
        found = f"{run.haircut.size} rounds"
        raise InputError("runs", found, f"{len(episode)} rounds", index=run.policy)
    if fair == 0:
        return 0.0
    if run.burden is None or not np.isfinite(run.burden).all():
        raise InputError("runs", run.burden, "finite burdens in all rounds", index=run.policy)
    return fair * math.fsum(run.burden)


def _loss(run: Run, budget: FloatArray, track: float, fairness: float) -> float:
    return track * math.fsum(np.abs(run.haircut - budget)) + fairness
