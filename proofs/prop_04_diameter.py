"""Two haircuts, of the same round or not, are at most √2 U_max apart [CTTX26, Prop. 4].

For x, y ≥ 0 of total at most U_max, ‖x − y‖² ≤ ‖x‖² + ‖y‖² ≤ ‖x‖₁² + ‖y‖₁² ≤ 2 U_max². That the
totals are equal, as the paper argues, is neither true nor needed.
"""

from __future__ import annotations

from sympy import Rational, Sum

from adlopt.proof import (
    Claim,
    Fact,
    FalseVariant,
    Theorem,
    Verdict,
    at,
    every,
    for_all,
    ge,
    integers,
    le,
    prove,
    reals,
    sequences,
    sum_up,
)
from adlopt.proof.lemmas import below_sum

i, k, n = integers("i k n")
U_max = reals("U_max")
x, y = sequences("x y")


def total(summand: object) -> Sum:
    """Sum over the winners."""
    return Sum(summand, (i, 1, n))


SIGNS = (every(i, 1, n, ge(x(i), 0)), every(i, 1, n, ge(y(i), 0)))
SIZES = (le(total(x(i)), U_max), le(total(y(i)), U_max))


def claim(two: object = 2, signs: object = SIGNS) -> Claim:
    """The squared distance of two haircuts."""
    return Claim(
        given=(ge(n, 1), *signs, *SIZES), concludes=le(total((x(i) - y(i)) ** 2), two * U_max**2)
    )


def norms(z: object, sign: object) -> list[Fact]:
    """Σ z ≥ 0 and Σ z² ≤ (Σ z)², since z_k ≤ Σ z."""
    inside = [le(1, k), le(k, n)]
    family = for_all(at(sign, i, using=[le(1, i), le(i, n)]), i, 1, n)
    below = below_sum(family, i, (1, n), k, z(i), inside)
    one = prove(le(z(k) ** 2, z(k) * total(z(i))), below, at(sign, k, using=inside))
    return [sum_up(sign), sum_up(for_all(one, k, 1, n))]


def derive(two: object = 2) -> Fact:
    """Expand the square; the mixed terms are not negative."""
    here = [at(sign, i, using=[le(1, i), le(i, n)]) for sign in SIGNS]
    mixed = sum_up(for_all(prove(ge(x(i) * y(i), 0), here), i, 1, n))
    known = [norms(z, sign) for z, sign in zip((x, y), SIGNS, strict=True)]
    return prove(claim(two).concludes, mixed, known, SIZES)


def theorem() -> Theorem:
    """Proposition 4, the diameter."""
    corners = {n: 2, x: [1, 0], y: [0, 1], U_max: 1, i: 1, k: 1}
    unsigned, sharp = claim(signs=SIGNS[:1]), claim(Rational(19, 10))
    return Theorem(
        item="Proposition 4, diameter",
        title="diameter √2 U_max of all haircuts of all rounds",
        citation="[CTTX26, Prop. 4]",
        statement="‖x − y‖₂ ≤ √2 U_max",
        verdict=Verdict.PROVED,
        tightness="attained by (U, 0) and (0, U); within one round the diameter is ‖u‖₂",
        remarks=("the argument by equal totals is not used: totals differ from round to round",),
        claims={"diameter": claim()},
        facts={"diameter": derive()},
        witness=corners,
        false_variants=(
            FalseVariant(
                name="19/10 instead of 2",
                attempt=lambda: derive(Rational(19, 10)),
                claim=sharp,
                counterexample=sharp.counterexample(corners),
            ),
            FalseVariant(
                name="haircuts of any sign",
                attempt=lambda: prove(unsigned.concludes, norms(x, SIGNS[0]), SIZES),
                claim=unsigned,
                counterexample=unsigned.counterexample({**corners, y: [-1, 1]}),
            ),
        ),
    )
