"""The value of the game over needed dollars, and the play that guarantees it.

The adversary needs b_t dollars of a deficit D_t in each round, whole units, at most M in all; the
policy raises x_t, and a dollar missed costs u, one too much o. With m left of M, let

    (u + o) Φ_t(m) = u Φ_{t+1}(m) + o Φ_{t+1}(m − h) + u o h,    h = min(m, D_t),    Φ_{T+1} = 0.

No play loses less than Φ_1(M) against every sequence, and X_t(m) never loses more, where

    (u + o) X_t(m) = u h + Φ_{t+1}(m − h) − Φ_{t+1}(m).

Φ_t rises by at most u a dollar and never falls, so that the worst b is 0 or h, and X equalises the
two. What has been paid, and Φ_{t+1} of what is left, never grow: a certificate after every round.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sympy import Max, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof import kernel
from adlopt.proof.lemmas import bit
from adlopt.proof.whole_numbers import same_value

t, k, n, low, high, T, M = integers("t k n low high T M")
D, b, m, e, H = integer_sequences("D b m e H")
u, o = reals("u o")
Φ, X, x = sequences("Φ X x")

PRICES = (gt(u, 0), gt(o, 0))
SIZES = (ge(T, 1), ge(M, 1), every(t, 1, T, ge(D(t), 0)))


def of_rounds(below: Formula, above: Formula) -> tuple[Formula, Formula]:
    """For k up to D_t, and for k from D_t to M."""
    return (
        every(t, 1, T, every(k, 0, D(t), below)),
        every(t, 1, T, every(k, D(t), M, above)),
    )


def value(after: object, spent: object, left: object) -> Formula:
    """(u + o) Φ_t(k)."""
    return eq((u + o) * Φ(t, k), u * after + o * left + u * o * spent)


NEXT = Φ(t + 1, k)
END = every(k, 0, M, eq(Φ(T + 1, k), 0))
VALUE = (
    *of_rounds(value(NEXT, k, Φ(t + 1, 0)), value(NEXT, D(t), Φ(t + 1, k - D(t)))),
    END,
)
PLAY = of_rounds(
    eq((u + o) * X(t, k), u * k + Φ(t + 1, 0) - NEXT),
    eq((u + o) * X(t, k), u * D(t) + Φ(t + 1, k - D(t)) - NEXT),
)
LEFT = (eq(m(1), M), every(t, 1, T, eq(m(t + 1), m(t) - b(t))))
NEEDED = (
    every(t, 1, T, ge(b(t), 0)),
    every(t, 1, T, le(b(t), D(t))),
    every(t, 1, T, le(b(t), m(t))),
)
RAISED = every(t, 1, T, eq(x(t), X(t, m(t))))
SETTING = (*PRICES, *SIZES, *VALUE, *PLAY, *LEFT)
REPLY = (
    *of_rounds(eq(H(t, k), k), eq(H(t, k), D(t))),
    every(t, 1, T, eq(e(t) ** 2, e(t))),
    every(t, 1, T, ge((1 - 2 * e(t)) * (x(t) - X(t, m(t))), 0)),
    every(t, 1, T, eq(b(t), e(t) * H(t, m(t)))),
)
COST = u * Max(0, b(t) - x(t)) + o * Max(0, x(t) - b(t))


def upper(worth: object = 1) -> Claim:
    """The play never loses more."""
    given = (*SETTING, *NEEDED, RAISED)
    return Claim(given=given, concludes=le(Sum(COST, (t, 1, T)), worth * Φ(1, M)))


def lower(worth: object = 1) -> Claim:
    """Who needs nothing where x_t ≥ X_t, and else all that is left or D_t, takes as much."""
    given = (*SETTING, *REPLY)
    return Claim(given=given, concludes=ge(Sum(COST, (t, 1, T)), worth * Φ(1, M)))


# Φ rises by 0 to u a dollar -----------------------------------------------------------------------


def rises(at_round: object) -> tuple[Formula, Formula]:
    """0 ≤ Φ(k + 1) − Φ(k) ≤ u for k = 0 … M − 1."""
    step = Φ(at_round, k + 1) - Φ(at_round, k)
    return every(k, 0, M - 1, ge(step, 0)), every(k, 0, M - 1, le(step, u))


def split_at_deficit(goal: Formula, at_round: object, below: Fact, above: Fact) -> Fact:
    """Join proofs of a goal from k + 1 ≤ D_t and from k ≥ D_t."""
    more, fewer = ge(k, D(at_round)), gt(D(at_round), k)
    whole = prove(le(k + 1, D(at_round)), next_integer(kernel.assume(fewer)))
    return kernel.cases(above, kernel.cut(below, whole), more, fewer)


@cache
def slopes() -> list[Fact]:
    """Backwards from Φ_{T+1} = 0; n rounds before the end."""
    facts = []
    here = T - n
    inside, places = [ge(n, 0), le(n + 1, T)], [ge(k, 0), le(k, M - 1)]
    size = at(SIZES[2], here, using=inside)
    for side in (0, 1):
        claim = rises(T + 1 - n)[side]
        ends = [at(END, place, using=places) for place in (k, k + 1)]
        zero = Φ(T + 1, k + 1) - Φ(T + 1, k)
        base = for_all(prove(ge(zero, 0) if side == 0 else le(zero, u), ends, PRICES), k, 0, M - 1)
        step = Φ(here, k + 1) - Φ(here, k)
        goal = ge(step, 0) if side == 0 else le(step, u)
        known = [at(claim, k, using=places), *PRICES]
        small = [le(k + 1, D(here))]
        rule = [
            at(at(VALUE[0], here, using=inside), p, using=[*places, *small]) for p in (k, k + 1)
        ]
        below = by_contradiction(goal, rule, known, multipliers=[u, o])
        large = [ge(k, D(here))]
        rule = [
            at(at(VALUE[1], here, using=inside), p, using=[*places, *large]) for p in (k, k + 1)
        ]
        lower = at(claim, k - D(here), using=[*places, *large, size])
        above = by_contradiction(goal, rule, known, lower, multipliers=[u, o])
        made = for_all(split_at_deficit(goal, here, below, above), k, 0, M - 1)
        facts.append(induct(base, made, claim, n, 0, T))
    return facts


@cache
def between() -> list[Fact]:
    """Φ_{t+1} rises by 0 to u a dollar from `low` to `high`."""
    inside = [le(1, t), le(t, T)]
    there = [le(low, k), le(k, high - 1), ge(low, 0), le(high, M)]
    facts = []
    for side, body in ((0, Φ(t + 1, k)), (1, u * k - Φ(t + 1, k))):
        each = at(at(slopes()[side], T - t, using=inside), k, using=there)
        goal = ge(body.subs(k, k + 1) - body, 0)
        summed = sum_up(for_all(prove(goal, each), k, low, high - 1))
        whole = telescope(k, low, high - 1, body, using=le(low, high))
        facts.append(prove(ge(body.subs(k, high) - body.subs(k, low), 0), summed, whole))
    return facts


# One round ----------------------------------------------------------------------------------------


def equalised(family: int, spent: object, left: object) -> list[Fact]:
    """Both o X + Φ_{t+1}(m) and u (h − X) + Φ_{t+1}(m − h) are Φ_t(m)."""
    inside = [le(1, t), le(t, T)]
    places = [ge(m(t), 0), le(m(t), M), le(m(t), D(t)) if family == 0 else ge(m(t), D(t))]
    rules = [at(at(rule[family], t, using=inside), m(t), using=places) for rule in (VALUE, PLAY)]
    worth, play = Φ(t, m(t)), X(t, m(t))
    ways = (o * play + Φ(t + 1, m(t)), u * (spent - play) + left)
    return [
        by_contradiction(goal(way, worth), rules, PRICES, multipliers=[1, u, o])
        for way in ways
        for goal in (le, ge)
    ]


def each_family(goal: Formula, prove_of: Callable[[int, object, object], Fact]) -> Fact:
    """Prove a goal about round t where m_t ≤ D_t, and where m_t ≥ D_t."""
    small, large = le(m(t), D(t)), ge(m(t), D(t))
    cases = prove_of(0, m(t), Φ(t + 1, 0)), prove_of(1, D(t), Φ(t + 1, m(t) - D(t)))
    return kernel.cases(*cases, small, large)


def moved(after: object, *known: Fact) -> Fact:
    """Φ_{t+1} of what is left, written in m_t: `after` is m_{t+1}."""
    inside = [le(1, t), le(t, T)]
    same = same_value(lambda place: Φ(t + 1, place), m(t + 1), after)
    return kernel.cut(same, prove(eq(m(t + 1), after), at(LEFT[1], t, using=inside), known))


def never_more() -> Fact:
    """|x − b| + Φ(m − b) is largest at b = 0 or b = h, where X makes both Φ_t(m)."""
    inside = [le(1, t), le(t, T)]
    needs = [at(h, t, using=inside) for h in NEEDED]
    budget = [ge(m(t), 0), le(m(t), M)]
    after = Φ(t + 1, m(t) - b(t))
    goal = le(COST + Φ(t + 1, m(t + 1)), Φ(t, m(t)))
    raised = at(RAISED, t, using=inside)

    def of(family: int, spent: object, left: object) -> Fact:
        ground = 0 if family == 0 else m(t) - D(t)
        size = le(m(t), D(t)) if family == 0 else ge(m(t), D(t))
        known = [*needs, *budget, size]
        less = discharge(put(between()[0], {low: m(t) - b(t), high: m(t)}), known)
        more = discharge(put(between()[1], {low: ground, high: m(t) - b(t)}), known)
        sides = equalised(family, spent, left)
        ends = [
            prove(
                le(o * (x(t) - b(t)) + after, Φ(t, m(t))),
                sides,
                less,
                needs,
                raised,
                PRICES,
                multipliers=[o],
            ),
            prove(le(u * (b(t) - x(t)) + after, Φ(t, m(t))), sides, more, raised, multipliers=[u]),
        ]
        either = [*maximum(0, b(t) - x(t)), *maximum(0, x(t) - b(t))]
        return by_cases(goal, x(t) - b(t), ends, either, moved(m(t) - b(t)), PRICES)

    return each_family(goal, of)


def replied(family: int, spent: object) -> list[Fact]:
    """b_t = e_t h_t, and 0 ≤ b_t ≤ h_t."""
    inside = [le(1, t), le(t, T)]
    places = [ge(m(t), 0), le(m(t), M), le(m(t), D(t)) if family == 0 else ge(m(t), D(t))]
    most = at(at(REPLY[family], t, using=inside), m(t), using=places)
    asked = at(REPLY[4], t, using=inside)
    said = prove(eq(b(t), e(t) * spent), most, asked, multipliers=[e(t)])
    marks = bit(e(t), at(REPLY[2], t, using=inside))
    size = at(SIZES[2], t, using=inside) if family else ge(m(t), 0)
    return [said, prove(ge(b(t), 0), said, marks, size), prove(le(b(t), spent), said, marks, size)]


def as_much() -> Fact:
    """On the dearer side of X, b makes |x − b| + Φ(m − b) at least Φ_t(m)."""
    inside = [le(1, t), le(t, T)]
    square, side = (at(h, t, using=inside) for h in REPLY[2:4])
    goal = ge(COST + Φ(t + 1, m(t + 1)), Φ(t, m(t)))
    either = [*maximum(0, b(t) - x(t)), *maximum(0, x(t) - b(t))]
    nothing, something = le(e(t), 0), gt(e(t), 0)

    def of(family: int, spent: object, left: object) -> Fact:
        sides, said = equalised(family, spent, left), replied(family, spent)[0]

        def reply(mark: int, given: Formula | Fact, after: object) -> Fact:
            chosen = prove(eq(e(t), mark), given, bit(e(t), square))
            needs = prove(eq(b(t), mark * spent), said, chosen, multipliers=[spent])
            way = x(t) - X(t, m(t)) if mark == 0 else X(t, m(t)) - x(t)
            dearer = prove(ge(way, 0), side, chosen, multipliers=[x(t), X(t, m(t))])
            known = [sides, dearer, needs, either, PRICES, moved(after, needs)]
            return prove(goal, known, multipliers=[u, o])

        ground = sympify(0) if family == 0 else m(t) - D(t)
        all_left = kernel.cut(
            reply(1, ge(e(t), 1), ground),
            prove(ge(e(t), 1), next_integer(kernel.assume(something))),
        )
        return kernel.cases(reply(0, nothing, m(t)), all_left, nothing, something)

    return each_family(goal, of)


# All rounds ---------------------------------------------------------------------------------------


def within(needs: list[Fact]) -> list[Fact]:
    """0 ≤ m_t ≤ M, from b_t ≥ 0 and b_t ≤ m_t wherever that holds of m_t."""
    inside = [le(1, n), le(n + 1, T + 1)]
    claim = ge(m(n) * (M - m(n)), 0)
    ends = [by_contradiction(goal, claim, SIZES[1]) for goal in (ge(m(n), 0), le(m(n), M))]
    taken = [discharge(put(fact, {t: n}), ends, inside) for fact in needs]
    move = at(LEFT[1], n, using=inside)
    after = [
        prove(ge(m(n + 1), 0), taken, ends, move),
        prove(le(m(n + 1), M), taken, ends, move),
    ]
    base = prove(put_formula(claim, {n: 1}), LEFT[0], multipliers=[m(1), M])
    kept = induct(base, prove(put_formula(claim, {n: n + 1}), after), claim, n, 1, T + 1)
    here = at(kept, n)
    return [put(kernel.cut(end, here), {n: t}) for end in ends]


def summed(one: Fact, needs: list[Fact], worth: object, *, above: bool) -> Fact:
    """Add up: what was paid, and Φ of what is left, start from Φ_1(M) and end with 0 left."""
    inside = [le(1, t), le(t, T)]
    kept = discharge(one, *(discharge(end, inside) for end in within(needs)))
    total = sum_up(for_all(discharge(kept, inside), t, 1, T))
    steps = telescope(t, 1, T, Φ(t, m(t)), using=le(1, T))
    first = same_value(lambda place: Φ(1, place), m(1), M)
    end = [put(fact, {t: T + 1}) for fact in within(needs)]
    last = at(END, m(T + 1), using=[discharge(fact, SIZES[0]) for fact in end])
    known = [total, steps, discharge(first, LEFT[0]), last]
    return prove((upper if above else lower)(worth).concludes, known)


def derive_upper(worth: object = 1) -> Fact:
    """Whatever is needed."""
    inside = [le(1, t), le(t, T)]
    needs = [at(h, t, using=inside) for h in (NEEDED[0], NEEDED[2])]
    return summed(never_more(), needs, worth, above=True)


def derive_lower(worth: object = 1) -> Fact:
    """Whatever is played."""

    def asked(side: int, goal: Formula) -> Fact:
        return each_family(
            goal,
            lambda family, spent, _: prove(goal, replied(family, spent)[side], family_size(family)),
        )

    needs = [asked(1, ge(b(t), 0)), asked(2, le(b(t), m(t)))]
    return summed(as_much(), needs, worth, above=False)


def family_size(family: int) -> Formula:
    """Which of the two it is."""
    return le(m(t), D(t)) if family == 0 else ge(m(t), D(t))


ALIKE = {u: 1, o: 1}
MISSED = Sum(abs(x(t) - b(t)), (t, 1, T))


def alike(claim: Claim, relation: Callable[[object, object], Formula]) -> Claim:
    """At equal prices, with |x_t − b_t|."""
    given = tuple(put_formula(formula, ALIKE) for formula in claim.given)
    return Claim(given=given, concludes=relation(MISSED, Φ(1, M)))


def at_equal_prices(fact: Fact, relation: Callable[[object, object], Formula]) -> Fact:
    """|x − b| is the sum of both."""
    gap = x(t) - b(t)
    both = Max(0, b(t) - x(t)) + Max(0, x(t) - b(t))
    either = [*maximum(0, b(t) - x(t)), *maximum(0, x(t) - b(t)), *absolute(gap)]
    each = for_all(by_cases(eq(both, abs(gap)), gap, either), t, 1, T)
    known = discharge(put(fact, ALIKE), gt(1, 0))
    return prove(relation(MISSED, Φ(1, M)), known, sum_up(each))


def theorem() -> Theorem:
    """The game over needed dollars."""
    half = Rational(1, 2)
    cells = [(place, left) for place in (1, 2, 3) for left in (0, 1, 2)]
    worth = {1: Rational(3, 4), 2: half, 3: 0}
    game = {T: 2, M: 2, D: [2, 2], u: 1, o: 1, x: [half, 0], b: [2, 0], e: [1, 0], m: [2, 0, 0]}
    game |= {Φ: {(place, left): worth[place] * left for place, left in cells}}
    game |= {X: {(place, left): left * Rational(place, 4) for place, left in cells}}
    game |= {H: {(place, left): left for place, left in cells}}
    return Theorem(
        item="Needed dollars",
        title="the value of the game where the needed dollars sum to M at most",
        citation="new; compare [CTTX26, Prop. 1]",
        statement="the minimax of Σ|x_t − b_t| is Φ_1(M) = E min(M, Σ ξ_t D_t), ξ_t fair coins",
        verdict=Verdict.PROVED,
        tightness="exact: the value of the game",
        remarks=(
            "that Φ is the expectation, of coins with P(1) = o/(u + o), follows by induction",
        ),
        proves={
            "the play": Step(
                upper, derive_upper, {"9/10 of it": fails_at(game, worth=Rational(9, 10))}
            ),
            "any play": Step(
                lower, derive_lower, {"11/10 of it": fails_at(game, worth=Rational(11, 10))}
            ),
            "the play, at equal prices": Step(
                alike(upper(), le), at_equal_prices(derive_upper(), le)
            ),
            "any play, at equal prices": Step(
                alike(lower(), ge), at_equal_prices(derive_lower(), ge)
            ),
        },
        witness=game,
        letters={
            "D(t)": ("deficit of round t, whole units", "USD", "CTTX26, Eq. 4"),
            "H(t, m)": ("the smaller of m and D_t", "USD"),
            "M": ("bound on all that is needed", "USD"),
            "X(t, m)": ("what the play raises in round t with m left", "USD"),
            "b(t)": ("what round t needs", "USD", "CTTX26, Eq. 6"),
            "e(t)": "1 if the adversary needs all it can in round t, 0 if nothing",
            "m(t)": ("what is left of M before round t", "USD"),
            "o": ("price of a dollar too much", "1", "CTTX26, Eq. 9"),
            "u": ("price of a dollar too little", "1", "CTTX26, Eq. 9"),
            "x(t)": ("what is raised in round t", "USD"),
            "Φ(t, m)": ("value of the game from round t on with m left", "USD"),
        },
        words={
            "the prices are positive": PRICES,
            "something may be needed": SIZES[1],
            "Φ_t is the value of a round whose two worst needs are 0 and min(m, D_t)": (
                *VALUE[:2],
                *(put_formula(each, ALIKE) for each in VALUE[:2]),
            ),
            "after the last round nothing is to be lost": END,
            "X_t is the play that makes these two cost the same": (
                *PLAY,
                *(put_formula(each, ALIKE) for each in PLAY),
            ),
            "at first all of M is left": LEFT[0],
            "what is needed is no longer left": LEFT[1],
            "a round needs at least 0, at most its deficit, and what is left": NEEDED,
            "the policy raises X_t of what is left": RAISED,
            "H is min(m, D_t)": REPLY[:2],
            "e_t is 1 if the policy raises less than X_t, 0 if more": REPLY[2:4],
            "the adversary then needs min(m, D_t), or nothing": REPLY[4],
            "the equal prices are positive": "1 > 0",
        },
    )
