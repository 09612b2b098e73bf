"""Loops over accounts that several rounds share, in plain Python; `kernels` compiles them.

Accounts stand in blocks, side by side: each loop's innermost runs over the accounts of a block and
has no branches, so that compiled it treats several at once. Block b has one entry, a row, for each
round in which any of its accounts may pay, in the order of rounds: from `first[b]` to
`first[b + 1]`. At burdens z, `levels`, account j wants to pay z_t `weight[e, j]` in round t =
`round_[e]`, and by then it may have paid `cap[e, j]`, which never falls. Sums are kept account by
account, shape (T, lanes), so that they are the same however many are treated at once.
"""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import BoolArray, FloatArray, IntArray


def most(  # noqa: PLR0913, PLR0917 - writes what it finds
    first: IntArray,
    round_: IntArray,
    weight: FloatArray,
    cap: FloatArray,
    levels: FloatArray,
    chosen: BoolArray,
    last: IntArray,
    given: FloatArray,
    slope: FloatArray,
) -> None:
    """Write for each account the last chosen round at which it reaches what it holds, or −1.

    Adds to `given`, shape (lanes,), what accounts hold that do, and to `slope` the weights in
    chosen rounds that come after it.
    """
    lanes = weight.shape[1]
    paid, held = np.empty(lanes), np.empty(lanes)
    for b in range(first.size - 1):
        full = last[b]
        for j in range(lanes):
            paid[j], held[j], full[j] = 0.0, 0.0, -1
        for e in range(first[b], first[b + 1]):
            t, heavy, limit = round_[e], weight[e], cap[e]
            if chosen[t]:
                level = levels[t]
                for j in range(lanes):
                    wanted = paid[j] + level * heavy[j]
                    reached = wanted >= limit[j]
                    paid[j] = limit[j] if reached else wanted
                    held[j] = limit[j] if reached else held[j]
                    full[j] = t if reached else full[j]
        for j in range(lanes):
            given[j] += held[j]
        for e in range(first[b], first[b + 1]):
            t, heavy = round_[e], weight[e]
            if chosen[t]:
                into = slope[t]
                for j in range(lanes):
                    into[j] += heavy[j] if full[j] < t else 0.0


def flips(
    first: IntArray,
    round_: IntArray,
    weight: FloatArray,
    cap: FloatArray,
    levels: FloatArray,
    chosen: BoolArray,
    change: FloatArray,
) -> None:
    """Add to `change` what changing each round's choice adds to the most raised.

    From any entry on, what has been paid before, y, becomes min(y + more, limit) in the end.
    """
    lanes, rows = weight.shape[1], change.shape[0] + 1
    more, limit = np.zeros((rows, lanes)), np.full((rows, lanes), np.inf)
    paid, total = np.empty(lanes), np.empty(lanes)
    for b in range(first.size - 1):
        start, end = first[b], first[b + 1]
        more[end - start], limit[end - start] = 0.0, np.inf
        for e in range(end - 1, start - 1, -1):
            k, t, heavy, held = e - start, round_[e], weight[e], cap[e]
            more_, more_after = more[k], more[k + 1]
            limit_, limit_after = limit[k], limit[k + 1]
            level = levels[t]
            if chosen[t]:
                for j in range(lanes):
                    within = held[j] + more_after[j]
                    limit_[j] = min(limit_after[j], within)
                    more_[j] = more_after[j] + level * heavy[j]
            else:
                more_[:], limit_[:] = more_after, limit_after
        for j in range(lanes):
            total[j], paid[j] = min(more[0, j], limit[0, j]), 0.0
        for e in range(start, end):
            k, t, heavy, held = e - start, round_[e], weight[e], cap[e]
            more_after, limit_after, into = more[k + 1], limit[k + 1], change[t]
            level = levels[t]
            if chosen[t]:
                for j in range(lanes):
                    into[j] += min(paid[j] + more_after[j], limit_after[j]) - total[j]
                    paid[j] = min(paid[j] + level * heavy[j], held[j])
            else:
                for j in range(lanes):
                    with_it = min(paid[j] + level * heavy[j], held[j])
                    into[j] += min(with_it + more_after[j], limit_after[j]) - total[j]


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
    """Write what each entry pays if rounds of lower rank take first; add it to `raised`.

    `left` is what an account may still pay in a round: no more than in any later one.
    """
    rounds, lanes = rank.size, weight.shape[1]
    place, order = np.full(rounds, -1), np.empty(rounds, np.int64)
    for here in range(rounds):
        order[rank[here]] = here
    left, spare = np.empty((rounds, lanes)), np.empty(lanes)
    for b in range(first.size - 1):
        start, count = first[b], first[b + 1] - first[b]
        for k in range(count):
            left[k] = cap[start + k]
            place[round_[start + k]] = k
        for t in order:
            here = place[t]
            if here < 0:
                continue
            place[t] = -1
            heavy, pays, into, level = (
                weight[start + here],
                paid[start + here],
                raised[t],
                levels[t],
            )
            available = left[here]
            for j in range(lanes):
                amount = max(min(level * heavy[j], available[j]), 0.0)
                pays[j] = amount
                into[j] += amount
                spare[j] = available[j] - amount
            for k in range(here):
                before = left[k]
                for j in range(lanes):
                    before[j] = min(before[j], spare[j])
            for k in range(here, count):
                after = left[k]
                for j in range(lanes):
                    after[j] -= pays[j]
