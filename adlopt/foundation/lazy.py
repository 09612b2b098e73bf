"""Public names that are loaded when they are first used, so that importing a package stays fast."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import PathFinder
from inspect import getsource
from types import ModuleType
from typing import Any

from adlopt.foundation.moved import forward


def attach(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` for a package.

    Its names are those that its own file imports below `if TYPE_CHECKING:`, for people and type
    checkers; a name that is a module of the package, too, is that module.
    """
    file = ast.parse(getsource(sys.modules[package])).body
    told = [each for block in file if isinstance(block, ast.If) for each in block.body]
    home_of = {
        name.asname or name.name: (str(each.module), name.name)
        for each in told
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }
    public, old = sorted(home_of), forward(package, below=1)

    def load(name: str) -> Any:
        if name not in home_of:
            return old(name)
        home, known_as = home_of[name]
        if PathFinder.find_spec(f"{package}.{name}", sys.modules[package].__path__):
            value: Any = import_module(f"{package}.{name}")
        else:
            value = getattr(__import__(home, fromlist=[known_as]), known_as)
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
