"""Every rule by its name, with what it rests on, of `sources.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import import_module
from importlib.resources import files
from typing import Any

from adlopt.errors import unknown
from adlopt.rules.rule import Rule

FILES = ("venue_rules",)
"""Of this folder: a file of rules is one line here, and ends in its `RULES`."""


def _rested(rule: Rule) -> Rule:
    given = _SOURCES.get(rule.name, {}).items()
    parts: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in given}
    return replace(rule, **parts)


_SOURCES = tomllib.loads(files("adlopt.rules").joinpath("sources.toml").read_text("utf-8"))
VENUES: dict[str, Rule] = {
    rule.name: _rested(rule)
    for file in FILES
    for rule in import_module(f"adlopt.rules.{file}").RULES
}
"""In no order of merit."""


def rule_named(name: str) -> Rule:
    """Return a venue's rule by its name; see `adlopt venues`.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> rule_named("hyperliquid").close.price.text
    'previous mark'
    """
    if name not in VENUES:
        raise unknown("rule", name, VENUES, listed="adlopt venues")
    return VENUES[name]
