"""Every rule by its name."""

from __future__ import annotations

from importlib import import_module

from adlopt.errors import unknown
from adlopt.rules.rule import Rule

FILES = ("on_chain", "exchanges")
"""Of this folder: a file of rules is one line here, and ends in its `RULES`."""
VENUES: dict[str, Rule] = {
    rule.name: rule for file in FILES for rule in import_module(f"adlopt.rules.{file}").RULES
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
