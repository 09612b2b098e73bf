"""Every part that a policy's name is made of: a file of policies is one line here.

Such a file ends in the parts that it adds, by their words. What a class takes, in its order, stands
after colons in the name; `adlopt.policies.grammar` reads it as the annotations say.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from adlopt.policies.insured import Insured
from adlopt.policies.protocols import Allocation, Severity

FILES = (
    "severity",
    "gradient",
    "experts",
    "newsvendor",
    "guaranteed",
    "mdic",
    "allocation",
    "risk",
    "hybrid",
    "insured",
)
"""Of this folder, in the order in which their policies are listed."""


def _parts(kind: str) -> dict[str, Any]:
    files = (import_module(f"adlopt.policies.{file}") for file in FILES)
    return {word: make for file in files for word, make in getattr(file, kind, {}).items()}


FUNDS: dict[str, Callable[..., Insured]] = _parts("FUNDS")
"""What may stand before a policy."""
SEVERITIES: dict[str, Callable[..., Severity]] = _parts("SEVERITIES")
"""How much to take."""
TUNED: dict[str, Callable[..., Severity]] = _parts("TUNED")
"""What a severity's word alone means where there is an episode: tuned to it, in *hindsight*."""
ALLOCATIONS: dict[str, Callable[..., Allocation]] = _parts("ALLOCATIONS")
"""From whom; venues' rules besides, `adlopt.rules.venues.VENUES`."""
