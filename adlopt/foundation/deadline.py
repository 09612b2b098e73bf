"""When to stop: moments on the clock of `time.monotonic`, with infinity for never, and Ctrl-C."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SOON = 1e-3
"""Seconds that are granted where a moment is past: enough to be told so."""
LATE = "the limit came first"
_ASKED = threading.Event()


def deadline(seconds: float | None) -> float:
    """The moment so many seconds from now."""
    return math.inf if seconds is None else time.monotonic() + seconds


def is_late(end: float) -> bool:
    """Whether a moment is past, or Ctrl-C has asked to stop."""
    return _ASKED.is_set() or (end < math.inf and time.monotonic() >= end)


def seconds_left(end: float) -> float | None:
    """Seconds until a moment, at least `SOON`; None if it never comes."""
    if _ASKED.is_set():
        return SOON
    return None if math.isinf(end) else max(end - time.monotonic(), SOON)


@contextmanager
def ctrl_c_as_limit() -> Iterator[threading.Event]:
    """Have Ctrl-C say to all that search that it is late; the second one interrupts at once.

    What is yielded says whether it did. Where Python does not take Ctrl-C in the usual way, or in
    another thread, nothing changes.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield threading.Event()
        return

    def ask(number: int, frame: Any) -> None:
        if _ASKED.is_set():
            signal.default_int_handler(number, frame)
        _ASKED.set()

    told = threading.Event()
    signal.signal(signal.SIGINT, ask)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if _ASKED.is_set():
            told.set()
            _ASKED.clear()
