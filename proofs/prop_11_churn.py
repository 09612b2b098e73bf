"""Queues can make the effective slope of a round jump; so can pro-rata [CTTX26, Prop. 11].

The effective slope of a round is Σ α_i q_i² / Σ q_i², for what accounts q_i pay. The paper has n
unit accounts whose slopes alternate between α_max and α_min, unit budgets, and closed accounts that
leave. In round t the open accounts are t … n, with i − t unit capacities ahead of account i: the
queue closes account t, and its effective slope moves by α_max − α_min in every round. Pro-rata
takes the same from all: its effective slope never moves.

That is one instance. In another, two accounts with slopes 0 and 1 have capacities (c, Mc) and
(Mc, c) in turn, with c ≥ 1: the queue never closes account 1 and its effective slope never moves,
while that of pro-rata moves by (M² − 1)/(M² + 1) in every round.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import count
from adlopt.proof.whole_numbers import odd, parity, parity_alternates

i, t, n, T = integers("i t n T")
α_min, α_max, c, M, w = reals("α_min α_max c M w")
even_value, odd_value = reals("even_value odd_value")
α_queue, α_pro_rata, share, p_1, p_2 = sequences("α_queue α_pro_rata share p_1 p_2")


def path(slope: object) -> Sum:
    """Return Σ |α_t − α_(t−1)| over the rounds."""
    return Sum(abs(slope(t) - slope(t - 1)), (t, 2, T))


def each_round(formula: Formula) -> Formula:
    """State something for every round."""
    return every(t, 1, T, formula)


# The instance of the paper -----------------------------------------------------------------------

α = α_min + (α_max - α_min) * odd(i)
taken = Max(0, Min(1, 1 - (i - t)))


def open_accounts(summand: object) -> Sum:
    """Sum over the accounts that are open in round t."""
    return Sum(summand, (i, t, n))


CHURN = (ge(T, 1), le(T, n), ge(α_max, α_min))
QUEUE = each_round(eq(α_queue(t) * open_accounts(taken**2), open_accounts(α * taken**2)))
PRO_RATA = (
    each_round(gt(share(t), 0)),
    each_round(
        eq(α_pro_rata(t) * Sum(share(t) ** 2, (i, 1, n)), Sum(α * share(t) ** 2, (i, 1, n)))
    ),
)


def moves(rounds: object = T - 1) -> Claim:
    """The path variation of the queue."""
    return Claim(given=(*CHURN, QUEUE), concludes=eq(path(α_queue), rounds * (α_max - α_min)))


rests = Claim(given=(*CHURN, *PRO_RATA), concludes=eq(path(α_pro_rata), 0))
within, later = [le(1, t), le(t, T)], [le(2, t), le(t, T)]


def effective() -> Fact:
    """Only account t pays: its slope is the effective one."""
    behind, known = [le(t + 1, i), le(i, n)], [*within, le(T, n)]
    rest = prove(eq(taken, 0), resolve(eq(taken, 0), behind))
    whole = put_formula(eq(taken, 1), {i: t})
    mine = prove(put_formula(eq(taken**2, 1), {i: t}), prove(whole, resolve(whole)))
    sums = []
    for weight in (1, α):
        nothing = prove(eq(weight * taken**2, 0), rest, multipliers=[weight * taken, weight])
        zeros = sum_up(for_all(discharge(nothing, behind), i, t + 1, n))
        sums += [first_term(i, t, n, weight * taken**2, using=known), zeros]
    slope = α.subs(i, t)
    fact = prove(
        eq(α_queue(t), slope),
        at(QUEUE, t, using=within),
        sums,
        mine,
        multipliers=[slope, α_queue(t)],
    )
    return discharge(fact, within, le(T, n))


def turns(slope: object, value: Fact, low: object, high: object) -> list[Fact]:
    """An effective slope that is high in odd and low in even rounds moves by their difference."""
    move, alternating = slope(t) - slope(t - 1), (high - low) * (odd(t) - odd(t - 1))
    known = [absolute(move), absolute(alternating)]
    same = by_cases(eq(abs(move), abs(alternating)), move, two_rounds(value), known)
    return [sum_up(every_move(same)), put(alternating_path(), {even_value: low, odd_value: high})]


def alternating_path() -> Fact:
    """Σ |a_t − a_(t−1)| = (T − 1)(a_odd − a_even), the odd value being no smaller, for T ≥ 1."""
    e, before, height = odd(t), odd(t - 1), odd_value - even_value
    move = height * (e - before)
    turn = put(parity_alternates(t), {t: t - 1})
    factors = [height**2, height**2 * e, height**2 * before]
    square = prove(eq(move**2, height**2), turn, parity(t)[2], multipliers=factors)
    known = [absolute(move), square, ge(odd_value, even_value)]
    goals = (ge(abs(move), height), le(abs(move), height))
    sides = [by_contradiction(goal, known) for goal in goals]
    jumps = sum_up(for_all(prove(eq(abs(move), height), sides), t, 2, T))
    number = first_term(t, 1, T, sympify(1), using=le(1, T))
    goal = eq(Sum(abs(move), (t, 2, T)), (T - 1) * height)
    return prove(goal, jumps, number, count(t, T), multipliers=[even_value, odd_value])


def two_rounds(value: Fact) -> list[Fact]:
    """What holds in every round, in this one and in the last one."""
    family = for_all(value, t, 1, T)
    return [at(family, place, using=later) for place in (t, t - 1)]


def every_move(fact: Fact) -> Fact:
    """State something for every round but the first."""
    return for_all(discharge(fact, later), t, 2, T)


def queue_moves(rounds: object = T - 1) -> Fact:
    """The slopes of neighbouring accounts differ by α_max − α_min."""
    return prove(moves(rounds).concludes, turns(α_queue, effective(), α_min, α_max))


def pro_rata_rests() -> Fact:
    """The same from all: the effective slope is the mean one in every round."""
    positive, equation = (at(h, t, using=within) for h in PRO_RATA)
    total, number = Sum(α, (i, 1, n)), Sum(1, (i, 1, n))
    square = prove(gt(share(t) ** 2, 0), positive)
    goals = (ge(α_pro_rata(t) * number, total), le(α_pro_rata(t) * number, total))
    sides = [by_contradiction(goal, square, equation) for goal in goals]
    counted = discharge(count(i, n), prove(ge(n, 1), CHURN[:2]))
    scaled = prove(eq(α_pro_rata(t) * n, total), sides, counted, multipliers=[α_pro_rata(t)])
    inverse = reciprocal(n, prove(gt(n, 0), CHURN[:2]))
    mean = prove(eq(α_pro_rata(t), w * total), scaled, eq(w * n, 1), multipliers=[w, α_pro_rata(t)])
    mean = discharge(put(mean, {w: 1 / n}), inverse)
    return rests_if(mean, α_pro_rata, rests)


def rests_if(value: Fact, slope: object, claim: Claim) -> Fact:
    """A slope that is the same in all rounds has no path."""
    move = slope(t) - slope(t - 1)
    still = by_cases(eq(abs(move), 0), move, two_rounds(discharge(value, within)))
    return prove(claim.concludes, sum_up(every_move(still)))


# The instance reversed ---------------------------------------------------------------------------

u_1, u_2 = c * (M - (M - 1) * odd(t)), c * (1 + (M - 1) * odd(t))
first = Min(u_1, 1)
second = Min(u_2, 1 - first)
SIZES = (ge(T, 1), ge(M, 1))
AMPLE = ge(c, 1)
EFFECTIVE = tuple(
    each_round(eq(slope(t) * (pays_1**2 + pays_2**2), pays_2**2))
    for slope, pays_1, pays_2 in ((α_queue, first, second), (α_pro_rata, p_1(t), p_2(t)))
)
SHARES = tuple(each_round(eq(p(t) * (u_1 + u_2), u)) for p, u in ((p_1, u_1), (p_2, u_2)))
queue_rests = Claim(given=(*SIZES, AMPLE, EFFECTIVE[0]), concludes=eq(path(α_queue), 0))


def pro_rata_moves(step: object = (M**2 - 1) / (M**2 + 1)) -> Claim:
    """The path variation of pro-rata."""
    given = (*SIZES, AMPLE, *SHARES, EFFECTIVE[1])
    return Claim(given=given, concludes=eq(path(α_pro_rata), (T - 1) * step))


def never_closes(ample: object = AMPLE) -> Fact:
    """Account 1 has at least the budget: it pays all of it, and its slope is 0."""
    low, high, _ = parity(t)
    room = prove(ge(u_1, 1), SIZES, ample, low, high, degree=3)
    other = prove(ge(u_2, 0), SIZES, ample, low, high, degree=3)
    whole = prove(eq(first, 1), resolve(eq(first, 1), room))
    none = prove(eq(second, 0), resolve(eq(second, 0), whole, other), whole)
    squares = [prove(eq(first**2, 1), whole), prove(eq(second**2, 0), none)]
    value = eq(α_queue(t), 0)
    zero = prove(value, at(EFFECTIVE[0], t, using=within), squares, multipliers=[α_queue(t)])
    return rests_if(zero, α_queue, queue_rests)


def value_of_pro_rata() -> Fact:
    """The shares are u/(u_1 + u_2), and u_1 + u_2 = c (M + 1) in every round."""
    e, slope, size = odd(t), α_pro_rata(t), M + 1
    parts = M - (M - 1) * e, 1 + (M - 1) * e
    by_c = reciprocal(c, prove(gt(c, 0), AMPLE))
    shares = [
        prove(
            eq(size * p, part),
            at(law, t, using=within),
            by_c,
            multipliers=[1 / c, size * p - part],
        )
        for p, part, law in zip((p_1(t), p_2(t)), parts, SHARES, strict=True)
    ]
    sums = [part + size * p for p, part in zip((p_1(t), p_2(t)), parts, strict=True)]
    whole = prove(
        eq(slope * (parts[0] ** 2 + parts[1] ** 2), parts[1] ** 2),
        at(EFFECTIVE[1], t, using=within),
        shares,
        multipliers=[size**2, *(slope * e for e in sums), sums[1]],
    )
    scaled = prove(
        eq(slope * (M**2 + 1), 1 + (M**2 - 1) * e),
        whole,
        parity(t)[2],
        multipliers=[slope * (M - 1) ** 2, (M - 1) ** 2],
    )
    goal = eq(slope, w + (M**2 * w - w) * e)
    return prove(goal, scaled, eq(w * (M**2 + 1), 1), multipliers=[w, slope])


def two_values(step: object = (M**2 - 1) / (M**2 + 1)) -> Fact:
    """The effective slope is M²/(M² + 1) in odd rounds and 1/(M² + 1) in even ones."""
    turn = turns(α_pro_rata, value_of_pro_rata(), w, M**2 * w)
    inverse = reciprocal(M**2 + 1, prove(gt(M**2 + 1, 0), squares=[M]))
    order = prove(ge(M**2 * w, w), gt(w, 0), ge(M, 1), degree=3)
    moves = prove(eq(path(α_pro_rata), (T - 1) * (M**2 - 1) * w), turn)
    fact = put(discharge(moves, order), {w: 1 / (M**2 + 1)})
    return prove(pro_rata_moves(step).concludes, discharge(fact, inverse))


def theorem() -> Theorem:
    """Proposition 11, and the same instance reversed."""
    tenth, quarter = Rational(1, 10), Rational(1, 4)
    churn = {n: 4, T: 2, t: 1, i: 1, α_min: 1, α_max: 3, share: [1, quarter]}
    churn |= {α_queue: [3, 1], α_pro_rata: [2, 2]}
    taking_turns = {T: 2, t: 1, i: 1, M: 3, c: 2, p_1: [quarter, 3 * quarter]}
    taking_turns |= {p_2: [3 * quarter, quarter], α_queue: [0, 0]}
    taking_turns |= {α_pro_rata: [9 * tenth, tenth]}
    small = {**taking_turns, M: 2, c: Rational(1, 2), α_queue: [Rational(1, 2), 0]}
    any_size = Claim(given=(*SIZES, EFFECTIVE[0]), concludes=queue_rests.concludes)
    return Theorem(
        item="Proposition 11",
        title="path variation of the effective slope, for a queue and for pro-rata",
        citation="[CTTX26, Prop. 11]",
        statement="an instance where P is (T − 1)(α_max − α_min) for a queue and 0 for pro-rata",
        verdict=Verdict.PROVED,
        tightness="exact on the instance",
        remarks=(
            "an example, not a property of queues: the reversed instance has P = 0 for a queue",
            "a large P does not make V_T large: a rule that knows the period misses nothing",
        ),
        proves={
            "the queue moves": Step(
                moves, queue_moves, {"T moves in T rounds": fails_at(churn, rounds=T)}
            ),
            "pro-rata rests": Step(rests, pro_rata_rests()),
            "reversed: the queue rests": Step(
                queue_rests,
                never_closes,
                {
                    "a queue rests with less than the budget in account 1": fails_at(
                        small, any_size, ample=()
                    )
                },
            ),
            "reversed: pro-rata moves": Step(
                pro_rata_moves, two_values, {"pro-rata never moves": fails_at(taking_turns, step=0)}
            ),
        },
        steps={
            "slope of the queue": effective(),
            "slope of pro-rata, reversed": value_of_pro_rata(),
        },
        witness=(churn, taking_turns),
        letters={
            "M": "ratio of the two capacities of the reversed instance",
            "c": "smaller capacity of the reversed instance, the budget being 1",
            "n": ("number of accounts", "1", "CTTX26, Prop. 11"),
            "p_1(t)": "what account 1 gives by pro-rata in round t of the reversed instance",
            "p_2(t)": "what account 2 gives there",
            "share(t)": "what each account gives by pro-rata in round t",
            "α_max": ("slope of accounts 1, 3, 5, …", "USD/contract²", "CTTX26, Prop. 11"),
            "α_min": ("slope of accounts 2, 4, 6, …", "USD/contract²", "CTTX26, Prop. 11"),
            "α_pro_rata(t)": (
                "effective slope of round t by pro-rata",
                "USD/contract²",
                "CTTX26, Prop. 11",
            ),
            "α_queue(t)": (
                "effective slope of round t by the queue",
                "USD/contract²",
                "CTTX26, Prop. 11",
            ),
        },
        words={
            "there is an account for every round": CHURN[1],
            "the two slopes are in order": CHURN[2],
            (
                "α_queue is the effective slope of what the queue "
                "takes: all of account t, which then leaves"
            ): QUEUE,
            "pro-rata takes something from everybody": PRO_RATA[0],
            "α_pro_rata is the effective slope of equal shares": PRO_RATA[1],
            "one account is at least as large as the other": SIZES[1],
            "either account can give the whole budget": AMPLE,
            (
                "α_queue is the effective slope of what the queue takes, of slopes 0 and 1"
            ): EFFECTIVE[0],
            "p_1 and p_2 are pro-rata of a budget of 1": SHARES,
            "α_pro_rata is the effective slope of these, of slopes 0 and 1": EFFECTIVE[1],
        },
    )
