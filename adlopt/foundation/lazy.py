"""Public names that are loaded when they are first used, so that importing a package stays fast."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from adlopt.foundation.moved import forward


def attach(
    package: str, homes: Mapping[str, Sequence[str]], modules: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package.

    `homes` has the names that each module below the package gives it, `modules` those modules that
    it shows under a name of its own.
    """
    shown = dict(modules or {})
    home_of = {name: home for home, names in homes.items() for name in names}
    public = sorted([*home_of, *shown])
    old = forward(package, below=1)

    def load(name: str) -> Any:
        if name in shown:
            value: Any = import_module(f"{package}.{shown[name]}")
        elif name in home_of:
            value = getattr(import_module(f"{package}.{home_of[name]}"), name)
        else:
            return old(name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: list(public), public


class _Callable(ModuleType):
    """A module that can be called, too; what it calls is loaded then."""

    home: str
    function: str

    def __call__(self, *given: Any, **named: Any) -> Any:
        return getattr(import_module(self.home), self.function)(*given, **named)


def callable_as(module: str, home: str, function: str) -> str:
    """Let a module of the name of a function be called as that function; return where it is."""
    made = sys.modules[module]
    made.__class__ = _Callable
    made.home, made.function = home, function  # type: ignore[attr-defined]
    return f"{home}.{function}"
