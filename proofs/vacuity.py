"""When a regret bound of the form √((1 + 2 P) Σ D_t²) says anything at all.

The severity 1/2 loses at most A/2 with A = Σ D_t, whatever is needed: it asks for no learning. The
bound is below that if and only if

    4 (1 + 2 P) Σ D_t²  <  (Σ D_t)²,    that is    4 (1 + 2 P)  <  N,    N = (Σ D_t)² / Σ D_t²,

where N is the effective number of rounds. As N ≤ T, no episode of four rounds or fewer has a bound
that says anything, and none of T ≤ 4 (1 + 2 P) rounds.
"""

from __future__ import annotations

from sympy import Sum, sqrt

from adlopt.proof import *
from adlopt.proof.lemmas import count

t, T = integers("t T")
P, a, e, s, mean = reals("P a e s mean")
D = sequences("D")

A, S = Sum(D(t), (t, 1, T)), Sum(D(t) ** 2, (t, 1, T))
DEFICITS = (ge(P, 0), every(t, 1, T, ge(D(t), 0)))
BOUND, PLACES = sqrt(e * s), {a: A, e: 1 + 2 * P, s: S}


def enough(four: object = 4) -> Formula:
    """4 (1 + 2 P) Σ D_t² < (Σ D_t)²."""
    return lt(four * (1 + 2 * P) * S, A**2)


says_something = put_formula(lt(BOUND, a / 2), PLACES)
sufficient = Claim(given=(*DEFICITS, enough()), concludes=says_something)
necessary = Claim(given=(*DEFICITS, says_something), concludes=enough())
effective = Claim(
    given=(*DEFICITS, gt(S, 0), lt(4 * (1 + 2 * P), A**2 / S)), concludes=says_something
)
rounds = Claim(given=(ge(T, 1), gt(S, 0)), concludes=le(A**2 / S, T))
never = Claim(
    given=(ge(T, 1), *DEFICITS, le(T, 4 * (1 + 2 * P))),
    concludes=put_formula(ge(BOUND, a / 2), PLACES),
)

KNOWN = (ge(a, 0), ge(e, 1), ge(s, 0))
known_root = root(e * s, prove(ge(e * s, 0), KNOWN))


def derive(four: object = 4, known: tuple[Formula, ...] = KNOWN) -> Fact:
    """√(e s) ≥ a/2 would give e s ≥ a²/4."""
    small = lt(four * e * s, a**2)
    return in_sums(by_contradiction(lt(BOUND, a / 2), known_root, known, small))


def in_sums(fact: Fact) -> Fact:
    """Put the sums for the symbols; they are not negative."""
    return discharge(put(fact, PLACES), energy(), sum_up(DEFICITS[1]), DEFICITS[0])


def energy() -> Fact:
    """Σ D_t² ≥ 0."""
    return sum_up(for_all(prove(ge(D(t) ** 2, 0), squares=[D(t)]), t, 1, T))


def conversely(goal: Formula, *premises: Formula) -> Fact:
    """a²/4 − e s = (a/2 − √(e s))(a/2 + √(e s))."""
    return in_sums(prove(goal, known_root, KNOWN, *premises))


inverse = reciprocal(S, gt(S, 0))


def of_rounds() -> Fact:
    """Σ (D_t − A/T)² ≥ 0."""
    spread = (D(t) - mean) ** 2
    squares = sum_up(for_all(prove(ge(spread, 0), squares=[D(t) - mean]), t, 1, T))
    ones = count(t, T)
    per_round = reciprocal(T, prove(gt(T, 0), ge(T, 1)))
    balanced = put(
        prove(ge(S - 2 * mean * A + mean**2 * T, 0), squares, ones, multipliers=[mean**2]),
        {mean: A / T},
    )
    short = prove(le(A**2 / T, S), balanced, per_round, multipliers=[A**2 / T, A**2])
    return prove(le(A**2, T * S), short, per_round, ge(T, 1), multipliers=[A**2])


def at_most_rounds() -> Fact:
    """Divide by Σ D_t²."""
    return prove(rounds.concludes, of_rounds(), inverse, multipliers=[T])


def few_rounds() -> Fact:
    """A² ≤ T S ≤ 4 (1 + 2 P) S, so a/2 > √(e s) is not possible."""
    large = prove(le(A**2, 4 * (1 + 2 * P) * S), of_rounds(), energy(), le(T, 4 * (1 + 2 * P)))
    fact = by_contradiction(ge(BOUND, a / 2), known_root, KNOWN, le(a**2, 4 * e * s))
    return discharge(in_sums(fact), large)


def theorem() -> Theorem:
    """The test of vacuity."""
    level = {T: 4, D: [1, 1, 1, 1], P: 0}
    long = {T: 9, D: [1] * 9, P: 0}
    half = Claim(given=(*DEFICITS, enough(2)), concludes=says_something)
    signed = Claim(given=(DEFICITS[0], enough()), concludes=says_something)
    divided = prove(enough(), effective.given[-1], inverse, gt(S, 0), multipliers=[A**2])
    return Theorem(
        item="Vacuity test",
        title="when √((1 + 2 P) Σ D_t²) is below what the severity 1/2 guarantees",
        citation="new; bound of [CTTX26, Prop. 1]",
        statement="√((1 + 2 P) Σ D_t²) < Σ D_t/2 if and only if 4 (1 + 2 P) Σ D_t² < (Σ D_t)²",
        verdict=Verdict.PROVED,
        tightness="exact",
        proves={
            "sufficient": Step(
                sufficient,
                derive,
                {
                    "2 (1 + 2 P) instead of 4 (1 + 2 P)": fails_at(level, half, four=2),
                    "deficits of any sign": fails_at(
                        {**long, D: [-1] * 9}, signed, known=KNOWN[1:]
                    ),
                },
            ),
            "necessary": Step(necessary, conversely(gt(a**2, 4 * e * s), lt(BOUND, a / 2))),
            "in effective rounds": Step(effective, discharge(derive(), divided)),
            "effective rounds": Step(rounds, at_most_rounds()),
            "few rounds": Step(never, few_rounds()),
        },
        witness=(long, level),
        letters={
            "P": ("path variation", "1", "CTTX26, Prop. 1"),
        },
        words={
            "the path variation is not negative": DEFICITS[0],
            (
                "4 (1 + 2 P) Σ D_t² is less than (Σ D_t)²"
            ): "(Σ[i=1…T](D(i)))² > 8·P·Σ[i=1…T](D(i)²) + 4·Σ[i=1…T](D(i)²)",
            "the bound is below that of the severity 1/2": says_something,
            (
                "there are more than 4 (1 + 2 P) effective rounds"
            ): "(Σ[i=1…T](D(i)))²/(Σ[i=1…T](D(i)²)) > 4 + 8·P",
            "there are 4 (1 + 2 P) rounds at most": "4 + 8·P ≥ T",
        },
    )
