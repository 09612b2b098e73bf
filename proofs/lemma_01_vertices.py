"""A vertex of {0 ≤ x ≤ u, Σ x = B} has at most one coordinate strictly inside [CTTX26, Lemma 1].

If two coordinates j < k are strictly inside their bounds, ε is the least of their four distances to
the bounds, and e_j, e_k are unit vectors, then x + ε(e_j − e_k) and x − ε(e_j − e_k) are feasible,
they differ, and x is half way between them: x is not a vertex. The unit vector e_j is written
max(0, 1 − |i − j|) at coordinate i.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum

from adlopt.proof import *
from adlopt.proof.lemmas import isolate
from adlopt.proof.whole_numbers import by_order, same_value

i, j, k, n = integers("i j k n")
ε, room_j, room_k = reals("ε room_j room_k")
x, u = sequences("x u")

ORDER = (le(1, j), le(j + 1, k), le(k, n))
BOX = (every(i, 1, n, ge(x(i), 0)), every(i, 1, n, le(x(i), u(i))))
INSIDE_J, INSIDE_K = ((gt(x(m), 0), lt(x(m), u(m))) for m in (j, k))
GIVEN = (*ORDER, *BOX, *INSIDE_J, *INSIDE_K)

ROOMS = {room_j: Min(x(j), u(j) - x(j)), room_k: Min(x(k), u(k) - x(k))}
here = [le(1, i), le(i, n)]


def with_step(formula: Formula) -> Formula:
    """Put the least of the four distances for ε."""
    return put_formula(put_formula(formula, {ε: Min(room_j, room_k)}), ROOMS)


def point_mass(index: object, place: object) -> object:
    """Return 1 if two integers are equal and 0 otherwise."""
    return Max(0, 1 - abs(index - place))


def moved(sign: int, other: int = -1) -> object:
    """Coordinate i of x ± ε(e_j − e_k)."""
    return x(i) + sign * ε * (point_mass(i, j) + other * point_mass(i, k))


def claim(formula: Formula, given: tuple[Formula, ...] = GIVEN) -> Claim:
    """State something about the two points."""
    return Claim(given=given, concludes=with_step(formula))


def low(sign: int, times: int = 1) -> Formula:
    """State that a point is not negative."""
    return every(i, 1, n, ge(x(i) + times * (moved(sign) - x(i)), 0))


def high(sign: int) -> Formula:
    """State that a point stays within the capacities."""
    return every(i, 1, n, le(moved(sign), u(i)))


def total(sign: int, other: int = -1) -> Formula:
    """State that a point has the total of x."""
    return eq(Sum(moved(sign, other), (i, 1, n)), Sum(x(i), (i, 1, n)))


apart = put_formula(gt(moved(1), moved(-1)), {i: j})


def step_fits(inside: tuple[Formula, ...] = GIVEN) -> list[Fact]:
    """0 < ε ≤ x_j, u_j − x_j, x_k, u_k − x_k."""
    known = [*inside, *(fact for m in (j, k) for fact in minimum(x(m), u(m) - x(m)))]
    least = [put(fact, ROOMS) for fact in minimum(room_j, room_k)]
    goals = [le(ε, e) for m in (j, k) for e in (x(m), u(m) - x(m))]
    bounds = [prove(with_step(goal), known, least, degree=1) for goal in goals]
    rooms = [by_contradiction(gt(room, 0), known) for room in ROOMS.values()]
    return [by_contradiction(with_step(gt(ε, 0)), rooms, least), *bounds]


STEP = (gt(ε, 0), *(le(ε, e) for m in (j, k) for e in (x(m), u(m) - x(m))))


def reach(place: object, room: object, times: int = 1) -> Fact:
    """The step of e_place fits into the room of every coordinate, by its distance to `place`."""
    goal = le(times * ε * point_mass(i, place), room)
    inside = [at(bound, i, using=here) for bound in BOX]
    less, more = le(i, place - 1), ge(i, place + 1)
    away = [
        prove(goal, point_mass_away(i, place, side), inside, multipliers=[ε])
        for side in (less, more)
    ]
    same = eq(i, place)
    mass = eq(point_mass(i, place), 1)
    one = prove(mass, same, resolve(mass, same))
    alike = [same_value(sequence, i, place) for sequence in (x, u)]
    meets = prove(goal, one, alike, STEP, multipliers=[ε])
    return by_order(goal, i, place, away[0], meets, away[1])


def point_mass_away(index: object, place: object, *known: object) -> Fact:
    """The mass of a point is zero where `known` says that index < place or index > place."""
    goal = eq(point_mass(index, place), 0)
    return prove(goal, *known, resolve(goal, *known))


def point_mass_at(place: object) -> Fact:
    """The mass of a point is 1 at its place."""
    one, two = integers("one two")
    goal = put_formula(eq(point_mass(one, two), 1), {one: place, two: place})
    return prove(goal, resolve(goal))


def point_mass_total(place: object) -> Fact:
    """Σ over the coordinates is 1, for 1 ≤ place ≤ n."""
    body, mass = point_mass(i, place), sequences("mass")
    before = for_all(point_mass_away(i, place, le(i, place - 1)), i, 1, place - 1)
    after = for_all(point_mass_away(i, place, ge(i, place + 1)), i, place + 1, n)
    parts = isolate(i, (1, n), place, mass(i), [le(1, place), le(place, n)])
    known = [put(parts, {mass: (i, body)}), point_mass_at(place), sum_up(before), sum_up(after)]
    return prove(eq(Sum(body, (i, 1, n)), 1), known)


def stays(goal: Formula, sign: int, side: object, times: int = 1) -> Fact:
    """One unit vector fits, and the other one points the other way."""
    falls, rises = (k, j) if sign > 0 else (j, k)
    place = falls if side == x(i) else rises
    pushed = [
        prove(ge(ε * point_mass(i, p), 0), maximum(0, 1 - abs(i - p)), STEP[0]) for p in (j, k)
    ]
    whole = for_all(prove(goal, reach(place, side, times), pushed), i, 1, n)
    return at_step(whole)


def at_step(fact: Fact, inside: tuple[Formula, ...] = GIVEN) -> Fact:
    """Put the least of the four distances for ε."""
    return discharge(put(put(fact, {ε: Min(room_j, room_k)}), ROOMS), step_fits(inside), ORDER)


def not_negative(sign: int, times: int = 1) -> Fact:
    """X ± ε(e_j − e_k) ≥ 0."""
    return stays(ge(x(i) + times * (moved(sign) - x(i)), 0), sign, x(i), times)


def within(sign: int) -> Fact:
    """X ± ε(e_j − e_k) ≤ u."""
    return stays(le(moved(sign), u(i)), sign, u(i) - x(i))


def same_total(sign: int, other: int = -1) -> Fact:
    """Each unit vector adds up to 1."""
    ends = [discharge(point_mass_total(m), ORDER) for m in (j, k)]
    return at_step(prove(total(sign, other), ends, multipliers=[ε]))


def differ(inside: tuple[Formula, ...] = GIVEN) -> Fact:
    """Coordinate j is ε higher in one and ε lower in the other."""
    away = point_mass_away(j, k, ORDER[1])
    fact = prove(apart, point_mass_at(j), away, STEP[0], multipliers=[ε])
    return at_step(fact, inside)


def theorem() -> Theorem:
    """Lemma 1."""
    half, one_inside = Rational(1, 2), (*ORDER, *BOX, *INSIDE_J)
    middle = {n: 2, j: 1, k: 2, i: 1, x: [half, half], u: [1, 1]}
    inside = fails_at({**middle, x: [half, 0]}, claim(apart, one_inside), inside=one_inside)
    far = {"twice the step": fails_at(middle, claim(low(1, 2)), times=2)}
    upward = {"both coordinates up": fails_at(middle, claim(total(1, 1)), other=1)}
    proves = {
        "they differ": Step(claim(apart), differ, {"one coordinate inside is enough": inside})
    }
    for sign, name in ((1, "x + ε(e_j − e_k)"), (-1, "x − ε(e_j − e_k)")):
        here, up = {"sign": sign}, sign > 0
        proves |= {
            f"{name} is not negative": Step(
                claim(low(sign)), not_negative, far if up else {}, holds=here
            ),
            f"{name} stays within the capacities": Step(claim(high(sign)), within, holds=here),
            f"{name} has the same total": Step(
                claim(total(sign)), same_total, upward if up else {}, holds=here
            ),
        }
    return Theorem(
        item="Lemma 1",
        title="a vertex of the haircuts has at most one coordinate strictly inside",
        citation="[CTTX26, Lemma 1]",
        statement="with two coordinates inside, x is half way between two other haircuts",
        verdict=Verdict.PROVED,
        tightness="exact: the marginal account of a queue can be inside",
        remarks=("the total B is the same, so the two points lie in the same polytope",),
        proves=proves,
        witness=middle,
        letters={
            "j": "one account inside its bounds",
            "k": "another, behind it",
            "n": ("number of accounts", "1", "CTTX26, Sec. 2"),
            "u(i)": ("capacity of account i", "USD", "CTTX26, Eq. 7"),
            "x(i)": ("haircut of account i", "USD", "CTTX26, Eq. 7"),
        },
        words={
            "j and k are two of the n accounts": ORDER,
            "account j is strictly inside its bounds": INSIDE_J,
            "account k is strictly inside its bounds": INSIDE_K,
        },
    )
