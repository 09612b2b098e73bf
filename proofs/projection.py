"""Projections from their definition alone, and onto haircuts of a given total from a threshold.

p is the point of a convex set nearest to y, and v another point of the set. The set has the points
between them, so that ‖y − p‖ ≤ ‖y − p − s (v − p)‖ for every share 0 ≤ s ≤ 1 of the way. At the
share s = a₊/(a₊ + ‖v − p‖²), with a = ⟨y − p, v − p⟩, this is the variational inequality a ≤ 0.

Haircuts x_i = max(0, min(c_i, y_i − ν)) of total B, with one threshold ν for all, are the nearest
to y among all haircuts v of the same total within the capacities c: ‖y − v‖² ≥ ‖y − x‖² + ‖x − v‖².
Two such haircuts are no farther apart than what they are the nearest to.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum

from adlopt.proof import *

i, n = integers("i n")
s, B, ν, κ = reals("s B ν κ")
y, p, v, x, z, w, cap = sequences("y p v x z w cap")
ACCOUNTS = [le(1, i), le(i, n)]


def dot(one: object, two: object) -> Sum:
    """Inner product of two vectors given by their coordinates i."""
    return Sum(one * two, (i, 1, n))


def square(vector: object) -> Sum:
    """‖v‖²."""
    return dot(vector, vector)


# The definition -----------------------------------------------------------------------------------

left, way = y(i) - p(i), v(i) - p(i)
ANGLE, FAR = dot(left, way), square(way)
NEAREST = le(square(left), square(left - s * way))


def share(angle: object = ANGLE, far: object = FAR) -> Formula:
    """The share of the way at which the definition is used."""
    return eq(s * (Max(0, angle) + far), Max(0, angle))


def variational(at_share: object = share, worth: object = 0) -> Claim:
    """The angle at the nearest point is not acute."""
    return Claim(given=(at_share(), NEAREST), concludes=le(ANGLE, worth * FAR))


def no_share(*_: object) -> Formula:
    """Nothing of the way."""
    return eq(s, 0)


def from_definition(at_share: object = share, worth: object = 0) -> Fact:
    """From 2 s a ≤ s² b, s (a₊ + b) = a₊ and b ≥ 0 follows a ≤ 0."""
    a, b = reals("a b")
    positive, nearer = gt(a, 0), le(2 * s * a, s**2 * b)
    same = resolve(ge(Max(0, a), 0), prove(ge(a, 0), positive))
    part = prove(eq(s * (a + b), a), at_share(a, b), same, multipliers=[s])
    forward = by_contradiction(gt(s, 0), part, positive, ge(b, 0))
    least = by_contradiction(le(a, 0), forward, part, nearer, degree=3, multipliers=[s])
    long = sum_up(for_all(prove(ge(way**2, 0), squares=[way]), i, 1, n))
    whole = put(least, {a: ANGLE, b: FAR})
    near = prove(put_formula(nearer, {a: ANGLE, b: FAR}), NEAREST)
    return prove(variational(worth=worth).concludes, discharge(whole, long, near))


# Haircuts of one total ----------------------------------------------------------------------------


def by_threshold(haircut: object, aim: object, threshold: object) -> tuple[Formula, ...]:
    """Each gives what its aim is above the threshold, within its capacity; all give B."""
    cut = Max(0, Min(cap(i), aim(i) - threshold))
    return every(i, 1, n, eq(haircut(i), cut)), eq(Sum(haircut(i), (i, 1, n)), B)


CAPACITIES = every(i, 1, n, ge(cap(i), 0))
THRESHOLD, OTHER = by_threshold(x, y, ν), by_threshold(w, z, κ)
FEASIBLE = (every(i, 1, n, ge(v(i), 0)), every(i, 1, n, le(v(i), cap(i))))
TOTAL = eq(Sum(v(i), (i, 1, n)), B)
GIVEN = (CAPACITIES, *THRESHOLD, *FEASIBLE, TOTAL)
HAIRCUTS = dot(y(i) - x(i), v(i) - x(i))


def acute(given: tuple[Formula, ...] = GIVEN, worth: object = 0) -> Claim:
    """The variational inequality for haircuts."""
    return Claim(given=given, concludes=le(HAIRCUTS, worth * square(v(i) - x(i))))


def of_haircuts(given: tuple[Formula, ...] = GIVEN, worth: object = 0) -> Fact:
    """(y_i − ν − x_i)(v_i − x_i) ≤ 0 for each, and the ν (v_i − x_i) add up to 0."""
    low, high, capacity = (at(h, i, using=ACCOUNTS) for h in (*FEASIBLE, CAPACITIES))
    aim, form = y(i) - ν, at(THRESHOLD[0], i, using=ACCOUNTS)
    inner, outer = Min(cap(i), aim), Max(0, Min(cap(i), aim))
    known = [*minimum(cap(i), aim), *maximum(0, inner), low, high, capacity]
    sides = [
        by_contradiction(ge(outer * (aim - outer), 0), known, degree=3),
        by_contradiction(ge((outer - aim) * (cap(i) - outer), 0), known, degree=3),
    ]
    corner = by_contradiction(le((aim - outer) * (v(i) - outer), 0), known, sides, degree=3)
    one = prove(
        le((aim - x(i)) * (v(i) - x(i)), 0), corner, form, multipliers=[aim, x(i), v(i), outer]
    )
    summed = sum_up(for_all(one, i, 1, n))
    return prove(acute(worth=worth).concludes, summed, THRESHOLD[1], given[5:], multipliers=[ν])


def nearest(most: object = 1) -> Claim:
    """No haircuts of the same total are nearer, by as much as they differ."""
    apart = square(y(i) - x(i)) + most * square(x(i) - v(i))
    return Claim(given=GIVEN, concludes=ge(square(y(i) - v(i)), apart))


def three_points(most: object = 1) -> Fact:
    """‖y − v‖² = ‖y − x‖² − 2 ⟨y − x, v − x⟩ + ‖v − x‖²."""
    return prove(nearest(most).concludes, of_haircuts(), degree=1)


def together(share_: object = 1) -> Claim:
    """Haircuts differ by no more than what they are the nearest to."""
    goal = le(square(x(i) - w(i)), share_ * square(y(i) - z(i)))
    return Claim(given=(CAPACITIES, *THRESHOLD, *OTHER), concludes=goal)


def within(haircut: object, rule: Formula) -> list[Fact]:
    """What a threshold gives lies within the capacities."""
    form, capacity = (at(h, i, using=ACCOUNTS) for h in (rule, CAPACITIES))
    aim = y(i) - ν if haircut == x else z(i) - κ
    known = [*minimum(cap(i), aim), *maximum(0, Min(cap(i), aim)), form, capacity]
    return [
        for_all(by_contradiction(goal, known, degree=2), i, 1, n)
        for goal in (ge(haircut(i), 0), le(haircut(i), cap(i)))
    ]


def no_farther(share_: object = 1) -> Fact:
    """Add the inequality at either for the other, and a square."""
    one = discharge(put(of_haircuts(), {v: (i, w(i))}), within(w, OTHER[0]))
    swapped = {y: (i, z(i)), x: (i, w(i)), v: (i, x(i)), ν: κ}
    two = discharge(put(of_haircuts(), swapped), within(x, THRESHOLD[0]))
    gap = y(i) - z(i) - x(i) + w(i)
    apart = sum_up(for_all(prove(ge(gap**2, 0), squares=[gap]), i, 1, n))
    return prove(together(share_).concludes, one, two, apart, degree=1)


# One coordinate -----------------------------------------------------------------------------------

low, high, a, b = reals("low high a b")


def clipped(value: object) -> object:
    """The nearest point of an interval."""
    return Max(low, Min(high, value))


def steady(share_: object = 1) -> Claim:
    """Clipped numbers are no farther apart."""
    goal = le(abs(clipped(a) - clipped(b)), share_ * abs(a - b))
    return Claim(given=(le(low, high),), concludes=goal)


def by_order(share_: object = 1) -> Fact:
    """In each order of a, b and the ends."""
    signs = [a - b, a - low, a - high, b - low, b - high]
    sizes = [absolute(a - b)]
    return by_cases(steady(share_).concludes, signs, le(low, high), sizes)


def theorem() -> Theorem:
    """Projections."""
    half = Rational(1, 2)
    apart = {n: 1, y: [1], p: [0], v: [1], s: 0}
    corner = {n: 2, y: [1, 0], p: [0, 0], v: [0, 1], s: 0}
    three = {n: 3, cap: [1, 1, 1], y: [3, 1, 0], x: [1, 1, 0], v: [1, half, half], B: 2, ν: 0}
    three |= {z: [0, 1, 3], w: [0, 1, 1], κ: 0}
    more = {**three, v: [1, 1, 1]}
    rest = {**three, y: [half, half, 0], x: [half, half, 0], B: 1, v: [half, 0, half]}
    rest |= {z: [0, half, half], w: [0, half, half]}
    free = GIVEN[:5]
    return Theorem(
        item="Projection",
        title="the inequalities of a projection, from its definition or a threshold",
        citation="new here; compare Bauschke and Combettes 2011, Thm. 3.14",
        statement="⟨y − Πy, v − Πy⟩ ≤ 0, and projections are no farther apart than their points",
        verdict=Verdict.PROVED,
        tightness="exact",
        proves={
            "from the definition": Step(
                variational,
                from_definition,
                {
                    "the definition at p alone": fails_at(apart, at_share=no_share),
                    "an obtuse angle": fails_at(corner, worth=Rational(-1, 10)),
                },
            ),
            "haircuts by a threshold": Step(
                acute,
                of_haircuts,
                {
                    "haircuts of another total": fails_at(
                        {**more, y: [3, 2, 1], ν: 1, x: [1, 1, 0]}, given=free
                    )
                },
            ),
            "the nearest haircuts": Step(
                nearest,
                three_points,
                {"farther by 11/10 of the difference": fails_at(rest, most=Rational(11, 10))},
            ),
            "no farther apart": Step(
                together,
                no_farther,
                {"by 9/10 at most": fails_at({**rest, ν: 0}, share_=Rational(9, 10))},
            ),
            "one coordinate": Step(
                steady,
                by_order,
                {
                    "by 9/10 at most, on an interval": fails_at(
                        {low: 0, high: 1, a: 0, b: 1}, share_=Rational(9, 10)
                    )
                },
            ),
        },
        witness=(
            {**three, low: 0, high: 1, a: 0, b: 2},
            {**apart, n: 2, y: [1, 0], p: [1, 0], v: [0, 0]},
        ),
        letters={
            "B": ("total of the haircuts", "USD", "CTTX26, Eq. 7"),
            "a": "a number to be clipped",
            "b": "another",
            "cap(i)": ("capacity of account i", "USD", "CTTX26, Eq. 7"),
            "high": "upper end of an interval",
            "low": "lower end of an interval",
            "n": "number of coordinates",
            "p(i)": ("coordinate i of the nearest point of a convex set", "USD"),
            "s": "share of the way from p to v",
            "v(i)": ("coordinate i of another point of the set; haircut of account i", "USD"),
            "w(i)": ("haircut of account i by the other threshold", "USD"),
            "x(i)": ("haircut of account i by the threshold", "USD", "CTTX26, Eq. 7"),
            "y(i)": ("coordinate i of what is projected", "USD"),
            "z(i)": ("coordinate i of what else is projected", "USD"),
            "κ": ("threshold of the haircuts w", "USD"),
            "ν": ("threshold of the haircuts x", "USD"),
        },
        words={
            "s is a₊/(a₊ + ‖v − p‖²), with a = ⟨y − p, v − p⟩": share(),
            (
                "p is no farther from y than the point at that share of"
                " the way to v, which is in the set too"
            ): NEAREST,
            "no capacity is negative": CAPACITIES,
            "each gives what y is above the threshold, from 0 up to the capacity": THRESHOLD[0],
            "the haircuts add up to B": THRESHOLD[1],
            "the other haircuts lie between 0 and the capacities": FEASIBLE,
            "they add up to B too": TOTAL,
            "each gives what z is above the other threshold, from 0 up to the capacity": OTHER[0],
            "these add up to B too": OTHER[1],
        },
    )
