"""A slope that is always wrong need not miss any budget [CTTX26, Sec. 4.2].

Fill k of round t sells q contracts at mark − α q and needs |mark − α q − bk| q; the estimate has α̂
instead of α, and the policy raises it: H_t = B̂_t. The claim is that |α_t − α̂_t| ≥ C > 0 in every
round makes V_T = Σ [B_t − H_t]₊ at least c T. Three instances refute it, each for any T: α̂_t > α_t;
no volume; estimated prices on the solvent side of bk, where |·| counts a surplus as needed.

What holds: V_T ≥ C q_min² T, if α_t − α̂_t ≥ C, the estimated prices are at most bk, and
Σ_k q_k² ≥ q_min² in every round.
"""

from __future__ import annotations

from sympy import Max, Rational, Sum, sympify

from adlopt.proof import *
from adlopt.proof.formula import denial
from adlopt.proof.lemmas import count

t, k, K, T = integers("t k K T")
C, c, q_min = reals("C c q_min")
α, α_hat, H, q, mark, bk = sequences("α α_hat H q mark bk")


def budget(slope: object) -> Sum:
    """Σ_k |mark − α q − bk| q."""
    price = mark(t, k) - slope * q(t, k)
    return Sum(abs(price - bk(t, k)) * q(t, k), (k, 1, K))


def each_round(formula: Formula) -> Formula:
    """State something for every round."""
    return every(t, 1, T, formula)


def each_fill(formula: Formula) -> Formula:
    """State something for every fill of every round."""
    return each_round(every(k, 1, K, formula))


needed, estimated = budget(α(t)), budget(α_hat(t))
UNDERSHOOT = Sum(Max(0, needed - H(t)), (t, 1, T))
ROUNDS = (ge(T, 1), gt(C, 0), each_round(eq(H(t), estimated)), each_fill(ge(q(t, k), 0)))
WRONG = each_round(ge(abs(α(t) - α_hat(t)), C))
as_stated = Claim(given=(*ROUNDS, WRONG, gt(c, 0)), concludes=ge(UNDERSHOOT, c * T))

LOW = each_round(ge(α(t) - α_hat(t), C))
SAME_SIDE = each_fill(le(mark(t, k) - α_hat(t) * q(t, k), bk(t, k)))
VOLUME = each_round(ge(Sum(q(t, k) ** 2, (k, 1, K)), q_min**2))
HOLDS = (LOW, SAME_SIDE, VOLUME)
FILLS = (ROUNDS[3], SAME_SIDE)


def corrected(given: tuple[Formula, ...] = HOLDS, times: object = 1) -> Claim:
    """The undershoot grows with the rounds."""
    return Claim(given=(*ROUNDS, *given), concludes=ge(UNDERSHOOT, times * C * q_min**2 * T))


TOO_HIGH = {K: 1, α: (t, 0), α_hat: (t, C), q: (t, k, 1), mark: (t, k, 0), bk: (t, k, 0), H: (t, C)}
WHEN = (ge(T, 1), gt(C, 0), gt(c, 0))


def put_in(formula: Formula) -> Formula:
    """Put the first instance: slope 0, estimate C, one contract a round."""
    return put_formula(formula, TOO_HIGH)


def estimates_too_high() -> Family:
    """Nothing is needed and C is raised."""
    size = put_in(eq(abs(mark(t, k) - α_hat(t) * q(t, k) - bk(t, k)), C))
    one = single(k, 1, sympify(1))
    plain = [prove(size, resolve(size, gt(C, 0)), gt(C, 0)), one]
    raises = put_in(eq(H(t), estimated))
    wrong = put_in(ge(abs(α(t) - α_hat(t)), C))
    zero = put_in(eq(Max(0, needed - H(t)), 0))
    free = put_in(eq(needed, 0))
    nothing = prove(free, resolve(free), one)
    missed = prove(zero, resolve(zero, nothing, gt(C, 0)), gt(C, 0))
    rounds = sum_up(for_all(missed, t, 1, T))
    meets = [
        *(prove(formula, formula) for formula in WHEN),
        for_all(prove(raises, plain, multipliers=[C, abs(C)]), t, 1, T),
        for_all(for_all(prove(ge(1, 0)), k, 1, 1), t, 1, T),
        for_all(prove(wrong, resolve(wrong, gt(C, 0))), t, 1, T),
    ]
    violated = prove(denial(put_in(as_stated.concludes)), rounds, gt(c, 0), ge(T, 1))
    when = dict.fromkeys((T, C, c), 2)
    return Family(instance=TOO_HIGH, meets=tuple(meets), violates=violated, when=WHEN, witness=when)


round_t, fill = [le(1, t), le(t, T)], [le(1, k), le(k, K)]


