"""Rounds that share their winners: what burden they force, and what not knowing the next costs.

Account i pays x(i, t) ≥ 0 in round t if it is among the winners W_t, with Σ_i x(i, t) = B_t; its
burden is Σ_t x(i, t)/u_i. For every set S of rounds, the accounts of ∪_S W_t pay them alone, so

    max_i Σ_t x(i, t)/u_i  ≥  Σ_{t ∈ S} B_t / Σ_{i ∈ ∪_S W_t} u_i.

Haircuts x with burden z that attain it for some S, z Σ_{∪_S W_t} u_i = Σ_S B_t, therefore have the
least burden of all. Answers carry such a set, and its sums are checked; that there always is one is
the theorem of maximal flow and minimal cut, which nothing here rests on. For two rounds it is made
here: whoever wins in one round alone pays that round first, as much as the burden allows, and those
who win in both pay the rest.

Online. n accounts of capacity 1, n rounds with the budget 1; after each round the account that has
paid least leaves. The mean payment of those who stay never drops when it leaves, and grows by 1/m
in a round with m of them, so the last one pays at least H_n = 1 + 1/2 + … + 1/n. Pro-rata in each
round has burden H_n, and the account that leaves after a round could have paid all of it: burden 1.
"""

from __future__ import annotations

from functools import cache

from sympy import Min, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.lemmas import count

i, t, j, n, m, r, T = integers("i t j n m r T")
z, other = reals("z z_other")
x, w, u, v, s, B, f, y = sequences("x w u v s B f y")

# Every set of rounds ------------------------------------------------------------------------------


def both(formula: Formula) -> Formula:
    """For every account in every round."""
    return every(i, 1, n, every(t, 1, T, formula))


COVER = Sum(v(i) * u(i), (i, 1, n))
PAYMENTS = (
    both(ge(x(i, t), 0)),
    every(t, 1, T, eq(Sum(x(i, t), (i, 1, n)), B(t))),
    every(i, 1, n, le(Sum(x(i, t), (t, 1, T)), z * u(i))),
)
MEMBERS = both(eq(x(i, t) * (1 - w(i, t)), 0))
CHOSEN = (
    both(ge(v(i), s(t) * w(i, t))),
    every(i, 1, n, ge(v(i), 0)),
    gt(COVER, 0),
)
ROUNDS = (*PAYMENTS, MEMBERS, *CHOSEN)


def cut(given: tuple[Formula, ...] = ROUNDS, worth: object = 1) -> Claim:
    """The accounts of the chosen rounds pay for them; s and v are 1 on S and its accounts."""
    bound = worth * Sum(s(t) * B(t), (t, 1, T)) / COVER
    return Claim(given=given, concludes=ge(z, bound))


@cache
def weak_side(members: Formula = MEMBERS, worth: object = 1) -> Fact:
    """Σ_S B = Σ_i Σ_S x(i, t) ≤ Σ_i v_i Σ_t x(i, t) ≤ z Σ v_i u_i."""
    account, inside = [le(1, i), le(i, n)], [le(1, t), le(t, T)]
    every_pair = [*account, *inside]
    paid, member, union = (at(h, i, t, using=every_pair) for h in (PAYMENTS[0], members, CHOSEN[0]))
    one = prove(le(s(t) * x(i, t), v(i) * x(i, t)), paid, member, union, multipliers=[s(t)])
    own, weight = (at(h, i, using=account) for h in (PAYMENTS[2], CHOSEN[1]))
    chosen = Sum(s(t) * x(i, t), (t, 1, T))
    summed = sum_up(for_all(one, t, 1, T))
    of_account = prove(le(chosen, v(i) * z * u(i)), summed, own, weight)
    everyone = sum_up(for_all(of_account, i, 1, n))
    order = swap(i, t, (1, n, 1, T), s(t) * x(i, t))
    budget = at(PAYMENTS[1], t, using=inside)
    collected = eq(s(t) * B(t), s(t) * Sum(x(i, t), (i, 1, n)))
    raised = sum_up(for_all(prove(collected, budget, multipliers=[s(t)]), t, 1, T))
    total = prove(le(Sum(s(t) * B(t), (t, 1, T)), z * COVER), everyone, order, raised, degree=1)
    inverse = reciprocal(COVER, CHOSEN[2])
    return prove(cut(worth=worth).concludes, total, inverse, multipliers=[z])


