"""An estimated slope misses the needed budget by Q² times its error [CTTX26, Lemma 5].

In the scalar model the needed budget is B_t = α_t Q_t² and its estimate B̂_t = α̂_t Q_t², with
Q_t² ≤ Q². Then Σ [B_t − B̂_t]₊ ≤ Q² Σ |α_t − α̂_t|. Exactly, it is Σ Q_t² [α_t − α̂_t]₊: only slopes
that are estimated too low count.
"""

from __future__ import annotations

from sympy import Max, Rational, Sum

from adlopt.proof import *
from adlopt.proof.kernel import cases

t, T = integers("t T")
Q_max = reals("Q_max")
α, α_hat, Q = sequences("α α_hat Q")

VOLUME = every(t, 1, T, le(Q(t) ** 2, Q_max**2))
SIGN = every(t, 1, T, ge(Q(t), 0))
error = α(t) - α_hat(t)
missed = Max(0, α(t) * Q(t) ** 2 - α_hat(t) * Q(t) ** 2)


def total(summand: object) -> Sum:
    """Sum over the rounds."""
    return Sum(summand, (t, 1, T))


def claim(
    size: object = abs(error), factor: object = 1, known: tuple[Formula, ...] = (VOLUME,)
) -> Claim:
    """Bound the undershoot by Q² Σ of the `size` of each error."""
    return Claim(given=known, concludes=le(total(missed), factor * Q_max**2 * total(size)))


each = eq(missed, Q(t) ** 2 * Max(0, error))
exact = Claim(given=(), concludes=eq(total(missed), total(Q(t) ** 2 * Max(0, error))))


def signed(sign: int) -> Fact:
    """[Q² a]₊ = Q² [a]₊ for one sign of a."""
    side = ge(sign * error, 0)
    product = prove(ge(sign * error * Q(t) ** 2, 0), side, squares=[Q(t)])
    branches = resolve(each, side, product)
    return prove(each, side, branches, multipliers=[Q(t) ** 2])


def exactly() -> Fact:
    """[Q² a]₊ = Q² [a]₊ in every round."""
    one = cases(signed(1), signed(-1), ge(error, 0), ge(-error, 0))
    return sum_up(for_all(one, t, 1, T))


def derive(
    size: object = abs(error), factor: object = 1, known: tuple[Formula, ...] = (VOLUME,)
) -> Fact:
    """Q_t² [a]₊ ≤ Q² [a]₊ ≤ Q² |a|."""
    within = [at(h, t, using=[le(1, t), le(t, T)]) for h in known]
    part, above = maximum(0, error), absolute(error)
    larger = by_cases(le(Max(0, error), factor * size), error, above)
    goal = le(Q(t) ** 2 * Max(0, error), factor * Q_max**2 * size)
    one = prove(goal, within, larger, part, squares=[Q_max])
    rounds = sum_up(for_all(one, t, 1, T))
    return prove(claim(size, factor=factor).concludes, rounds, exactly())


def theorem() -> Theorem:
    """Lemma 5."""
    once = {T: 1, t: 1, α: [1], α_hat: [0], Q: [1], Q_max: 1}
    twice = {T: 2, α: [1, 2], α_hat: [0, 3], Q: [1, Rational(1, 2)], Q_max: 1}
    return Theorem(
        item="Lemma 5",
        title="undershoot of an estimated slope",
        citation="[CTTX26, Lemma 5]",
        statement="Σ [B_t − B̂_t]₊ ≤ Q² Σ |α_t − α̂_t|",
        verdict=Verdict.PROVED,
        tightness="attained when slopes are never estimated too high and Q_t² = Q²",
        remarks=("one volume Q_t for the needed budget and its estimate",),
        proves={
            "as stated": Step(
                claim,
                derive,
                {
                    "9/10 of it": fails_at(once, factor=Rational(9, 10)),
                    "only slopes that are estimated too high": fails_at(once, size=Max(0, -error)),
                    "volumes of any size": fails_at({**once, Q: [2]}, known=(SIGN,)),
                },
            ),
            "exactly": Step(exact, prove(exact.concludes, exactly())),
            "sharper": Step(claim, derive, holds={"size": Max(0, error)}),
        },
        witness=twice,
        letters={
            "Q_max": ("bound on the volumes", "contracts", "CTTX26, Lemma 5"),
        },
    )