def one_fill(given: tuple[Formula, ...]) -> Fact:
    """A price beyond bk for the estimate is further beyond for the slope itself."""
    known = [at(h, t, using=round_t) for h in given if h == LOW]
    known += [at(h, t, k, using=[*round_t, *fill]) for h in (ROUNDS[3], *given) if h in FILLS]
    guess = bk(t, k) - mark(t, k) + α_hat(t) * q(t, k)
    true = bk(t, k) - mark(t, k) + α(t) * q(t, k)
    further = prove(ge(true - guess, C * q(t, k)), known)
    sizes = absolute(-true), absolute(-guess)
    part = by_cases(
        ge(abs(-true) - abs(-guess), C * q(t, k)), guess, known, further, sizes, gt(C, 0)
    )
    goal = ge(abs(-true) * q(t, k) - abs(-guess) * q(t, k), C * q(t, k) ** 2)
    return prove(goal, part, known)


def derive(times: object = 1, given: tuple[Formula, ...] = HOLDS) -> Fact:
    """Sum over the fills of a round, then over the rounds."""
    fills = sum_up(for_all(discharge(one_fill(given), fill), k, 1, K))
    raises = at(ROUNDS[2], t, using=round_t)
    volume = [at(h, t, using=round_t) for h in given if h == VOLUME]
    positive = maximum(0, needed - H(t))
    one = prove(ge(Max(0, needed - H(t)), C * q_min**2), fills, raises, volume, positive, gt(C, 0))
    rounds = sum_up(for_all(discharge(one, round_t), t, 1, T))
    return prove(corrected(given, times).concludes, rounds, count(t, T), multipliers=[C * q_min**2])


def one_round(numbers: dict[object, object], fills: dict[object, object]) -> dict[object, object]:
    """One round with one fill."""
    point = {T: 1, K: 1, t: 1, k: 1, C: 1, c: 1, q_min: 1}
    return point | numbers | {name: [[value]] for name, value in fills.items()}


def theorem() -> Theorem:
    """V_T = Ω(T)."""
    sold = {q: 1, mark: 0, bk: 0}
    tight = one_round({α: [1], α_hat: [0], H: [0]}, sold)
    high = one_round({α: [0], α_hat: [1], H: [1]}, sold)
    idle = one_round({α: [1], α_hat: [0], H: [0]}, {**sold, q: 0})
    solvent = one_round({α: [3], α_hat: [0], H: [2]}, {q: 1, mark: 10, bk: 8})
    any_sign, any_side = (WRONG, SAME_SIDE, VOLUME), (LOW, VOLUME)
    four = {T: 2, K: 2, C: 1, c: 1, q_min: 1, α: [1, 2], α_hat: [0, 1], H: [0, 2]}
    four |= {q: [[1, 1], [1, 1]], mark: [[1, 2], [3, 4]], bk: [[1, 2], [3, 4]]}
    return Theorem(
        item="Section 4.2, V_T",
        title="undershoot of a slope that is always wrong",
        citation="[CTTX26, Sec. 4.2]",
        statement="V_T = Ω(T) if |α_t − α̂_t| ≥ C in every round",
        verdict=Verdict.REFUTED,
        tightness="C q_min² T is attained",
        remarks=("three reasons: the sign of the error, no volume, and the side of the price",),
        claims={"as stated": as_stated},
        refutation=estimates_too_high(),
        corrected={
            "V_T ≥ C q_min² T, if too low, beyond bk and with volume": Step(
                corrected,
                derive,
                {
                    "11/10 of it": fails_at(tight, times=Rational(11, 10)),
                    "slopes that are estimated too high": fails_at(high, given=any_sign),
                    "rounds without volume": fails_at(idle, given=(LOW, SAME_SIDE)),
                    "estimated prices on the solvent side of bk": fails_at(solvent, given=any_side),
                },
            )
        },
        steps={"one fill": one_fill(HOLDS)},
        witness=four,
        letters={
            "C": ("least error of the slope", "USD/contract²", "CTTX26, Sec. 4.2"),
            "K": "number of fills of a round",
            "bk(t, k)": ("bankruptcy price of fill k of round t", "USD/contract", "CTTX26, Eq. 6"),
            "c": ("least undershoot of a round that is claimed", "USD"),
            "mark(t, k)": ("mark price of fill k of round t", "USD/contract", "CTTX26, Sec. 4.2"),
            "q(t, k)": ("contracts of fill k of round t", "contracts", "CTTX26, Eq. 6"),
            "q_min": ("bound on the volumes from below", "contracts"),
            "α(t)": ("price impact of round t, a slope", "USD/contract²", "CTTX26, Sec. 4.2"),
            "α_hat(t)": ("its estimate before the round", "USD/contract²", "CTTX26, Sec. 4.2"),
        },
        words={
            "the slope is always wrong by something": ROUNDS[1],
            "the policy raises its estimate": ROUNDS[2],
            "fills have no negative size": ROUNDS[3],
            "the slope is wrong by C at least": WRONG,
            "the undershoot that is claimed is positive": WHEN[2],
            "the slope is estimated too low, by C at least": LOW,
            "estimated prices are at most the bankruptcy price": SAME_SIDE,
            "every round has volume": VOLUME,
        },
    )
