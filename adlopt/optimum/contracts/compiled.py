"""The functions of `knapsack`, compiled. Imported only where a round is large."""

from __future__ import annotations

from numba import njit
from numba.extending import register_jitable

from adlopt.optimum.contracts import knapsack

register_jitable(knapsack.least_remainder)
register_jitable(knapsack.two_lots)
fill = njit(cache=True)(knapsack.fill)
"""As `adlopt.optimum.contracts.knapsack.fill`, on 64-bit integer arrays."""
