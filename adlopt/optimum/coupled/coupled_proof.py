"""Proof of what is said about rounds that share their winners, from payments and sums alone.

Upper bounds are the objective recomputed at the haircuts. Lower bounds rest on two inequalities,
both linear, both checked here whatever found them:

* for rounds S and any set A of their winners, which have paid at most C by their last round in S,
  Σ_S B_t ≤ C(A) + z w(S's other winners);
* for prices p_t ≤ `under` of money lacking and ν_it ≥ 0 of what an account may have paid by t, with
  μ_it = (p_t − Σ_{τ≥t} ν_iτ)_+ and Σ_i w_it μ_it ≤ `fair`, no haircuts cost less than
  Σ p_t B_t − Σ ν_it C_it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from adlopt.errors import CertificateError
from adlopt.foundation.arrays import SMALLEST_USD, BoolArray, FloatArray
from adlopt.foundation.exact import exact_dot, exact_sum
from adlopt.model.loss import Asymmetric
from adlopt.optimum.core.certificate import (
    EXACT_ACCOUNTS,
    ROUNDING,
    TOLERANCE,
    UNIT_ROUNDING,
    Certificate,
    Trust,
    checked,
    round_down,
    round_up,
)
from adlopt.optimum.coupled.shared_winners import Coupling


def certify_burden(
    coupling: Coupling, taken: FloatArray, cut: Sequence[int], full: BoolArray
) -> Certificate:
    """Certify the worst burden of payments, shape (T, N), by a set of rounds."""
    check_payments(coupling, taken)
    missed = -missing(coupling, taken)
    if (np.abs(missed) > np.maximum(TOLERANCE * coupling.budget, SMALLEST_USD)).any():
        t = int(np.argmax(np.abs(missed)))
        raise CertificateError(f"round {t + 1} misses its budget by {missed[t]:.3g} USD")
    return checked(
        upper=worst_in_all(coupling, taken),
        lower=round_down(max(cut_bound(coupling, cut, full), Fraction(0))),
        trust=Trust.EXACT,
        budget_residual=float(missed[np.argmax(np.abs(missed))]),
    )


def cut_bound(coupling: Coupling, cut: Sequence[int], full: BoolArray) -> Fraction:
    """(Σ_S B − C(A)) / w(others), exactly: no payments have a lower worst burden.

    S are the rounds `cut`, by index, and A the accounts `full`, (N,).
    """
    limit, weight = reach(coupling, cut)
    needed = exact_sum(coupling.budget[list(cut)]) - exact_sum(limit[full])
    free = exact_sum(weight[~full])
    return needed / free if free else Fraction(0)


def reach(coupling: Coupling, cut: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """USD, shape (N,): what each account may pay for rounds in all, and its weight; else 0."""
    limit = np.zeros(len(coupling.account))
    for t in sorted(cut):
        limit = np.where(coupling.weight[t] > 0, coupling.cap[t], limit)
    return limit, coupling.whole_weight * (limit > 0)


def certify_priced(
    coupling: Coupling, loss: Asymmetric, taken: FloatArray, lacking: FloatArray, paid: FloatArray
) -> tuple[Certificate, dict[str, FloatArray]]:
    """Certify the sum of a loss over rounds by prices `lacking` (T,) and `paid` (T, N).

    Prices that leave their bounds are brought back into them. The same prices are returned as
    those of rows: budgets, what is paid by a round, shares in its burden.
    """
    check_payments(coupling, taken)
    nu = np.where(np.isfinite(coupling.cap), np.maximum(paid, 0.0), 0.0)
    later = np.cumsum(nu[::-1], axis=0)[::-1]
    p = _affordable(coupling, loss, np.clip(lacking, 0.0, loss.under), later)
    over, lacking = _over(p, nu), missing(coupling, taken)
    added = math.fsum(np.abs(lacking)) <= ROUNDING * math.fsum(coupling.budget)
    certificate = checked(
        upper=_value(coupling, loss, taken, lacking),
        lower=round_down(max(_bound(coupling, loss, p, nu, over), Fraction(0))),
        trust=Trust.EXACT,
        rounding=math.fsum(_missed(loss, lacking)) if added else 0.0,
    )
    rows = {"budget": p, "paid": coupling.listed(later), "share": -coupling.listed(over)}
    return certificate, rows


def burden_prices(coupling: Coupling, cut: Sequence[int], full: BoolArray) -> dict[str, FloatArray]:
    """What a set of rounds proves, as prices of rows."""
    chosen = np.isin(np.arange(coupling.budget.size), cut)
    later = np.maximum.accumulate((coupling.payer & chosen[:, None])[::-1], axis=0)[::-1]
    free = later.any(axis=0) & ~full
    prices = {"budget": chosen, "paid": coupling.listed(later | free), "share": free}
    return {name: (-1.0 if name == "share" else 1.0) * each for name, each in prices.items()}


def value(coupling: Coupling, loss: Asymmetric, taken: FloatArray) -> float:
    """Σ_t loss of the payments, recomputed."""
    return _value(coupling, loss, taken, missing(coupling, taken))


def _value(coupling: Coupling, loss: Asymmetric, taken: FloatArray, lacking: FloatArray) -> float:
    worst = _burdens(taken, coupling.weight).max(axis=1)
    return math.fsum([*_missed(loss, lacking), *(loss.fair * worst)])


def missing(coupling: Coupling, taken: FloatArray) -> FloatArray:
    """USD, shape (T,). B_t − H_t."""
    lacking: FloatArray = coupling.budget - np.array([float(exact_sum(row)) for row in taken])
    return lacking


def _missed(loss: Asymmetric, lacking: FloatArray) -> FloatArray:
    return np.maximum(loss.under * lacking, -loss.over * lacking)


def check_payments(coupling: Coupling, taken: FloatArray) -> None:
    """Check that only winners pay, and none has ever paid more than it holds."""
    if taken.shape != coupling.weight.shape or not (np.isfinite(taken) & (taken >= 0)).all():
        raise CertificateError("the payments are not one finite number ≥ 0 a round and account")
    if taken[~coupling.payer].any():
        raise CertificateError("an account pays in a round in which it is no winner")
    over = np.cumsum(taken, axis=0) > coupling.cap * (1 + TOLERANCE)
    if over.any():
        t, i = np.argwhere(over)[0]
        who = coupling.account[i]
        raise CertificateError(f"account {who!r} has paid more by round {t + 1} than it holds")


def worst_in_all(coupling: Coupling, taken: FloatArray) -> float:
    """max_i Σ_t x_it / w_i, rounded up."""
    weight = coupling.whole_weight
    burden = _burdens(taken.sum(axis=0), weight)
    highest = float(burden.max())
    worst = np.flatnonzero((burden > 0) & (burden >= highest * (1 - TOLERANCE)))
    if worst.size > EXACT_ACCOUNTS:
        return highest * (1 + UNIT_ROUNDING * (len(taken) + 2))
    exact = (exact_sum(taken[:, i]) / Fraction(float(weight[i])) for i in worst)
    return round_up(max(exact, default=Fraction(0)))


def _burdens(taken: FloatArray, weight: FloatArray) -> FloatArray:
    burdens: FloatArray = np.divide(taken, weight, out=np.zeros_like(taken), where=weight > 0)
    return burdens


def _affordable(
    coupling: Coupling, loss: Asymmetric, p: FloatArray, later: FloatArray
) -> FloatArray:
    """Lower p_t to where Σ_i w_it (p_t − later_it)_+ ≤ `fair`, but for rounding, by Newton.

    `later` are Σ_{τ≥t} ν_iτ, shape (T, N).
    """
    lower = p.copy()
    for t, weight in enumerate(coupling.weight):
        while True:
            over = np.maximum(lower[t] - later[t], 0.0)
            excess = float(weight @ over) - loss.fair
            if excess <= 0 or lower[t] == 0:
                break
            step = lower[t] - excess / float(weight[over > 0].sum())
            lower[t] = max(min(step, np.nextafter(lower[t], 0.0)), 0.0)
    return lower


def _bound(
    coupling: Coupling, loss: Asymmetric, p: FloatArray, nu: FloatArray, over: FloatArray
) -> Fraction:
    """The bound of prices without rounding; of what they cost, no less is counted than it is."""
    dear = max(exact_dot(w, mu) for w, mu in zip(coupling.weight, over, strict=True))
    paid = nu > 0
    bound = exact_dot(p, coupling.budget) - exact_dot(nu[paid], coupling.cap[paid])
    return bound * min(Fraction(1), Fraction(loss.fair) / dear) if dear else bound


def _over(p: FloatArray, nu: FloatArray) -> FloatArray:
    """(p_t − Σ_{τ≥t} ν_iτ)_+, shape (T, N), rounded up; sums keep what rounding takes from them."""
    over, later, missed = np.empty_like(nu), np.zeros(nu.shape[1]), np.zeros(nu.shape[1])
    for t in reversed(range(p.size)):
        before, later = later, later + nu[t]
        added = later - before
        missed += (before - (later - added)) + (nu[t] - added)
        left = (p[t] - later) - missed
        left += 4.0 * UNIT_ROUNDING * (np.abs(left) + p.size * UNIT_ROUNDING * later)
        over[t] = np.maximum(left, 0.0)
    return over
