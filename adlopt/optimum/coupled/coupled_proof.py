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
from adlopt.model.loss import Asymmetric
from adlopt.optimum.core.certificate import (
    EXACT_ACCOUNTS,
    ROUNDING,
    TOLERANCE,
    UNIT_ROUNDING,
    Certificate,
    Trust,
    round_down,
    round_up,
)
from adlopt.optimum.coupled.shared_winners import Coupling


def certify_burden(
    coupling: Coupling, taken: FloatArray, cut: Sequence[int], full: BoolArray
) -> Certificate:
    """Certify the worst burden of payments, shape (T, N), by a set of rounds.

    Raises
    ------
    CertificateError
        If the payments break a constraint or miss a budget.
    """
    check_payments(coupling, taken)
    missed = -missing(coupling, taken)
    if (np.abs(missed) > np.maximum(TOLERANCE * coupling.budget, SMALLEST_USD)).any():
        t = int(np.argmax(np.abs(missed)))
        raise CertificateError(f"round {t + 1} misses its budget by {missed[t]:.3g} USD")
    return Certificate(
        upper=worst_in_all(coupling, taken),
        lower=round_down(max(cut_bound(coupling, cut, full), Fraction(0))),
        trust=Trust.EXACT,
        budget_residual=float(missed[np.argmax(np.abs(missed))]),
    )


def cut_bound(coupling: Coupling, cut: Sequence[int], full: BoolArray) -> Fraction:
    """(Σ_S B − C(A)) / w(others), exactly: no payments have a lower worst burden.

    Parameters
    ----------
    coupling : Coupling
    cut : sequence of int
        Indices of the rounds S.
    full : BoolArray, shape (N,)
        The accounts A.
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
) -> Certificate:
    """Certify the sum of a loss over rounds by prices `lacking` (T,) and `paid` (T, N).

    Prices that leave their bounds are brought back into them.
    """
    check_payments(coupling, taken)
    nu = np.where(np.isfinite(coupling.cap), np.maximum(paid, 0.0), 0.0)
    p = _affordable(coupling, loss, np.clip(lacking, 0.0, loss.under), nu)
    exact = len(coupling.account) <= EXACT_ACCOUNTS
    bound, error = (_exact_bound if exact else _float_bound)(coupling, loss, p, nu)
    lacking = missing(coupling, taken)
    added = math.fsum(np.abs(lacking)) <= ROUNDING * math.fsum(coupling.budget)
    return Certificate(
        upper=value(coupling, loss, taken),
        lower=max(bound - error, 0.0),
        trust=Trust.EXACT if exact else Trust.VERIFIED,
        error=error,
        rounding=error + (math.fsum(_missed(loss, lacking)) if added else 0.0),
    )


def value(coupling: Coupling, loss: Asymmetric, taken: FloatArray) -> float:
    """Σ_t loss of the payments, recomputed."""
    worst = _burdens(taken, coupling.weight).max(axis=1)
    return math.fsum([*_missed(loss, missing(coupling, taken)), *(loss.fair * worst)])


def missing(coupling: Coupling, taken: FloatArray) -> FloatArray:
    """USD, shape (T,). B_t − H_t."""
    lacking: FloatArray = coupling.budget - np.array([math.fsum(row) for row in taken])
    return lacking


def _missed(loss: Asymmetric, lacking: FloatArray) -> FloatArray:
    return np.maximum(loss.under * lacking, -loss.over * lacking)


def check_payments(coupling: Coupling, taken: FloatArray) -> None:
    """Check that only winners pay, and none has ever paid more than it holds.

    Raises
    ------
    CertificateError
        Naming the account and the round.
    """
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


def exact_sum(values: FloatArray) -> Fraction:
    """Add floats without rounding.

    Examples
    --------
    >>> exact_sum(np.array([1e16, 1.0, -1e16]))
    Fraction(1, 1)
    """
    share, exponent = np.frexp(values)
    whole = (share * 2.0**53).astype(np.int64)
    total = Fraction(0)
    for power in np.unique(exponent):
        part = whole[exponent == power]
        added = (int((part >> 26).sum()) << 26) + int((part & (2**26 - 1)).sum())
        total += added * Fraction(2) ** int(power - 53)
    return total


def _burdens(taken: FloatArray, weight: FloatArray) -> FloatArray:
    burdens: FloatArray = np.divide(taken, weight, out=np.zeros_like(taken), where=weight > 0)
    return burdens


def _affordable(coupling: Coupling, loss: Asymmetric, p: FloatArray, nu: FloatArray) -> FloatArray:
    """Lower p_t to where Σ_i w_it (p_t − Σ_{τ≥t} ν_iτ)_+ ≤ `fair`, but for rounding, by Newton."""
    later = np.cumsum(nu[::-1], axis=0)[::-1]
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


def _float_bound(
    coupling: Coupling, loss: Asymmetric, p: FloatArray, nu: FloatArray
) -> tuple[float, float]:
    later = np.cumsum(nu[::-1], axis=0)[::-1]
    spent = (coupling.weight * np.maximum(p[:, None] - later, 0.0)).sum(axis=1)
    rounding = 4.0 * UNIT_ROUNDING * (p.size + 4)
    dear = float((spent + rounding * (spent + (coupling.weight * later).sum(axis=1))).max())
    shrink = min(1.0, loss.fair / dear) if dear > 0 else 1.0
    raised = math.fsum(p * coupling.budget)
    forgone = math.fsum((nu[nu > 0] * coupling.cap[nu > 0]).tolist())
    return shrink * (raised - forgone), rounding * (raised + forgone)


def _exact_bound(
    coupling: Coupling, loss: Asymmetric, p: FloatArray, nu: FloatArray
) -> tuple[float, float]:
    price = [Fraction(value) for value in p.tolist()]
    spent = [Fraction(0)] * len(price)
    budgets = map(Fraction, coupling.budget.tolist())
    bound = sum((y * b for y, b in zip(price, budgets, strict=True)), Fraction(0))
    for weights, caps, prices in zip(coupling.weight.T, coupling.cap.T, nu.T, strict=True):
        later = Fraction(0)
        for t in reversed(range(len(price))):
            if prices[t]:
                later += Fraction(float(prices[t]))
                bound -= Fraction(float(prices[t])) * Fraction(float(caps[t]))
            spent[t] += Fraction(float(weights[t])) * max(price[t] - later, Fraction(0))
    dear = max(spent)
    shrink = min(Fraction(1), Fraction(loss.fair) / dear) if dear else Fraction(1)
    return round_down(max(bound * shrink, Fraction(0))), 0.0
