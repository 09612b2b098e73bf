"""Whether compiled loops pay: they are loaded once plain ones have cost as much as loading would.

A process that solves once never pays for compiled code, and one that goes on solving soon has it.
Both kinds of code give equal bits, so that when it is loaded changes nothing but the time.

Measured (two cores, numba 0.63, compiled code on disk): loading numba and one loop takes 0.5 to
0.7 s; each further loop 0.1 s. The first solve of 1,500 positions takes 0.05 s plain and 0.55 s
compiled, and a further one 0.04 s and 0.002 s; a round of 400,000 accounts in lots 0.07 s and
0.75 s, and then 0.06 s and 0.04 s. Where nothing is on disk yet, loading compiles, for seconds.
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
    """Whether a loop is to run compiled.

    Parameters
    ----------
    loop : str
        What is to be loaded.
    saved : float
        Seconds, roughly, that compiled code saves this time.

    Examples
    --------
    >>> pays("an example", 0.0)
    False
    """
    spared = _spared[loop] = _spared.get(loop, 0.0) + saved
    return spared >= LOADING and _installed()


@cache
def _installed() -> bool:
    return find_spec("numba") is not None
