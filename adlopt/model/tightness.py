"""What is known of how tight a claim is."""

from __future__ import annotations

from enum import Enum


class Tightness(Enum):
    """Whether a claim is known to be met."""

    TIGHT = "tight"
    """An instance that can be built and played meets it within 1 %, for some parameters."""
    NOT_SHOWN = "not shown"
    """No such instance is shipped: it may be loose, or not."""
