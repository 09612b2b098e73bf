"""Loops over accounts that several rounds share, in plain Python; `adlopt.kernels` compiles them.

Each account's entries, one for each round in which it pays, stand together in the order of rounds:
account i has those from `first[i]` to `first[i + 1]`. At burdens z, `levels`, entry e wants to pay
z_t `weight[e]` in round t = `round_[e]`, and by then it may have paid `cap[e]`, which never falls.
"""

from __future__ import annotations

import numpy as np

from adlopt.arrays import BoolArray, FloatArray, IntArray


def most(
    first: IntArray,
    round_: IntArray,
    weight: FloatArray,
    cap: FloatArray,
    levels: FloatArray,
    chosen: BoolArray,
    last: IntArray,
    slope: FloatArray,
) -> float:
    """What is held by accounts that reach what they hold in the chosen rounds.

    Writes for each account the last entry at which it does, or −1, and adds to `slope`, shape (T,),
    the weights of chosen entries that come after it.
    """
    held = 0.0
    for i in range(first.size - 1):
        start, end = first[i], first[i + 1]
        paid, full = 0.0, -1
        for e in range(start, end):
            if chosen[round_[e]]:
                paid += levels[round_[e]] * weight[e]
                if paid >= cap[e]:
                    paid, full = cap[e], e
        last[i] = full
        if full >= 0:
            held += cap[full]
            start = full + 1
        for e in range(start, end):
            if chosen[round_[e]]:
                slope[round_[e]] += weight[e]
    return held


def flips(
    first: IntArray,
    round_: IntArray,
    weight: FloatArray,
    cap: FloatArray,
    levels: FloatArray,
    chosen: BoolArray,
    change: FloatArray,
) -> None:
    """Add to `change`, shape (T,), what changing each round's choice adds to the most raised.

    From any entry on, what has been paid before, y, becomes min(y + more, limit) in the end.
    """
    longest = 0
    for i in range(first.size - 1):
        longest = max(longest, first[i + 1] - first[i])
    more, limit = np.zeros(longest + 1), np.full(longest + 1, np.inf)
    for i in range(first.size - 1):
        start, end = first[i], first[i + 1]
        more[end - start], limit[end - start] = 0.0, np.inf
        for e in range(end - 1, start - 1, -1):
            k = e - start
            more[k], limit[k] = more[k + 1], limit[k + 1]
            if chosen[round_[e]]:
                more[k] += levels[round_[e]] * weight[e]
                limit[k] = min(limit[k], cap[e] + more[k + 1])
        total, paid = min(more[0], limit[0]), 0.0
        for e in range(start, end):
            k, t = e - start, round_[e]
            with_it = min(paid + levels[t] * weight[e], cap[e])
            flipped = paid if chosen[t] else with_it
            change[t] += min(flipped + more[k + 1], limit[k + 1]) - total
            if chosen[t]:
                paid = with_it


def greedy(
    first: IntArray,
    round_: IntArray,
    weight: FloatArray,
    cap: FloatArray,
    levels: FloatArray,
    rank: IntArray,
    paid: FloatArray,
    raised: FloatArray,
) -> None:
    """Write what each entry pays if rounds of lower rank take first; add it to `raised`."""
    rounds = rank.size
    place, order = np.full(rounds, -1), np.empty(rounds, np.int64)
    for here in range(rounds):
        order[rank[here]] = here
    left = np.empty(rounds)
    for i in range(first.size - 1):
        start, end = first[i], first[i + 1]
        total, full = 0.0, False
        for e in range(start, end):
            paid[e] = levels[round_[e]] * weight[e]
            total += paid[e]
            full = full or total > cap[e]
        if full:
            for e in range(start, end):
                place[round_[e]] = e
                left[e - start] = cap[e]
            for t in order:
                here = place[t]
                if here >= 0:
                    place[t] = -1
                    for k in range(here - start, end - start):
                        paid[here] = min(paid[here], left[k])
                    paid[here] = max(paid[here], 0.0)
                    for k in range(here - start, end - start):
                        left[k] -= paid[here]
        for e in range(start, end):
            raised[round_[e]] += paid[e]
