"""Dynamic regret G D √T + G P is not what fixed steps achieve [CTTX26, Prop. 3].

The T = N n rounds are numbered (m, j): block m = 1 … N, place j = 1 … n. Losses |x − s|, so that
G = D = 1; the policy is projected gradient descent with η = 1/√T; P is the path variation of s.
The claim is Σ |x − s| ≤ C √T + C' P for some constants, whatever the losses.

Counterexample for any C, C' ≥ 0: N = n, and s alternates between 0 and 1 from block to block. The
policy needs a whole block to walk from one end to the other: regret n (n + 1)/2, while P = n − 1.
What the derivation gives instead is G √(T (D² + 2 D P)). That no other policy has the claimed rate
either is Proposition 3 for every policy.
"""

from __future__ import annotations

from sympy import Rational, Sum, floor, sympify

from adlopt.proof import *
from adlopt.proof.formula import denial
from adlopt.proof.lemmas import bit, clip, count
from adlopt.proof.whole_numbers import odd, parity, parity_alternates

m, j, n, N, k = integers("m j n N k")
η, r, C, C_path, w = reals("η r C C_path w")
x, s, g = sequences("x s g")


def all_rounds(formula: object, low: object = 1) -> object:
    """State something for every place of every block."""
    return every(m, 1, N, every(j, low, n, formula))


REGRET = Sum(abs(x(m, j) - s(m, j)), (j, 1, n), (m, 1, N))
INSIDE = Sum(abs(s(m, j) - s(m, j - 1)), (j, 2, n), (m, 1, N))
BETWEEN = Sum(abs(s(m, 1) - s(m - 1, n)), (m, 2, N))
GIVEN = (
    all_rounds(ge(g(m, j), -1)),
    all_rounds(le(g(m, j), 1)),
    all_rounds(eq(g(m, j) * (x(m, j) - s(m, j)), abs(x(m, j) - s(m, j)))),
    all_rounds(eq(x(m, j + 1), clip(x(m, j) - η * g(m, j)))),
    every(m, 1, N - 1, eq(x(m + 1, 1), x(m, n + 1))),
    ge(x(1, 1), 0),
    le(x(1, 1), 1),
    ge(r, 0),
    eq(r**2, N * n),
    eq(η * r, 1),
)
claim = Claim(given=GIVEN, concludes=le(REGRET, C * r + C_path * (INSIDE + BETWEEN)))

end = odd(m)
walked = (j - 1) / n
INSTANCE = {
    N: n,
    η: 1 / n,
    r: n,
    s: (m, j, end),
    g: (m, j, 1 - 2 * end),
    x: (m, j, 1 - end + (2 * end - 1) * walked),
}


def put_in(formula: object) -> object:
    """Put the instance into an expression or a formula."""
    return put_formula(formula, INSTANCE)


WHEN = (ge(n, 1), ge(C, 0), ge(C_path, 0), gt(n, 2 * C + 2 * C_path))


e, a, b = reals("e a b")
place = 1 - e + (2 * e - 1) * w
ENDS, ON_THE_WAY = eq(e**2, e), [ge(w, 0), le(w, 1)]


def same_size() -> Fact:
    """From a, b ≥ 0 and a² = b² follows a = b."""
    known = [ge(a, 0), ge(b, 0), eq(a**2, b**2)]
    sides = [by_contradiction(goal, known) for goal in (ge(a, b), le(a, b))]
    return prove(eq(a, b), sides)


def walking() -> dict[str, Fact]:
    """Walking from 1 − e to e, with e = 0 or 1, and a share w of the way behind."""
    inside = bit(e, ENDS)
    sizes = {a: abs(place - e), b: 1 - w}
    square = prove(
        put_formula(eq(a**2, b**2), sizes),
        absolute(place - e),
        ENDS,
        multipliers=[(1 - w) ** 2, w**2, w],
    )
    equal = put(same_size(), sizes)
    left = discharge(equal, square, absolute(place - e)[0], *ON_THE_WAY)
    bounds = [prove(goal, inside, ON_THE_WAY) for goal in (ge(place, 0), le(place, 1))]
    stays = eq(place, clip(place))
    return {
        "distance": left,
        "slope": prove(eq((1 - 2 * e) * (place - e), abs(place - e)), left, ENDS, multipliers=[w]),
        "low": prove(ge(1 - 2 * e, -1), inside),
        "high": prove(le(1 - 2 * e, 1), inside),
        "clip": prove(stays, resolve(stays, bounds)),
        "start": bounds[0],
        "end": bounds[1],
    }