OTHER = {x: (i, t, y(i, t)), z: other}
ATTAINED = eq(z * COVER, Sum(s(t) * B(t), (t, 1, T)))
OTHERS = tuple(put_formula(formula, OTHER) for formula in (*PAYMENTS, MEMBERS))


def least(worth: object = 1) -> Claim:
    """No haircuts y with the same winners and budgets have less burden than x."""
    return Claim(given=(*ROUNDS, *OTHERS, ATTAINED), concludes=ge(other, worth * z))


def no_less(worth: object = 1) -> Fact:
    """The cut that x attains bounds y too."""
    known = [put(weak_side(), OTHER), ATTAINED, reciprocal(COVER, CHOSEN[2])]
    return prove(least(worth).concludes, known, multipliers=[1 / COVER, z], degree=1)


# Two rounds, by explicit haircuts -----------------------------------------------------------------

one, two, shared, B_1, B_2 = reals("one two shared B_1 B_2")
EACH_CUT = (
    ge(z * (one + shared), B_1),
    ge(z * (two + shared), B_2),
    ge(z * (one + two + shared), B_1 + B_2),
)
SIZES = tuple(ge(size, 0) for size in (z, one, two, shared, B_1, B_2))


def two_rounds(cuts: tuple[Formula, ...] = EACH_CUT) -> Claim:
    """What is left for those who win in both rounds is within z times their capacity."""
    rest = B_1 - Min(B_1, z * one) + B_2 - Min(B_2, z * two)
    return Claim(given=(*SIZES, *cuts), concludes=le(rest, z * shared))


def explicit(cuts: tuple[Formula, ...] = EACH_CUT) -> Fact:
    """Whoever wins in one round alone pays all of it, or all that the burden allows."""
    return by_cases(two_rounds().concludes, [B_1 - z * one, B_2 - z * two], SIZES, cuts, degree=2)


# Not knowing the next round -----------------------------------------------------------------------


def load(account: object, upto: object) -> Sum:
    """What an account has paid."""
    return Sum(x(account, j), (j, 1, upto))


LEAST_LEAVES = every(r, 1, n, every(i, r, n, le(load(r, r), load(i, r))))
FAMILY = (ge(n, 1), every(r, 1, n, eq(Sum(x(i, r), (i, r, n)), 1)))
H = Sum(1 / j, (j, 1, n))


def online(given: tuple[Formula, ...] = (*FAMILY, LEAST_LEAVES), worth: object = 1) -> Claim:
    """The last account has paid H_n; accounts are numbered in the order in which they leave."""
    return Claim(given=given, concludes=ge(load(n, n), worth * H))


def backwards(upto: object) -> Fact:
    """Σ f(m + 1 − j) = Σ f(j)."""
    claim = eq(Sum(f(m + 1 - j), (j, 1, m)), Sum(f(j), (j, 1, m)))
    inside = [ge(m, 1), le(m + 1, n)]
    first = [single(j, 1, f(2 - j)), single(j, 1, f(j))]
    head = first_term(j, 1, m + 1, f(m + 2 - j), using=inside)
    moved = shift(j, 1, m, f(m + 1 - j), 1)
    more = last_term(j, 1, m + 1, f(j), using=inside)
    base = prove(put_formula(claim, {m: 1}), first)
    step = prove(put_formula(claim, {m: m + 1}), claim, head, moved, more)
    return at(induct(base, step, claim, m, 1, n), upto, using=le(1, n))


