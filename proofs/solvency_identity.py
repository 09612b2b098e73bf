"""The solvency of a closed market is its collateral, whatever prices do [CTTX26, Sec. 2].

Account i holds q(t, i) while the mark moves from m_t to m_{t+1}; its equity moves by
q (m_{t+1} − m_t) − f_{t+1} q m_{t+1}, with f the funding rate. Every contract has two sides,
Σ_i q(t, i) = 0 in every round, so that gains and losses cancel:

    Solv_k  =  Σ_i e(k, i)  =  Σ_i c_i    for every k,

where c_i = e(1, i) is the collateral at the start. With Σ c ≥ 0 the shortfall S_k = (−Solv_k)₊ is
zero, however much the accounts below zero owe, Σ_i (−e(k, i))₊. Only that deficit shows bad debt.
"""

from __future__ import annotations

from sympy import Max, Sum

from adlopt.proof import *

t, i, k, n, T = integers("t i k n T")
e, q, c, m, f = sequences("e q c m f")

CLOSED = every(t, 1, T - 1, eq(Sum(q(t, i), (i, 1, n)), 0))
MOVES = every(
    t,
    1,
    T - 1,
    every(
        i,
        1,
        n,
        eq(
            e(t + 1, i),
            e(t, i) + q(t, i) * (m(t + 1) - m(t)) - f(t + 1) * q(t, i) * m(t + 1),
        ),
    ),
)
START = every(i, 1, n, eq(e(1, i), c(i)))
PAID_IN = Sum(c(i), (i, 1, n))


def solvency(at_round: object) -> Sum:
    """Σ e over the accounts."""
    return Sum(e(at_round, i), (i, 1, n))


def constant(paid_in: object = PAID_IN, closed: tuple[Formula, ...] = (CLOSED,)) -> Claim:
    """Solvency stays what was paid in."""
    given = (ge(T, 1), START, MOVES, *closed)
    return Claim(given=given, concludes=every(k, 1, T, eq(solvency(k), paid_in)))


shortfall = Claim(
    given=(*constant().given, ge(PAID_IN, 0)),
    concludes=every(k, 1, T, eq(Max(0, -solvency(k)), 0)),
)


def derive(paid_in: object = PAID_IN, closed: tuple[Formula, ...] = (CLOSED,)) -> Fact:
    """Sum the moves of a round over the accounts, then go from round to round."""
    inside = [le(1, k), le(k + 1, T)]
    moved = at(MOVES, k, i, using=[*inside, le(1, i), le(i, n)])
    total = sum_up(for_all(moved, i, 1, n))
    cancel = [at(formula, k, using=inside) for formula in closed]
    claim = eq(solvency(k), paid_in)
    rates = [m(k), m(k + 1), f(k + 1) * m(k + 1)]
    step = prove(put_formula(claim, {k: k + 1}), claim, total, cancel, multipliers=rates)
    return induct(prove(put_formula(claim, {k: 1}), sum_up(START)), step, claim, k, 1, T)


def nothing_short() -> Fact:
    """−Σ e = −Σ c ≤ 0."""
    level = at(derive(), k, using=[le(1, k), le(k, T)])
    one = by_cases(eq(Max(0, -solvency(k)), 0), solvency(k), level, ge(PAID_IN, 0))
    return for_all(one, k, 1, T)


def theorem() -> Theorem:
    """Solvency."""
    # A long of 10 from 4000 with 2000 owes 2000 at 3600; the two shorts gain what it loses.
    paid_in, size = [2000, 3000, 3000], [10, -4, -6]
    moved = [held - 400 * number for held, number in zip(paid_in, size, strict=True)]
    point = {T: 2, n: 3, t: 1, i: 1, k: 2, m: [4000, 3600], f: [0, 0], c: paid_in}
    point |= {q: [size], e: [paid_in, moved]}
    open_ = {**point, q: [[10, -4, 0]], e: [paid_in, [*moved[:2], 3000]]}
    return Theorem(
        item="Solvency identity",
        title="the solvency of a closed market shows no bad debt",
        citation="new; on the solvency of [CTTX26, Sec. 2]",
        statement="Σ e_i = Σ c_i in every round, so that S = (−Σ e_i)₊ = 0",
        verdict=Verdict.PROVED,
        tightness="exact",
        remarks=("an account that is not counted, as a backstop may be, opens the market",),
        proves={
            "constant": Step(
                constant,
                derive,
                {
                    "a dollar lost on the way": fails_at(point, paid_in=PAID_IN - 1),
                    "positions that do not cancel": fails_at(open_, closed=()),
                },
            ),
            "no shortfall": Step(shortfall, nothing_short()),
        },
        witness=point,
        letters={
            "c(i)": ("collateral of account i at the start", "USD", "CTTX26, Sec. 2"),
            "e(t, i)": ("equity of account i in round t", "USD", "CTTX26, Sec. 2"),
            "f(t)": ("funding rate of round t", "1", "CTTX26, Sec. 2"),
            "m(t)": ("mark price of round t", "USD/contract", "CTTX26, Sec. 2"),
            "n": ("number of accounts", "1", "CTTX26, Sec. 2"),
            "q(t, i)": ("position of account i after round t", "contracts", "CTTX26, Sec. 2"),
        },
        words={
            "at the start equity is collateral": START,
            "equity moves by the gain of the position, less funding": MOVES,
            "every contract has two sides": CLOSED,
            "no collateral is missing in all": "Σ[i=1…n](c(i)) ≥ 0",
        },
    )
