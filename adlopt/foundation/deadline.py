"""When to stop: moments on the clock of `time.monotonic`, with infinity for never, and Ctrl-C.

A door that takes a limit opens it with `limited`. All that search then, however deep, are late once
it is over, whether or not they were told of it; so are all once Ctrl-C has asked.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from adlopt.errors import InputError
from adlopt.foundation.arrays import own_number

SOON = 1e-3
"""Seconds that are granted where a moment is past: enough to be told so."""
LATE = "the limit came first"
_ASKED = threading.Event()
_END = ContextVar("end", default=math.inf)


def deadline(seconds: float | None, share: float = 1.0) -> float:
    """The moment at which so many seconds, > 0, or a share of them, are over."""
    if seconds is None:
        return math.inf
    if own_number(seconds, "time_limit", lowest=0.0) == 0:
        raise InputError("time_limit", seconds, "a number of seconds > 0")
    return time.monotonic() + share * seconds


@contextmanager
def limited(seconds: float | None, share: float = 1.0) -> Iterator[None]:
    """Have all that search be late a share of so many seconds from now, or as early as they are."""
    token = _END.set(min(_END.get(), deadline(seconds, share)))
    try:
        yield
    finally:
        _END.reset(token)


def last_moment(end: float = math.inf) -> float:
    """A moment, or that at which the limit is over, if it comes before."""
    return min(end, _END.get())


def is_late(end: float = math.inf) -> bool:
    """Whether a moment, or the limit, is past, or Ctrl-C has asked to stop."""
    end = last_moment(end)
    return _ASKED.is_set() or (end < math.inf and time.monotonic() >= end)


def seconds_left(end: float = math.inf) -> float | None:
    """Seconds until a moment or the limit, at least `SOON`; None if neither ever comes."""
    if _ASKED.is_set():
        return SOON
    end = last_moment(end)
    return None if math.isinf(end) else max(end - time.monotonic(), SOON)


def is_time_for(seconds: float) -> bool:
    """Whether what takes so long still ends in time."""
    left = seconds_left()
    return left is None or seconds < left


def in_time(steps: int) -> Iterator[int]:
    """Numbers of steps, as long as one more, if it takes as long as any, still ends in time."""
    longest = 0.0
    for step in range(steps):
        if is_late() or not is_time_for(longest):
            return
        begun = time.monotonic()
        yield step
        longest = max(longest, time.monotonic() - begun)


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
