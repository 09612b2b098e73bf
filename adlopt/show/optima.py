"""The text of whatever was solved, by the schema of its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adlopt.show import contracts, coupled, matching, solution

VIEWS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "solution": solution.render,
    "contract-solution": contracts.render,
    "matching": matching.render,
    "coupled": coupled.render,
}


def render(data: Mapping[str, Any]) -> str:
    """Lay out an optimum as its `to_dict()` has it."""
    return VIEWS[data["schema"].split("/")[1]](data)
