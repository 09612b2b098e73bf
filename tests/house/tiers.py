"""What runs at every check, and what at night: ADLOPT_NIGHTLY=1 asks for large sizes and counts.

A test marked `nightly("why")` is skipped by day.
"""

import os

import pytest
from hypothesis import settings

NIGHTLY = bool(os.environ.get("ADLOPT_NIGHTLY"))
TIMES = 25
"""How many times as many examples the night draws."""

ACCOUNTS = [20_000, pytest.param(1_000_000, marks=pytest.mark.nightly("a million accounts"))]
"""Of a large round."""


def examples(count):
    """Draw so many examples by day: enough that a broken law is seen, and no more."""
    return settings(max_examples=count * TIMES if NIGHTLY else count)


def seeds(count):
    """Return so many seeds by day, and more at night."""
    return range(count * TIMES if NIGHTLY else count)