def stays(upto: object) -> Sum:
    """What the accounts that are still there in a round have paid after it."""
    return Sum(load(i, upto), (i, upto, n))


def reached(upto: object) -> Sum:
    """1/n + 1/(n − 1) + … + 1/(n + 1 − r)."""
    return Sum(1 / (n + 1 - j), (j, 1, upto))


def survivors() -> Fact:
    """Σ of a constant over i = r … n is n − r + 1 of it."""
    moved = shift(i, r, n, sympify(1), 1 - r)
    return prove(eq(Sum(1, (i, r, n)), n - r + 1), moved, counted())


def counted() -> Fact:
    """Σ of 1 over n − r + 1 accounts."""
    return discharge(put(count(i, m), {m: n - r + 1}), le(r, n))


def leaving(rule: Formula, inside: list[Formula]) -> Fact:
    """(n − r + 1) times the least is at most what all have paid."""
    least = at(rule, r, using=inside)
    poorer = at(least, i, using=[le(r, i), le(i, n)])
    total = sum_up(for_all(poorer, i, r, n))
    return prove(
        le((n - r + 1) * load(r, r), stays(r)), total, survivors(), multipliers=[load(r, r)]
    )


@cache
def derive(rule: Formula = LEAST_LEAVES, worth: object = 1) -> dict[str, Fact]:
    """The mean of those who stay is at least 1/n + … + 1/(n − r + 1) after round r."""
    claim = ge(stays(r), (n - r + 1) * reached(r))
    size, first = prove(gt(n, 0), FAMILY[0]), le(1, n)
    ones = for_all(single(j, 1, x(i, j)), i, 1, n)
    base = prove(
        put_formula(claim, {r: 1}),
        sum_up(ones),
        at(FAMILY[1], 1, using=first),
        single(j, 1, 1 / (n + 1 - j)),
        reciprocal(n, size),
        multipliers=[n],
    )
    inside = [ge(r, 1), le(r + 1, n)]
    least = discharge(leaving(rule, [*inside, le(r, n)]), prove(le(r, n), inside))
    gone = first_term(i, r, n, load(i, r), using=inside)
    paid = sum_up(for_all(last_term(j, 1, r + 1, x(i, j), using=inside), i, r + 1, n))
    budget = at(FAMILY[1], r + 1, using=inside)
    left = Sum(load(i, r), (i, r + 1, n))
    mean = by_contradiction(ge(left, (n - r) * reached(r)), claim, least, gone, inside)
    more = last_term(j, 1, r + 1, 1 / (n + 1 - j), using=inside)
    share = reciprocal(n - r, prove(gt(n - r, 0), inside))
    step = prove(
        put_formula(claim, {r: r + 1}),
        *(mean, paid, budget, more, share),
        multipliers=[n, r, n - r],
    )
    whole = at(induct(base, step, claim, r, 1, n), n, using=first)
    last = single(i, n, load(i, n))
    harmonic = put(backwards(n), {f: (j, 1 / j)})
    bound = prove(online(worth=worth).concludes, whole, last, harmonic, degree=1)
    return {"one leaves": least, "the mean": whole, "bound": bound}


EQUAL = every(i, 1, n, every(r, 1, i, eq(x(i, r), 1 / (n + 1 - r))))
pro_rata = Claim(given=(ge(n, 1), EQUAL), concludes=every(i, 1, n, le(load(i, i), H)))
LEAVER = (
    every(i, 1, n, every(r, 1, i - 1, eq(x(i, r), 0))),
    every(i, 1, n, eq(x(i, i), 1)),
)
offline = Claim(given=LEAVER, concludes=every(i, 1, n, eq(load(i, i), 1)))
RAISED = FAMILY[1]
enough = Claim(given=(ge(n, 1), EQUAL), concludes=RAISED)
enough_offline = Claim(given=LEAVER, concludes=RAISED)


