"""What runs at every check, and what at night: ADLOPT_NIGHTLY=1 asks for large sizes and counts.

A test marked `nightly("why")` is skipped by day, and of many seeds a quarter is tried.
"""

import os

import pytest
from hypothesis import settings

NIGHTLY = bool(os.environ.get("ADLOPT_NIGHTLY"))
TIMES = 25
"""How many times as many examples the night draws."""

ACCOUNTS = [20_000, pytest.param(1_000_000, marks=pytest.mark.nightly("a million accounts"))]
"""Of a large round."""

FEW = 4
"""Seeds that all run by day; of later ones, a quarter."""


def examples(count):
    """Draw so many examples by day: enough that a broken law is seen, and no more."""
    return settings(max_examples=count * TIMES if NIGHTLY else count)


def by_day(count, values):
    """Leave all but the first of many that are alike to the night."""
    mark = pytest.mark.nightly("more of the same")
    return [*values[:count], *(pytest.param(value, marks=mark) for value in values[count:])]


def for_the_night(parameters):
    """Whether a law that is repeated over a parameter `seed` can do by day without this one."""
    seed = parameters.get("seed")
    return not NIGHTLY and isinstance(seed, int) and seed > FEW and seed % 4 > 0
