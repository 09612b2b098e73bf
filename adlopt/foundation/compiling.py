"""Whether compiled loops pay: they are loaded once plain ones have cost as much as loading would.

Both kinds of code give equal bits, so that when it is loaded changes nothing but the time. Measured
(two cores, numba 0.68, compiled code on disk): loading numba and one loop takes 0.6 to 0.9 s of
processor time, every further loop 5 ms. What loops could have saved is added up over all of them.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.util import find_spec

from adlopt.foundation.deadline import is_time_for

LOADING = {"never": float("inf"), "always": 0.0}.get(os.environ.get("ADLOPT_COMPILED", ""), 0.6)
"""Seconds that compiled code must have been able to save before it is loaded; the environment
variable says never or always."""
_spared = 0.0


def pays(saved: float, *, ahead: float = 0.0) -> bool:
    """Whether loops are to run compiled, which saves so many seconds now, and `ahead` as many.

    They are not loaded where a limit comes before they would be.
    """
    global _spared  # noqa: PLW0603 - one number of the process
    _spared += saved
    if _spared + ahead < LOADING or not ("numba" in sys.modules or is_time_for(LOADING)):
        return False
    _spared = max(_spared, LOADING)
    return _installed()


@cache
def _installed() -> bool:
    return find_spec("numba") is not None
