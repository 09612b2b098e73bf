"""Why a table of the severity game encloses its value: a strategy for either player.

A table has for every state, the last θ* = a on a grid of steps 1/N and the variation that is left,
a number V. Where V is at most the mean of what two replies are worth, a⁺ and a⁻,

    2 V  ≤  (D a⁺ + V⁺) + (V⁻ − D a⁻),

the adversary answers x with the one that is worth more, and what it gains and V of where it goes
are never less than V: whatever is played loses V of the start. Where V is the mean of the largest
V_a + D a and the largest V_a − D a over all replies a, the severity that equalises the two loses no
more than V of the start, whatever is needed. With the largest of both V is the value on the grid.

A path θ* in [0, 1] is followed on the grid by ρ, which rests unless it is a step behind and then
moves towards θ*, at most up to it. It varies by at most 1/N more, and losses against it are within
Σ D_t/N: V_N(P) ≤ V(P) ≤ V_N(P + 1/N) + Σ D_t/N.
"""

from __future__ import annotations

from sympy import Rational, Sum, floor, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import bit

t, k, N, T = integers("t k N T")
P, θ = reals("P θ")
D, V, x, s, e, high, low, A, B, p, ρ = sequences("D V x s e high low A B p ρ")
rising, falling = sequences("rising falling")

SIZES = (ge(T, 1), every(t, 1, T, ge(D(t), 0)))
INSIDE = [le(1, t), le(t, T)]
END = eq(V(T + 1), 0)
missed = D(t) * abs(s(t) - x(t))
LOSS = Sum(missed, (t, 1, T))


def of_rounds(*formulas: Formula) -> tuple[Formula, ...]:
    """In every round."""
    return tuple(every(t, 1, T, formula) for formula in formulas)


# The adversary ------------------------------------------------------------------------------------

rise, fall = D(t) * (high(t) - x(t)) + A(t), D(t) * (x(t) - low(t)) + B(t)
MEAN = every(t, 1, T, le(2 * V(t), D(t) * (high(t) - low(t)) + A(t) + B(t)))
ANSWER = of_rounds(
    eq(e(t) ** 2, e(t)),
    eq(s(t), e(t) * high(t) + (1 - e(t)) * low(t)),
    eq(V(t + 1), e(t) * A(t) + (1 - e(t)) * B(t)),
)
DEARER = every(t, 1, T, ge((2 * e(t) - 1) * (rise - fall), 0))
CHEAPER = every(t, 1, T, le((2 * e(t) - 1) * (rise - fall), 0))


def unavoidable(choice: Formula = DEARER, worth: object = 1) -> Claim:
    """Whatever is played loses the value of the start."""
    given = (*SIZES, MEAN, *ANSWER, choice, END)
    return Claim(given=given, concludes=ge(LOSS, worth * V(1)))


def two_replies(choice: Formula = DEARER, worth: object = 1) -> Fact:
    """The dearer of two replies is worth their mean at least."""
    size, mean, square, reply, after, dearer = (
        at(h, t, using=INSIDE) for h in (SIZES[1], MEAN, *ANSWER, choice)
    )
    gap = s(t) - x(t)
    side = prove(ge(abs(gap), (2 * e(t) - 1) * gap), absolute(gap), bit(e(t), square))
    paid = prove(ge(missed, D(t) * (2 * e(t) - 1) * gap), side, size)
    factors = [D(t) * (2 * e(t) - 1), D(t) * high(t), D(t) * low(t)]
    goal = ge(missed + V(t + 1), V(t))
    one = prove(goal, paid, mean, square, reply, after, dearer, degree=1, multipliers=factors)
    moved = telescope(t, 1, T, V(t), using=SIZES[0])
    summed = sum_up(for_all(one, t, 1, T))
    return prove(unavoidable(choice, worth).concludes, summed, moved, END, degree=1)


LEFT = (
    every(t, 2, T, eq(p(t + 1), p(t) - abs(s(t) - s(t - 1)))),
    eq(p(2), P),
    ge(p(T + 1), 0),
)
within = Claim(given=(SIZES[0], *LEFT), concludes=le(Sum(abs(s(t) - s(t - 1)), (t, 2, T)), P))


def spent() -> Fact:
    """What is left only falls by the moves."""
    moves = sum_up(LEFT[0])
    return prove(within.concludes, moves, telescope(t, 2, T, p(t), using=SIZES[0]), LEFT[1:])


# The policy ---------------------------------------------------------------------------------------

EQUALISED = of_rounds(
    eq(2 * V(t), rising(t) + falling(t)),
    eq(2 * D(t) * x(t), rising(t) - falling(t)),
)
LARGEST = of_rounds(
    ge(rising(t), V(t + 1) + D(t) * s(t)),
    ge(falling(t), V(t + 1) - D(t) * s(t)),
)