def attains() -> Fact:
    """The first i terms of 1/n + … + 1, which are positive."""
    account, later = [le(1, i), le(i, n)], [le(i + 1, j), le(j, n)]
    term = 1 / (n + 1 - j)
    mine = at(EQUAL, i, using=account)
    own = sum_up(for_all(at(mine, j, using=[le(1, j), le(j, i)]), j, 1, i))
    positive = reciprocal(n + 1 - j, prove(gt(n + 1 - j, 0), later))[1]
    rest = sum_up(for_all(prove(ge(term, 0), positive), j, i + 1, n))
    parts = split(j, 1, i, n, term, using=account)
    harmonic = put(backwards(n), {f: (j, 1 / j)})
    one = prove(le(load(i, i), H), own, rest, parts, harmonic, degree=1)
    return for_all(discharge(one, account), i, 1, n)


def alone() -> Fact:
    """Nothing before round i, and all of it then."""
    account = [le(1, i), le(i, n)]
    before = at(LEAVER[0], i, using=account)
    none = sum_up(for_all(at(before, j, using=[le(1, j), le(j, i - 1)]), j, 1, i - 1))
    last = last_term(j, 1, i, x(i, j), using=account)
    return for_all(prove(eq(load(i, i), 1), none, last, at(LEAVER[1], i, using=account)), i, 1, n)


def shares_add_up() -> Fact:
    """N − r + 1 accounts pay 1/(n − r + 1) each."""
    inside, account = [le(1, r), le(r, n)], [le(r, i), le(i, n)]
    mine = at(at(EQUAL, i, using=[*inside, *account]), r, using=[*inside, *account])
    share = reciprocal(n + 1 - r, prove(gt(n + 1 - r, 0), inside))
    paid = sum_up(for_all(discharge(mine, *inside, *account), i, r, n))
    goal = eq(Sum(x(i, r), (i, r, n)), 1)
    one = prove(goal, paid, survivors(), share, multipliers=[1 / (n + 1 - r)])
    return for_all(discharge(one, inside), r, 1, n)


def leaver_pays() -> Fact:
    """Account r pays 1 in round r, later ones nothing."""
    inside, later = [le(1, r), le(r, n)], [le(r + 1, i), le(i, n)]
    none = at(at(LEAVER[0], i, using=[*inside, *later]), r, using=[*inside, *later])
    rest = sum_up(for_all(none, i, r + 1, n))
    first = first_term(i, r, n, x(i, r), using=inside)
    one = prove(eq(Sum(x(i, r), (i, r, n)), 1), rest, first, at(LEAVER[1], r, using=inside))
    return for_all(discharge(one, inside), r, 1, n)


