"""Payments moved until few arcs carry them, and everybody's sums stay.

Arcs are entered one by one into a forest, in which each node knows its parent. Money goes around
the cycle that one closes until an arc is empty or full, which leaves: what is paid of arcs' rooms,
summed over arcs, falls as in a network simplex. That is what a linear program says of the number of
arcs that pay [Balinski 1961, Fixed-cost transportation problems]. In the end there are fewer that
are neither empty nor full than nodes, and accounts pay at few positions, the larger ones.

Loops are plain Python, over lists; `kernels` compiles them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adlopt.foundation.arrays import FloatArray, IntArray
from adlopt.foundation.compiling import pays
from adlopt.foundation.deadline import is_time_for

PASSES, FEW = 12, 100
"""How often arcs are entered at most, and one of how many at least is to have moved money."""
PLAIN, COMPILED = 1e-4, 5e-6
"""Seconds that an arc takes."""

Forest = tuple[list[int], list[int], list[int]]
"""Of each node its parent, the arc to it, and what was seen there last; −1 for none."""


def on_a_forest(payer: IntArray, payee: IntArray, room: FloatArray, paid: FloatArray) -> FloatArray:
    """Amounts of arcs between 0 and their room, all (A,), with the sums of those that are `paid`.

    They are left as they are where there is no time.

    >>> import numpy as np
    >>> one, other = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> on_a_forest(one, other, np.full(4, 9.0), np.array([1.0, 2.0, 3.0, 4.0]))
    array([3., 0., 1., 6.])
    """
    compiles = pays(PLAIN * paid.size)
    if not paid.size or not is_time_for((COMPILED if compiles else PLAIN) * paid.size):
        return paid
    order, payees = np.argsort(-paid, kind="stable"), int(payee.max()) + 1
    none = np.full((3, payees + int(payer.max()) + 1), -1)
    arcs = payee[order], payees + payer[order], room[order], paid[order]
    if compiles:
        from adlopt.foundation.kernels import compiled

        compiled(_enter_all, _enter, _meeting, _hang)(*arcs, tuple(none))
        amount = arcs[-1]
    else:
        one, other, most, amount = (each.tolist() for each in arcs)
        parent, arc, seen = none.tolist()
        _enter_all(one, other, most, amount, (parent, arc, seen))
    moved = np.empty_like(paid)
    moved[order] = amount
    return moved


def _enter_all(
    one: Sequence[int],
    other: Sequence[int],
    room: Sequence[float],
    paid: list[float],
    forest: Forest,
) -> None:
    """Enter all arcs, and then, again and again, those that are empty or full."""
    for time in range(PASSES):
        moved = 0
        for arc in range(len(paid)):
            if time == 0 or paid[arc] <= 0 or paid[arc] >= room[arc]:
                mark = time * len(paid) + arc
                moved += _enter(arc, one[arc], other[arc], mark, room, paid, forest)
        if moved * FEW < len(paid):
            return


def _enter(
    entering: int,
    one: int,
    other: int,
    mark: int,
    room: Sequence[float],
    paid: list[float],
    forest: Forest,
) -> bool:
    """Hang one end of an arc below the other, once money went around the cycle, if it did."""
    parent, arc, _ = forest
    top = _meeting(one, other, mark, forest)
    if top < 0:
        _hang(one, other, entering, -1, forest)
        return False
    cost = 1.0 / room[entering]
    for end in (one, other):
        node, sign = end, -1.0
        while node != top:
            cost += sign / room[arc[node]]
            node, sign = parent[node], -sign
    way = -1.0 if cost > 0 else 1.0
    fills, last, beneath = cost <= 0, -1, one
    most = room[entering] - paid[entering] if fills else paid[entering]
    for end in (one, other):
        node, sign = end, -way
        while node != top:
            left = room[arc[node]] - paid[arc[node]] if sign > 0 else paid[arc[node]]
            if left < most:
                most, fills, last, beneath = left, sign > 0, node, end
            node, sign = parent[node], -sign
    paid[entering] += way * most
    for end in (one, other):
        node, sign = end, -way
        while node != top:
            paid[arc[node]] += sign * most
            node, sign = parent[node], -sign
    leaving = entering if last < 0 else arc[last]
    paid[leaving] = room[leaving] if fills else 0.0
    if last >= 0:
        _hang(beneath, one + other - beneath, entering, last, forest)
    return most > 0


def _meeting(one: int, other: int, mark: int, forest: Forest) -> int:
    """Where the ways from two nodes to their roots meet, or −1."""
    parent, _, seen = forest
    while one >= 0:
        seen[one] = mark
        one = parent[one]
    while other >= 0 and seen[other] != mark:
        other = parent[other]
    return other


def _hang(node: int, above: int, by: int, last: int, forest: Forest) -> None:
    """Turn the way from a node to a last one, or to its root, around; hang it below another."""
    parent, arc, _ = forest
    while True:
        next_, old = parent[node], arc[node]
        parent[node], arc[node] = above, by
        if node == last or next_ < 0:
            return
        node, above, by = next_, node, old
