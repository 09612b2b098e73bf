"""Whether compiled loops pay: they are loaded once plain ones have cost as much as loading would.

Both kinds of code give equal bits, so that when it is loaded changes nothing but the time. Measured
(two cores, numba 0.68, compiled code on disk): loading numba and one loop takes 0.6 to 1 s of
processor time, a further loop 0.1 s; 400,000 accounts in lots take 0.25 s plainly and 0.1 s
compiled, 16 coupled rounds of 300 winners 0.17 and 0.01.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

LOADING = {"never": float("inf"), "always": 0.0}.get(os.environ.get("ADLOPT_COMPILED", ""), 0.6)
"""Seconds that compiled code must have been able to save before it is loaded; the environment
variable says never or always."""
_spared: dict[str, float] = {}


def pays(loop: str, saved: float) -> bool:
    """Whether a loop is to run compiled, which saves roughly so many seconds this time."""
    spared = _spared[loop] = _spared.get(loop, 0.0) + saved
    return spared >= LOADING and _installed()


@cache
def _installed() -> bool:
    return find_spec("numba") is not None