def theorem() -> Theorem:
    """The coupled rounds."""
    half, more = Rational(1, 2), Rational(11, 10)
    pair = {n: 2, T: 2, z: 1, B: [1, 1], u: [1, 1], v: [1, 1], s: [1, 1]}
    pair |= {x: [[1, 0], [0, 1]], w: [[1, 0], [1, 1]]}
    pair |= {y: pair[x], other: 1}
    pair |= {one: 1, two: 1, shared: 1, B_1: 1, B_2: 2}
    narrow = {z: 1, one: 0, two: 0, shared: 1, B_1: 1, B_2: 1}
    away = {**pair, T: 1, z: half, B: [1], u: [1, 1], v: [1, 0], s: [1]}
    away |= {x: [[half], [half]], w: [[1], [0]]}
    poorest_stays = every(r, 1, n, every(i, r, n, ge(load(r, r), load(i, r))))
    steps = derive()
    return Theorem(
        item="Coupled rounds",
        title="the burden that rounds with common winners force, and the price of being online",
        citation="new; compare [CTTX26, Prop. 9]",
        statement="z ≥ Σ_S B_t/u(∪_S W_t), least where some S attains it; online H_n times that",
        verdict=Verdict.PROVED,
        tightness="H_n is attained by pro-rata in each round on the family of the lower bound",
        remarks=("payments in the online bound may have any sign",),
        proves={
            "every set of rounds": Step(
                cut,
                weak_side,
                {
                    "winners of other rounds may pay": fails_at(
                        away, cut((*PAYMENTS, *CHOSEN)), members=both(eq(sympify(0), 0))
                    ),
                    "11/10 of the cut": fails_at(pair, worth=more),
                },
            ),
            "the largest is the least burden": Step(
                least,
                no_less,
                {"other haircuts have 11/10 of the burden": fails_at(pair, worth=more)},
            ),
            "two rounds, by explicit haircuts": Step(
                two_rounds,
                explicit,
                {"without the set of both rounds": fails_at(narrow, cuts=EACH_CUT[:2])},
            ),
            "online": Step(
                online,
                derive,
                {
                    "the account that has paid most leaves": fails_at(
                        pair, online((*FAMILY, poorest_stays)), rule=poorest_stays
                    ),
                    "11/10 of H_n": fails_at({n: 1, x: [[1]]}, worth=more),
                },
                takes="bound",
            ),
            "pro-rata, online": Step(pro_rata, attains()),
            "pro-rata raises each budget": Step(enough, shares_add_up()),
            "knowing who leaves": Step(offline, alone()),
            "who leaves raises each budget": Step(enough_offline, leaver_pays()),
        },
        steps=steps,
        witness=(pair, {**pair, x: [[half, 0], [half, 1]]}),
        letters={
            "B(t)": ("budget of round t", "USD", "CTTX26, Eq. 7"),
            "B_1": ("budget of the first of two rounds", "USD"),
            "B_2": ("budget of the second", "USD"),
            "n": ("number of accounts; in the online claims, of rounds too", "1", "CTTX26, Sec. 2"),
            "one": ("capacity of those who win in the first round alone", "USD"),
            "s(t)": "1 if round t is in the set S, else 0",
            "shared": ("capacity of those who win in both rounds", "USD"),
            "two": ("capacity of those who win in the second round alone", "USD"),
            "u(i)": ("capacity of account i", "USD", "CTTX26, Eq. 7"),
            "v(i)": "1 if account i wins in a round of S, else 0",
            "w(i, t)": "1 if account i wins in round t, else 0",
            "x(i, t)": ("what account i pays in round t", "USD", "CTTX26, Eq. 7"),
            "y(i, t)": ("what it pays in other haircuts", "USD"),
            "z": ("worst burden of the haircuts x", "1", "CTTX26, Eq. 8"),
            "z_other": "worst burden of the haircuts y",
        },
        words={
            "nobody is paid": PAYMENTS[0],
            "each round's budget is raised": PAYMENTS[1],
            "z is a burden that nobody exceeds over all rounds": PAYMENTS[2],
            "only winners of a round pay in it": MEMBERS,
            "v_i is 1 for the winners of the rounds of S, and never negative": CHOSEN[:2],
            "these winners have capacity": CHOSEN[2],
            "in the other haircuts nobody is paid": OTHERS[0],
            "the other haircuts raise each round's budget": OTHERS[1],
            "nobody exceeds z_other in the other haircuts": OTHERS[2],
            "only winners of a round pay in it in the other haircuts": OTHERS[3],
            (
                "the haircuts x attain the bound of S: what its rounds"
                " need is z times what its winners have"
            ): ATTAINED,
            "burden, capacities and budgets are not negative": SIZES,
            "z is at least what the first round alone forces": EACH_CUT[0],
            "z is at least what the second round alone forces": EACH_CUT[1],
            "z is at least what both rounds force together": EACH_CUT[2],
            "there is an account": FAMILY[0],
            "each round raises a budget of 1 from those who are still there": RAISED,
            (
                "after each round the account that has paid least leaves; they are numbered so"
            ): LEAST_LEAVES,
            "pro-rata: those who are there pay the same": EQUAL,
            "the account that leaves after a round pays all of it, and nothing before": LEAVER,
        },
    )
