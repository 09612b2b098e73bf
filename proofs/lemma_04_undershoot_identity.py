"""The undershoot of a policy that raises its estimate of the needed budget [CTTX26, Lemma 4].

If H_t = B̂_t in every round, V_T = Σ [B_t − H_t]₊ is Σ [B_t − B̂_t]₊. A policy can raise B̂_t only if
neither the capacities U_t nor the deficit D_t are smaller: in general it raises
H_t = min(B̂_t, U_t, D_t), and the undershoot is Σ [B_t − B̂_t]₊ or more. Whatever it raises, the two
differ by at most Σ |H_t − B̂_t|.
"""

from __future__ import annotations

from sympy import Max, Min, Rational, Sum

from adlopt.proof import *

t, T = integers("t T")
B, B_hat, H, U, D, room = sequences("B B_hat H U D room")

inside = [le(1, t), le(t, T)]
ROOM = {room: (t, Min(U(t), D(t)))}
IS_ESTIMATE = every(t, 1, T, eq(H(t), B_hat(t)))
RAISES = every(t, 1, T, eq(H(t), Min(B_hat(t), room(t))))
FITS = every(t, 1, T, le(B_hat(t), room(t)))


def undershoot(raised: object) -> Sum:
    """Σ [B_t − H_t]₊ over the rounds, H_t being `raised`."""
    return Sum(Max(0, B(t) - raised), (t, 1, T))


same = eq(undershoot(H(t)), undershoot(B_hat(t)))
identity = Claim(given=(IS_ESTIMATE,), concludes=same)
possible = Claim(given=(put_formula(RAISES, ROOM),), concludes=same)
lower = Claim(given=possible.given, concludes=ge(undershoot(H(t)), undershoot(B_hat(t))))
FOLLOWED = Sum(abs(H(t) - B_hat(t)), (t, 1, T))


def close(share: object = 1) -> Claim:
    """How far the undershoot can be from that of the estimate."""
    gap = undershoot(H(t)) - undershoot(B_hat(t))
    return Claim(given=(), concludes=le(abs(gap), share * FOLLOWED))


def with_sign(estimate: object) -> Formula:
    """The identity for an estimate with another sign."""
    return eq(undershoot(H(t)), undershoot(estimate))


def as_estimated(estimate: object = B_hat(t)) -> Fact:
    """The policy raises what it estimates."""
    known = at(IS_ESTIMATE, t, using=inside)
    each = eq(Max(0, B(t) - H(t)), Max(0, B(t) - estimate))
    return summed(with_sign(estimate), each, known, on=estimate)


def summed(goal: Formula, each: Formula, *known: object, on: object = B_hat(t)) -> Fact:
    """Compare one round by the signs of B − H and B − B̂, and sum."""
    one = by_cases(each, [B(t) - H(t), B(t) - on], known)
    return prove(goal, sum_up(for_all(one, t, 1, T)))


def equal(*known: object) -> Fact:
    """Each round has the same undershoot, as H_t = B̂_t."""
    return summed(same, eq(Max(0, B(t) - H(t)), Max(0, B(t) - B_hat(t))), known)


def raised(fits: tuple[Formula, ...] = (FITS,)) -> Fact:
    """What can be raised is not less than B̂_t."""
    known = [at(h, t, using=inside) for h in (RAISES, *fits)]
    known += minimum(B_hat(t), room(t))
    least = resolve(eq(Min(B_hat(t), room(t)), B_hat(t)), known)
    return put(equal(prove(eq(H(t), B_hat(t)), least, known)), ROOM)


def more(*known: object) -> Fact:
    """H_t ≤ B̂_t."""
    below = prove(le(H(t), B_hat(t)), known, minimum(B_hat(t), room(t)))
    each = ge(Max(0, B(t) - H(t)), Max(0, B(t) - B_hat(t)))
    return put(summed(lower.concludes, each, below), ROOM)


def near(share: object = 1) -> Fact:
    """[·]₊ moves by no more than its argument."""
    mine, estimated = Max(0, B(t) - H(t)), Max(0, B(t) - B_hat(t))
    far = share * abs(H(t) - B_hat(t))
    signs = [B(t) - H(t), B(t) - B_hat(t), H(t) - B_hat(t)]
    moved = absolute(H(t) - B_hat(t))
    sides = [
        by_cases(le(one - other, far), signs, moved)
        for one, other in ((mine, estimated), (estimated, mine))
    ]
    sums = [sum_up(for_all(side, t, 1, T)) for side in sides]
    gap = undershoot(H(t)) - undershoot(B_hat(t))
    return by_cases(close(share).concludes, gap, sums, absolute(gap))


def theorem() -> Theorem:
    """Lemma 4."""
    once = {T: 1, t: 1, B: [3], B_hat: [2], H: [2], U: [2], D: [4]}
    twice = {T: 2, B: [3, 1], B_hat: [2, 1], H: [2, 1], U: [2, 3], D: [4, 1]}
    short = {**once, H: [1], U: [1]}
    over = Claim(given=(IS_ESTIMATE,), concludes=with_sign(-B_hat(t)))
    return Theorem(
        item="Lemma 4",
        title="undershoot of a policy that raises its estimate",
        citation="[CTTX26, Lemma 4]",
        statement="if H_t = B̂_t, V_T = Σ [B_t − B̂_t]₊",
        verdict=Verdict.PROVED_UNDER,
        added={"the estimate can be raised: B̂_t ≤ min(U_t, D_t)": put_formula(FITS, ROOM)},
        tightness="exact",
        proves={
            "identity": Step(
                identity,
                as_estimated,
                {"the estimate with its sign turned": fails_at(once, over, estimate=-B_hat(t))},
            ),
            "for H = min(B̂, U, D)": Step(
                possible, raised, {"whatever the capacities": fails_at(short, possible, fits=())}
            ),
            "no less in any case": Step(lower, more(at(RAISES, t, using=inside))),
            "whatever is raised": Step(
                close,
                near,
                {
                    "9/10 of what separates the haircut from the estimate": fails_at(
                        short, share=Rational(9, 10)
                    )
                },
            ),
        },
        witness=twice,
        letters={
            "B(t)": ("needed budget of round t", "USD", "CTTX26, Eq. 6"),
            "B_hat(t)": ("its estimate before the round", "USD", "CTTX26, Eq. 20"),
        },
        words={
            "the policy raises its estimate": IS_ESTIMATE,
            (
                "the policy raises its estimate, as far as capacities and deficit go"
            ): "H(t) = min(min(D(t), U(t)), B_hat(t)) for t = 1…T",
            "the estimate can be raised": "min(D(t), U(t)) ≥ B_hat(t) for t = 1…T",
        },
    )