def here(fact: Fact, way: object = walked) -> Fact:
    """Put block m and the way walked at place j, 1 ≤ j ≤ n."""
    inverse = reciprocal(n, prove(gt(n, 0), ge(n, 1)))
    share = [
        prove(ge(way, 0), inverse, le(1, j)),
        prove(le(way, 1), inverse, le(j, n)),
    ]
    return discharge(put(fact, {e: end, w: way}), parity(m)[2], share)


def everywhere(fact: Fact) -> Fact:
    """State something for every place of every block."""
    return for_all(for_all(fact, j, 1, n), m, 1, n)


def gauss() -> Fact:
    """Σ j over 1 … n is n (n + 1)/2, for n ≥ 1."""
    total = eq(Sum(j, (j, 1, k)), k * (k + 1) / 2)
    inside = [le(1, k), le(k + 1, n)]
    step = prove(put_formula(total, {k: k + 1}), total, last_term(j, 1, k + 1, j, using=inside))
    return at(induct(single(j, 1, j), step, total, k, 1, n), n, using=le(1, n))


def regret_of_block() -> Fact:
    """Σ (1 − (j − 1)/n) over the places of a block is (n + 1)/2."""
    inverse = reciprocal(n, prove(gt(n, 0), ge(n, 1)))
    block = put_in(eq(Sum(abs(x(m, j) - s(m, j)), (j, 1, n)), (n + 1) / 2))
    places = sum_up(for_all(here(walking()["distance"]), j, 1, n))
    return prove(block, places, gauss(), count(j, n), inverse, multipliers=[1 / n, n, 1 + 1 / n])


def regret_of_instance() -> Fact:
    """There are n blocks."""
    blocks = sum_up(for_all(regret_of_block(), m, 1, n))
    return prove(put_in(eq(REGRET, n * (n + 1) / 2)), blocks, count(m, n), multipliers=[n])


def path_of_instance() -> list[Fact]:
    """The target rests inside the blocks and moves by 1 from block to block."""
    rest = put_in(eq(abs(s(m, j) - s(m, j - 1)), 0))
    zero = prove(rest, resolve(rest))
    still = sum_up(sum_up(for_all(for_all(zero, j, 2, n), m, 1, n)))
    move = end - end.subs(m, m - 1)
    sizes = {a: abs(move), b: sympify(1)}
    before = put(parity_alternates(m), {m: m - 1})
    square = prove(put_formula(eq(a**2, b**2), sizes), absolute(move), parity(m)[2], before)
    unit = discharge(put(same_size(), sizes), square, absolute(move)[0])
    jumps = sum_up(for_all(unit, m, 2, n))
    number = first_term(m, 1, n, sympify(1), using=le(1, n))
    return [
        prove(put_in(eq(INSIDE, 0)), still),
        prove(put_in(eq(BETWEEN, n - 1)), jumps, number, count(m, n)),
    ]


def is_a_run() -> tuple[Fact, ...]:
    """The instance is what the policy does on these losses."""
    steps, inverse = walking(), reciprocal(n, prove(gt(n, 0), ge(n, 1)))
    following = put_in(eq(x(m + 1, 1), x(m, n + 1)))
    ends = [2 * end - 1, m, floor(m / 2)]
    turn = prove(following, parity_alternates(m), inverse, multipliers=ends)
    first = [put(fact, {m: 1}) for fact in parity(m)]
    families = [everywhere(here(steps[name])) for name in ("low", "high", "slope")]
    families.append(everywhere(here(steps["clip"], j / n)))
    families.append(for_all(turn, m, 1, n - 1))
    plain = [prove(put_in(goal), first, inverse, ge(n, 1)) for goal in GIVEN[5:]]
    return (*families, *plain)


