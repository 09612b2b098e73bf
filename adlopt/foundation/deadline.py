"""When to stop: moments on the clock of `time.monotonic`, with infinity for never."""

from __future__ import annotations

import math
import time

SOON = 1e-3
"""Seconds that are granted where a moment is past: enough to be told so."""


def deadline(seconds: float | None) -> float:
    """The moment so many seconds from now.

    Examples
    --------
    >>> deadline(None), is_late(deadline(60.0)), seconds_left(deadline(None))
    (inf, False, None)
    """
    return math.inf if seconds is None else time.monotonic() + seconds


def is_late(end: float) -> bool:
    """Whether a moment is past."""
    return end < math.inf and time.monotonic() >= end


def seconds_left(end: float) -> float | None:
    """Seconds until a moment, at least `SOON`; None if it never comes."""
    return None if math.isinf(end) else max(end - time.monotonic(), SOON)