def guaranteed(largest: tuple[Formula, ...] = LARGEST, worth: object = 1) -> Claim:
    """Whatever is needed, no more is lost than the value of the start."""
    given = (*SIZES, *EQUALISED, *largest, END)
    return Claim(given=given, concludes=le(LOSS, worth * V(1)))


def equaliser(largest: tuple[Formula, ...] = LARGEST, worth: object = 1) -> Fact:
    """D (s − x) and D (x − s) are both V less what is left at most."""
    size, *known = (at(h, t, using=INSIDE) for h in (SIZES[1], *EQUALISED, *largest))
    gap = s(t) - x(t)
    one = by_cases(le(missed + V(t + 1), V(t)), gap, known, size, absolute(gap), multipliers=[D(t)])
    moved = telescope(t, 1, T, V(t), using=SIZES[0])
    summed = sum_up(for_all(one, t, 1, T))
    return prove(guaranteed(largest, worth).concludes, summed, moved, END, degree=1)


# The grid -----------------------------------------------------------------------------------------

LAZY = (
    every(t, 2, T, ge((ρ(t) - ρ(t - 1)) * (s(t) - ρ(t)), 0)),
    *of_rounds(le(N * abs(s(t) - ρ(t)), 1)),
)
FOLLOWED = (ge(N, 1), *SIZES, *LAZY)
FREE = (ge(N, 1), *SIZES, LAZY[1])
WALK, LAZY_WALK = (Sum(abs(y(t) - y(t - 1)), (t, 2, T)) for y in (s, ρ))


def walks(given: tuple[Formula, ...] = FOLLOWED, more: object = 1) -> Claim:
    """The lazy path varies by 1/N more at most."""
    return Claim(given=given, concludes=le(LAZY_WALK, WALK + more / sympify(N)))


def lazily(given: tuple[Formula, ...] = FOLLOWED, more: object = 1) -> Fact:
    """Moves of ρ are moves of θ*, and what ρ was behind less what it is."""
    inside = [le(2, t), le(t, T)]
    known = [at(h, t, using=inside) for h in given[3:-1]]
    step, ahead, behind = ρ(t) - ρ(t - 1), s(t) - ρ(t), s(t - 1) - ρ(t - 1)
    move = s(t) - s(t - 1)
    sizes = [absolute(each) for each in (step, ahead, step + ahead)]
    alike = by_cases(eq(abs(step) * abs(ahead), step * ahead), [step, ahead], known, sizes)
    whole = by_contradiction(le(abs(step) + abs(ahead), abs(step + ahead)), alike, sizes)
    parts = by_cases(
        le(abs(step + ahead), abs(move) + abs(behind)),
        step + ahead,
        absolute(move),
        absolute(behind),
        absolute(step + ahead),
    )
    one = prove(le(abs(step) - abs(move), abs(behind) - abs(ahead)), whole, parts)
    summed = sum_up(for_all(one, t, 2, T))
    rest = telescope(t, 2, T, abs(s(t - 1) - ρ(t - 1)), using=SIZES[0])
    ends = [at(given[-1], 1, using=le(1, T)), *absolute(s(T) - ρ(T))]
    inverse = reciprocal(N, prove(gt(N, 0), given[0]))
    near = prove(le(abs(s(1) - ρ(1)), 1 / N), ends[0], inverse, multipliers=[abs(s(1) - ρ(1))])
    return prove(walks(given, more).concludes, summed, rest, near, ends, degree=1)


ON_GRID = Sum(D(t) * abs(ρ(t) - x(t)), (t, 1, T))


def close(more: object = 1) -> Claim:
    """What is lost on the path and on the grid differs by Σ D/N at most."""
    return Claim(given=FREE, concludes=le(LOSS, ON_GRID + more * Sum(D(t), (t, 1, T)) / N))


def rounded(more: object = 1) -> Fact:
    """|θ* − x| ≤ |ρ − x| + 1/N."""
    size, near = (at(h, t, using=INSIDE) for h in (SIZES[1], LAZY[1]))
    inverse = reciprocal(N, prove(gt(N, 0), FREE[0]))
    behind = prove(le(abs(s(t) - ρ(t)), 1 / N), near, inverse, multipliers=[abs(s(t) - ρ(t))])
    sides = [absolute(y) for y in (s(t) - x(t), ρ(t) - x(t), s(t) - ρ(t))]
    miss = by_cases(le(abs(s(t) - x(t)), abs(ρ(t) - x(t)) + 1 / N), s(t) - x(t), sides, behind)
    one = prove(le(missed, D(t) * abs(ρ(t) - x(t)) + D(t) / N), miss, size)
    return prove(close(more).concludes, sum_up(for_all(one, t, 1, T)), degree=1)


def step_up(by: object = 0) -> Claim:
    """The last point of the grid below θ* is at or above any that is."""
    return Claim(given=(ge(N * θ, k),), concludes=ge(floor(N * θ), k + by))