def violated() -> Fact:
    """N (n + 1)/2 > C n + C' (n − 1) for n > 2 C + 2 C'."""
    beyond = denial(put_in(claim.concludes))
    known = [regret_of_instance(), *path_of_instance()]
    return prove(beyond, known, WHEN, multipliers=[C_path])


def run_of(size: int) -> dict[object, object]:
    """The instance with `size` blocks of `size` places, in numbers."""
    ends, ways = [block % 2 for block in range(1, size + 1)], range(size + 1)
    walk = [[1 - end + (2 * end - 1) * Rational(way, size) for way in ways] for end in ends]
    return {
        N: size,
        n: size,
        η: Rational(1, size),
        r: size,
        C: 0,
        C_path: 0,
        e: 0,
        w: 0,
        s: [[end] * size for end in ends],
        g: [[1 - 2 * end] * size for end in ends],
        x: walk,
    }


def with_constants(first: object = 1, per_move: object = r) -> Claim:
    """The bound with two of its factors."""
    return Claim(given=GIVEN, concludes=le(REGRET, first * r + per_move * (INSIDE + BETWEEN)))


def at_this_step(first: object = 1, per_move: object = r) -> Fact:
    """What Proposition 5 gives at η = 1/√T: √T in front of P, and no constant."""
    of_prop_5 = le(2 * η * REGRET, 1 + 2 * (INSIDE + BETWEEN) + N * n * η**2)
    goal, factors = with_constants(first, per_move).concludes, [REGRET, η**2 * r, η * r**2, r]
    return prove(goal, of_prop_5, GIVEN[7:], multipliers=factors)


def theorem() -> Theorem:
    """Proposition 3."""
    known = [regret_of_instance(), *path_of_instance()]
    return Theorem(
        item="Proposition 3",
        title="dynamic regret G D √T + G P of gradient descent with η = D/(G√T)",
        citation="[CTTX26, Prop. 3]",
        statement="Reg ≤ O(G D √T + G P), for every comparator path",
        verdict=Verdict.REFUTED,
        remarks=("counterexamples for all constants C, C': n (n + 1)/2 > C n + C' (n − 1)",),
        tightness="the rate is G √(T D (D + P)), for any policy: Proposition 3 for every policy",
        claims={"as stated": claim},
        refutation=Family(
            instance=INSTANCE, meets=is_a_run(), violates=violated(), when=WHEN, witness=run_of(2)
        ),
        instead=(theorem_of(__file__, "prop_05_vector_dynamic_regret.py"),),
        witness=run_of(2),
        steps={
            "equal sizes": same_size(),
            "1 + 2 + … + n": gauss(),
            **{f"a walk, {name}": fact for name, fact in walking().items()},
            "distance to the target": here(walking()["distance"]),
            "regret of a block": regret_of_block(),
            "regret of the instance": known[0],
            "its rest": known[1],
            "its path": known[2],
            "what Proposition 5 gives at this step": Step(
                with_constants,
                at_this_step,
                {
                    "constants 1 and 1": fails_at(run_of(3), first=1, per_move=1),
                    "constants 4 and 4": fails_at(run_of(15), first=4, per_move=4),
                },
            ),
        },
        letters={
            "C": ("constant of √T that is claimed", "1", "CTTX26, Prop. 3"),
            "C_path": ("constant of the path variation that is claimed", "1", "CTTX26, Prop. 3"),
            "g(m, j)": (
                "slope of |x − s| at the decision, in round j of block m",
                "1",
                "CTTX26, Prop. 3",
            ),
            "n": "number of rounds of a block",
            "s(m, j)": "target of round j of block m, which is the comparator, too",
            "η": ("step", "1", "CTTX26, Prop. 3"),
        },
        words={
            "g is a slope of |x − s| at the decision": GIVEN[:3],
            "the next decision is a step η against it, clipped to [0, 1]": GIVEN[3],
            "a block begins where the last one ended": GIVEN[4],
            "the first decision lies in [0, 1]": GIVEN[5:7],
            "η is 1/√T": GIVEN[9],
            "blocks have rounds": WHEN[0],
        },
    )
