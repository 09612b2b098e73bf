"""Handles that say only what their ledger says: the reason a Fact cannot be forged.

A handle is empty. What it stands for is kept in a dictionary that lives in a closure, and only
functions decorated with the ledger's own `record` can add to it. A handle that was copied,
unpickled, subclassed or conjured up with ``object.__new__`` is in no ledger and is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from adlopt.errors import ProofError

P = ParamSpec("P")
H = TypeVar("H", bound="Handle")
C = TypeVar("C")


class Handle:
    """An empty, unforgeable token."""

    __slots__ = ("__weakref__",)

    def __init__(self) -> None:
        raise ProofError(f"a {type(self).__name__} is made by the rules of the kernel only")

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise ProofError(f"a {type(self).__name__} cannot be copied or stored: derive it again")


def open_ledger(
    handle: type[H], _content: type[C], read_once: Callable[[object], Any]
) -> tuple[Callable[[Callable[P, C]], Callable[P, H]], Callable[[object], C]]:
    """Return what enters results in a new ledger, and what reads it; arguments are read once."""
    ledger: WeakKeyDictionary[H, C] = WeakKeyDictionary()

    def record(rule: Callable[P, C]) -> Callable[P, H]:
        @functools.wraps(rule)
        def enter(*args: P.args, **kwargs: P.kwargs) -> H:
            given: Any = [read_once(argument) for argument in args]
            named: Any = {name: read_once(argument) for name, argument in kwargs.items()}
            content = rule(*given, **named)
            entry: H = object.__new__(handle)
            ledger[entry] = content
            return entry

        return enter

    def read(entry: object) -> C:
        if type(entry) is not handle or entry not in ledger:
            raise ProofError(f"this {type(entry).__name__} was not made by the kernel")
        return ledger[entry]

    return record, read