def on_the_grid(by: object = 0) -> Fact:
    """Whole numbers."""
    above = floor_of(N * θ)[1]
    given = step_up().given
    return prove(step_up(by).concludes, next_integer(prove(gt(floor(N * θ) + 1, k), above, given)))


def theorem() -> Theorem:
    """The table."""
    half, less, more = Rational(1, 2), Rational(9, 10), Rational(11, 10)
    game = {T: 2, D: [2, 1], V: [3 * half, half, 0], x: [half, half], s: [1, 0]}
    game |= {e: [1, 0], high: [1, 1], low: [0, 0], A: [half, 0], B: [half, 0], P: 1, p: [1, 1, 0]}
    game |= {rising: [5 * half, 1], falling: [half, 0]}
    lazy = {N: 2, T: 3, D: [1, 1, 1], s: [half / 2, 3 * half / 2, half], ρ: [0, half, half]}
    lazy |= {x: [half] * 3, θ: 3 * half / 2, k: 1}
    once = {T: 1, D: [1], V: [half, 0], x: [1], s: [1], e: [1], high: [1], low: [0], A: [0], B: [0]}
    blind = {T: 1, D: [1], V: [0, 0], x: [0], s: [1], rising: [0], falling: [0]}
    late = {N: 2, T: 2, D: [1, 1], s: [half, half], ρ: [0, half], x: [0, half]}
    restless = {N: 1, T: 3, D: [1, 1, 1], s: [half] * 3, ρ: [0, 1, 0]}
    return Theorem(
        item="Minimax table",
        title="what the table of the severity game says of every policy and every sequence",
        citation="new; compare [CTTX26, Prop. 1]",
        statement="V_N(P) ≤ V(P) ≤ V_N(P + 1/N) + Σ D_t/N, by a strategy for either player",
        verdict=Verdict.PROVED,
        tightness="the table is exact on its grid",
        remarks=("a row of the table stands here for each state that a run comes through",),
        proves={
            "two replies": Step(
                unavoidable,
                two_replies,
                {
                    "the cheaper of the two": fails_at(once, choice=CHEAPER),
                    "11/10 of the value": fails_at(game, worth=more),
                },
            ),
            "the adversary's variation": Step(within, spent()),
            "the equalising severity": Step(
                guaranteed,
                equaliser,
                {
                    "replies beyond the largest": fails_at(blind, largest=()),
                    "9/10 of the value": fails_at(game, worth=less),
                },
            ),
            "the lazy path": Step(
                walks,
                lazily,
                {
                    "a path that moves past θ*": fails_at(restless, given=FREE),
                    "no more variation": fails_at(late, more=0),
                },
            ),
            "losses on the grid": Step(
                close, rounded, {"no more loss": fails_at({**late, x: [0, 0]}, more=0)}
            ),
            "a point of the grid on the way": Step(
                step_up, on_the_grid, {"a step farther": fails_at({N: 2, θ: half, k: 1}, by=1)}
            ),
        },
        witness=(game, lazy),
        letters={
            "A(t)": ("value of what follows the higher reply", "USD"),
            "B(t)": ("value of what follows the lower reply", "USD"),
            "N": "steps of the grid between 0 and 1",
            "P": ("bound on the path variation of s", "1", "CTTX26, Prop. 1"),
            "V(t)": ("value of the state before round t, by the table", "USD"),
            "e(t)": "1 if the adversary gives the higher reply, 0 if the lower",
            "falling(t)": ("largest value less D_t a of a reply a in round t", "USD"),
            "high(t)": "higher of two replies in round t",
            "k": "a number of steps of the grid",
            "low(t)": "lower of two replies in round t",
            "p(t)": "variation that is left before round t",
            "rising(t)": ("largest value plus D_t a of a reply a in round t", "USD"),
            "θ": ("a needed severity, θ*", "1", "CTTX26, Prop. 1"),
            "ρ(t)": "point of the grid that follows θ*",
        },
        words={
            "the value is at most the mean of what two replies are worth": MEAN,
            "the adversary gives one of the two replies": ANSWER[:2],
            "the value goes on as after that reply": ANSWER[2],
            "it is the one that is worth more against x_t": DEARER,
            "after the last round nothing is to be lost": END,
            "what is left falls by the moves": LEFT[0],
            "at first P is left": LEFT[1],
            "no more than is left is used": LEFT[2],
            "the value is the mean of the largest rising and falling": EQUALISED[0],
            "x_t makes the two cost the same": EQUALISED[1],
            "no reply is worth more than the largest": LARGEST,
            "the grid has a step": FOLLOWED[0],
            "ρ moves towards θ*, at most up to it, or rests": LAZY[0],
            "ρ is within a step of θ*": LAZY[1],
            "the point of the grid is not above θ*": step_up().given[0],
        },
    )
