"""An order book of linear impact."""

from __future__ import annotations

import numpy as np

from adlopt.foundation.arrays import IntArray
from adlopt.rules.split import share_out

MOST_MOVE = 0.05
"""Beyond this move of the price in one step the book is empty."""


def execute(wanted: IntArray, mark: int, depth: float) -> tuple[IntArray, int]:
    """Fill orders against each other, and what is left against the book, all at one price.

    The price is p ± α q for the q lots that the book takes, as in [CTTX26, Section 4.2], and lots
    beyond what it holds stay unfilled, in proportion to the orders.

    From the lots `wanted`, (N,), below zero to sell, the mark, micro-dollars a lot, and the lots
    that move it by 1 %, to the lots bought, (N,), and their price: the book takes the other side.

    >>> execute(np.array([-300, -100, 50]), mark=1_000_000, depth=50.0)
    (array([-225,  -75,   50]), 950000)
    """
    net = int(wanted.sum())
    excess = abs(net) - int(100 * MOST_MOVE * depth)
    bought = wanted
    if excess > 0:
        pushing = np.where(wanted * np.sign(net) > 0, np.abs(wanted), 0)
        filled = share_out(pushing.astype(np.float64), pushing, int(pushing.sum()) - excess)
        bought = np.where(pushing > 0, np.sign(net) * filled, wanted)
    taken = int(bought.sum())
    move = 0.01 * taken / depth if taken else 0.0
    return bought, max(round(mark * (1 + move)), 1)
