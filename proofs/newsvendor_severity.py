"""The severity of least regret when too little costs more than too much.

One round with deficit D: taking θ D when b D is needed costs λ_under [b − θ]₊ D for too little and
λ_over [θ − b]₊ D for too much. The severity h = λ_under / (λ_under + λ_over) costs at most
D λ_under λ_over / (λ_under + λ_over) whatever b in [0, 1] turns out to be, and every other severity
can cost as much.
"""

from __future__ import annotations

from sympy import Max, Rational

from adlopt.proof import *

D, b, θ, under, over = reals("D b θ under over")


def cost(severity: object, needed: object) -> object:
    """Loss of a round."""
    return D * (under * Max(0, needed - severity) + over * Max(0, severity - needed))


BEST, VALUE = under / (under + over), D * under * over / (under + over)
GIVEN = (ge(D, 0), gt(under, 0), gt(over, 0))
NEEDED, SEVERITY = (ge(b, 0), le(b, 1)), (ge(θ, 0), le(θ, 1))


def upper(worth: object = 1, severity: object = BEST) -> Claim:
    """A severity, and how much of the value it costs at most."""
    return Claim(given=(*GIVEN, *NEEDED), concludes=le(cost(severity, b), worth * VALUE))


too_low = Claim(given=(*GIVEN, *SEVERITY, le(θ, BEST)), concludes=ge(cost(θ, 1), VALUE))
too_high = Claim(given=(*GIVEN, *SEVERITY, ge(θ, BEST)), concludes=ge(cost(θ, 0), VALUE))

inverse = reciprocal(under + over, prove(gt(under + over, 0), GIVEN))
h = reals("h")
SHARE = [eq(h * (under + over), under), ge(h, 0), le(h, 1)]


def shares(severity: object) -> list[Fact]:
    """H (λ_under + λ_over) = λ_under and 0 ≤ h ≤ 1."""
    goals = [put_formula(goal, {h: severity}) for goal in SHARE]
    return [prove(goal, inverse, GIVEN, multipliers=[under]) for goal in goals]


def derive(goal: object, on: object, *given: object, severity: object = BEST) -> Fact:
    """Compare needed budget and severity, with h for the best one; then put in what h is."""
    fact = by_cases(
        goal, on, *given, SHARE, GIVEN, degree=3, multipliers=[D, D * h, D * under, D * over]
    )
    return discharge(put(fact, {h: severity}), shares(severity))


def never_more(worth: object = 1, severity: object = BEST) -> Fact:
    """D λ_under (b − h) ≤ D λ_under (1 − h) = D λ_over h, and D λ_over (h − b) ≤ D λ_over h."""
    goal = le(cost(h, b), worth * D * h * over)
    return derive(goal, b - h, NEEDED, severity=severity)


def at_least(needed: int) -> Fact:
    """A lower severity loses if all is needed, a higher one if nothing is."""
    side = le(θ, h) if needed else ge(θ, h)
    return derive(ge(cost(θ, needed), D * h * over), needed - θ, SEVERITY, side)


def theorem() -> Theorem:
    """Severity as a newsvendor problem."""
    point = {D: 1, under: 2, over: 1, b: 1, θ: 0, h: 0}
    return Theorem(
        item="Newsvendor severity",
        title="minimax severity of a round with asymmetric costs",
        citation="new; loss of [CTTX26, Eq. 9]",
        statement="the least worst-case cost is D λ_under λ_over/(λ_under + λ_over)",
        verdict=Verdict.PROVED,
        tightness="exact: the value of the game",
        proves={
            "never costs more": Step(
                upper,
                never_more,
                {
                    "9/10 of the value": fails_at(point, worth=Rational(9, 10)),
                    "severity 1/2 for any costs": fails_at(point, severity=Rational(1, 2)),
                },
            ),
            "lower severities": Step(too_low, at_least(1)),
            "higher": Step(too_high, at_least(0)),
        },
        witness={**point, θ: Rational(2, 3)},
        letters={
            "D": ("deficit", "USD", "CTTX26, Eq. 4"),
            "b": ("needed share of the deficit", "1", "CTTX26, Prop. 1"),
            "over": ("price of a dollar too much, λ_over", "1", "CTTX26, Eq. 9"),
            "under": ("price of a dollar too little, λ_under", "1", "CTTX26, Eq. 9"),
            "θ": ("another severity", "1", "CTTX26, Prop. 1"),
        },
        words={
            "the deficit is not negative": GIVEN[0],
            "the prices are positive": GIVEN[1:3],
            "what is needed is a share in [0, 1]": NEEDED,
            "the other severity lies in [0, 1]": SEVERITY,
            "the other severity is not above the best one": "under/(over + under) ≥ θ",
            "the other severity is not below the best one": "θ ≥ under/(over + under)",
        },
    )
