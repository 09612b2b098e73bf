"""What no severity inside [0, 1] can exceed, and what reaches it.

Losses D_t |x_t − s_t| with x_t in [0, 1]. A convex function of x_t is largest at an end, so that a
round costs at most D_t max(s_t, 1 − s_t), and costs just that at the end farther from s_t. Whatever
is needed, the first round costs at most D_1 max(x_1, 1 − x_1), since x_1 is known beforehand.
"""

from __future__ import annotations

from sympy import Max, Rational, Sum

from adlopt.proof import *

t, T = integers("t T")
D, x, s = sequences("D x s")

SIZES = every(t, 1, T, ge(D(t), 0))
INSIDE = (every(t, 1, T, ge(x(t), 0)), every(t, 1, T, le(x(t), 1)))
FARTHER = (
    every(t, 1, T, eq(x(t) ** 2, x(t))),
    every(t, 1, T, ge((2 * x(t) - 1) * (1 - 2 * s(t)), 0)),
)
TARGETS = (every(t, 1, T, ge(s(t), 0)), every(t, 1, T, le(s(t), 1)))
LOSS = Sum(D(t) * abs(x(t) - s(t)), (t, 1, T))
MISS = Max(s(t), 1 - s(t))
WORST = Sum(D(t) * MISS, (t, 1, T))


def never_more(worth: object = 1, domain: tuple[Formula, ...] = INSIDE) -> Claim:
    """The worst miss, or a share of it."""
    return Claim(given=(SIZES, *domain), concludes=le(LOSS, worth * WORST))


def by_the_first(worth: object = 1) -> Claim:
    """Every round at all of its deficit, but the first at its farther end."""
    rest = Sum(D(t), (t, 1, T)) - D(1)
    concludes = le(LOSS, rest + worth * D(1) * Max(x(1), 1 - x(1)))
    return Claim(given=(ge(T, 1), SIZES, *INSIDE, *TARGETS), concludes=concludes)


attained = Claim(given=(SIZES, *TARGETS, *FARTHER), concludes=eq(LOSS, WORST))


def derive(worth: object = 1, domain: tuple[Formula, ...] = INSIDE) -> Fact:
    """X − s ≤ 1 − s and s − x ≤ s."""
    inside = [le(1, t), le(t, T)]
    size, *ends = (at(h, t, using=inside) for h in (SIZES, *domain))
    one = by_cases(le(abs(x(t) - s(t)), MISS), x(t) - s(t), ends, maximum(s(t), 1 - s(t)))
    each = prove(le(D(t) * abs(x(t) - s(t)), D(t) * MISS), one, size)
    return prove(never_more(worth).concludes, sum_up(for_all(each, t, 1, T)))


def from_the_first(worth: object = 1) -> Fact:
    """|x_1 − s_1| ≤ max(x_1, 1 − x_1), and later |x_t − s_t| ≤ 1."""
    opening, later, body = [le(1, T)], [le(2, t), le(t, T)], D(t) * abs(x(t) - s(t))
    start = [at(h, 1, using=opening) for h in (SIZES, *INSIDE, *TARGETS)]
    known = [at(h, t, using=later) for h in (SIZES, *INSIDE, *TARGETS)]
    farther = Max(x(1), 1 - x(1))
    near = by_cases(le(abs(x(1) - s(1)), farther), x(1) - s(1), start, maximum(x(1), 1 - x(1)))
    first = prove(le(body.subs(t, 1), D(1) * farther), near, start)
    unit = by_cases(le(abs(x(t) - s(t)), 1), x(t) - s(t), known)
    rest = sum_up(for_all(prove(le(body, D(t)), unit, known), t, 2, T))
    split = [first_term(t, 1, T, each, using=opening) for each in (body, D(t))]
    return prove(by_the_first(worth).concludes, first, rest, split, degree=1)


def reached() -> Fact:
    """At the farther end |x − s| is the larger of s and 1 − s."""
    inside, gap = [le(1, t), le(t, T)], x(t) - s(t)
    end, side, low, high = (at(h, t, using=inside) for h in (*FARTHER, *TARGETS))
    unit = [prove(ge(x(t), 0), end, squares=[x(t)]), prove(le(x(t), 1), end, squares=[1 - x(t)])]
    least = by_cases(
        ge(abs(gap), MISS), [gap, 1 - 2 * s(t)], end, side, low, high, unit, multipliers=[s(t)]
    )
    most = by_cases(le(abs(gap), MISS), gap, unit, maximum(s(t), 1 - s(t)))
    same = prove(eq(abs(gap), MISS), least, most)
    each = prove(eq(D(t) * abs(gap), D(t) * MISS), same, multipliers=[D(t)])
    return prove(attained.concludes, sum_up(for_all(each, t, 1, T)))


def theorem() -> Theorem:
    """The trivial bound."""
    twice = {T: 2, D: [1, 1], x: [0, 1], s: [1, 0]}
    once = {T: 1, D: [1], x: [0], s: [1]}
    return Theorem(
        item="Trivial bound",
        title="the most that severities in [0, 1] can miss",
        citation="max over θ in [0, 1] of a convex function is at an end",
        statement="Σ D_t |x_t − s_t| ≤ Σ D_t max(s_t, 1 − s_t) for x_t in [0, 1]",
        verdict=Verdict.PROVED,
        tightness="exact: attained by the worst severity of every round",
        proves={
            "worst miss": Step(
                never_more,
                derive,
                {
                    "9/10 of the worst miss": fails_at(once, worth=Rational(9, 10)),
                    "severities above 1": fails_at({**once, x: [2], s: [0]}, domain=INSIDE[:1]),
                },
            ),
            "attained": Step(attained, reached),
            "the first round": Step(
                by_the_first,
                from_the_first,
                {"9/10 of the first round": fails_at(once, worth=Rational(9, 10))},
            ),
        },
        witness=twice,
        words={
            "the severities lie in [0, 1]": INSIDE,
            "every severity is the end of [0, 1] farther from what is needed": FARTHER,
        },
    )
