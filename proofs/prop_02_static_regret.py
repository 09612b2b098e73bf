"""Static regret of projected gradient descent on a fixed domain [CTTX26, Prop. 2].

The dynamic bound for a path that never moves: Σ ℓ_t(x_t) − ℓ_t(v) ≤ D²/2η + η G² T/2, which is
G D √T at η = D/(G √T). The comparator v has to lie in the domain of every round (inside_t = 1): the
definition of the projection is used on the way to v in each of them.
"""

from __future__ import annotations

from sympy import Rational, Sum

from adlopt.proof import *

t, i, n, T = integers("t i n T")
η, D, G, P, root = reals("η D G P root")
x, u, v, g, r, d, inside_, share = sequences("x u v g r d inside share")
DYNAMIC = theorem_of(__file__, "prop_05_vector_dynamic_regret.py")
AT_REST = {u: (t, i, v(i)), d: (t, 0), P: 0}
INSIDE = every(t, 1, T, eq(inside_(t), 1))
PLAY = tuple(put_formula(each, AT_REST) for each in DYNAMIC.claims["any step"].given[:-3])
"""What Proposition 5 supposes, but for its path."""
REGRET = Sum(r(t), (t, 1, T))
STEP = (gt(root, 0), eq(root**2, T), gt(G, 0), eq(η * G * root, D))
PLAIN = eq(η * root, 1)


def general(half: object = Rational(1, 2), given: tuple[Formula, ...] = PLAY) -> Claim:
    """The bound for any step size."""
    return Claim(given=given, concludes=le(REGRET, D**2 / (2 * η) + half * η * G**2 * T))


def tuned(step: Formula = STEP[-1]) -> Claim:
    """The bound at the step that is given."""
    return Claim(given=(*PLAY, *STEP[:-1], step), concludes=le(REGRET, G * D * root))


def derive(half: object = Rational(1, 2), domain: tuple[Formula, ...] = (INSIDE,)) -> Fact:
    """Put u_t = v, d_t = 0 and P = 0 into the dynamic bound."""
    constant = put(DYNAMIC.facts["any step"], AT_REST)
    still = [prove(formula) for formula in (ge(0, 0), eq(0, 0))]
    rest = [prove(eq(0, Sum(0 * d(t), (t, 1, T - 1))))]
    fact = discharge(constant, *(for_all(fact, t, 1, T - 1) for fact in still), rest)
    bound = prove(general(half).concludes, fact, gt(η, 0))
    within = [le(1, t), le(t, T)]
    inside = prove(eq(inside_(t), 1), [at(h, t, using=within) for h in domain])
    return discharge(bound, for_all(inside, t, 1, T))


def at_best_step(step: Formula = STEP[-1]) -> Fact:
    """D²/2η = G D √T/2 = η G² T/2."""
    known = [*STEP[:-1], step]
    inverse = prove(
        eq(D / η, G * root), reciprocal(η, gt(η, 0)), known, multipliers=[G * root, 1 / η]
    )
    goal, factors = tuned(step).concludes, [D, η * G**2, G * root]
    return prove(goal, derive(), inverse, known, multipliers=factors)


def theorem() -> Theorem:
    """Proposition 2."""
    once = {T: 1, n: 1, i: 1, t: 1, η: 1, D: 1, G: 1, root: 1, v: [0], r: [1], inside_: [1]}
    once |= {share: [0]}
    once |= {x: [[1], [0]], g: [[1]]}
    stuck = {**once, T: 4, r: [1] * 4, root: 2, inside_: [0] * 4, x: [[1]] * 5, g: [[1]] * 4}
    stuck |= {share: [Rational(1, 2)] * 4}
    slow = {**stuck, η: Rational(1, 2), D: 10, inside_: [1] * 4, share: [0] * 4}
    slow |= {x: [[10 - Rational(k, 2)] for k in range(5)]}
    slow[r] = [place for (place,) in slow[x][:4]]
    places = [1, 1], [Rational(11, 20), Rational(2, 5)], [Rational(1, 10), 0], [0, 0], [0, 0]
    walk = {
        T: 4,
        n: 2,
        η: Rational(3, 4),
        D: Rational(3, 2),
        G: 1,
        root: 2,
        v: [0, 0],
        share: [0] * 4,
    }
    walk |= {x: list(places), g: [[Rational(3, 5), Rational(4, 5)]] * 4, inside_: [1] * 4}
    walk |= {r: [Rational(7, 5), Rational(13, 20), Rational(3, 50), 0]}
    return Theorem(
        item="Proposition 2",
        title="static regret of projected gradient descent",
        citation="[CTTX26, Prop. 2]",
        statement="Reg ≤ G D √T at η = D/(G √T)",
        verdict=Verdict.PROVED_UNDER,
        added={"the comparator lies in the domain of every round": INSIDE},
        tightness="attained at T = 1",
        proves={
            "any step": Step(
                general,
                derive,
                {
                    "η G² T/4 instead of η G² T/2": fails_at(
                        once, general(Rational(1, 4), (*PLAY, INSIDE)), half=Rational(1, 4)
                    ),
                    "a comparator outside the domain, where the projection inequality fails": (
                        fails_at(stuck, general(), domain=())
                    ),
                },
            ),
            "best step": Step(
                tuned,
                at_best_step,
                {"η = 1/√T, without the diameter and the slopes": fails_at(slow, step=PLAIN)},
            ),
        },
        witness=walk,
        letters={
            "D": ("diameter: bound on the distances from the comparator", "USD", "CTTX26, Prop. 2"),
            "G": ("bound on the length of all slopes", "1/USD", "CTTX26, Prop. 2"),
            "g(t, i)": (
                "coordinate i of a subgradient of the loss of round t",
                "1/USD",
                "CTTX26, Prop. 2",
            ),
            "n": ("number of coordinates", "1", "CTTX26, Sec. 2"),
            "r(t)": (
                "loss of round t less that of the comparator, or less",
                "1",
                "CTTX26, Prop. 2",
            ),
            "root": "√T",
            "v(i)": ("coordinate i of the comparator, which never moves", "USD", "CTTX26, Prop. 2"),
            "x(t, i)": (
                "coordinate i of the decision of round t, a haircut",
                "USD",
                "CTTX26, Prop. 2",
            ),
            "η": ("step", "USD²", "CTTX26, Prop. 2"),
        },
        words={
            "there is a coordinate": PLAY[0],
            "g_t is a subgradient at x_t, by its definition at the comparator": PLAY[6],
            "root is √T": STEP[:2],
            "η is D/(G √T)": STEP[3],
        },
    )
