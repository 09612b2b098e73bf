"""Read arguments once, into plain objects that cannot lie; part of what the kernel rests on.

An object of somebody's own class may answer differently each time it is asked, and a number or an
enum member may be tampered with inside. A rule therefore never sees what it was given: it gets a
copy made of exact built-in types, of the kernel's own records, and of genuine enum members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.term import Atom, Kind, Replacement

RECORDS: frozenset[type] = frozenset({Atom, Replacement})


def plain(value: Any, records: frozenset[type] = RECORDS) -> Any:
    """Copy a value into plain immutable data (and dicts); refuse what cannot be copied so.

    It may hold numbers, texts, enum members, these `records`, and collections of them, nested.

    >>> plain([1, Fraction(2, 4)])
    (1, Fraction(1, 2))
    """
    kind = type(value)
    if kind is tuple or kind is frozenset:
        return kind([plain(part, records) for part in value])
    if value is None or kind in (int, str):
        return value
    if kind is Fraction:
        return _fraction(value)
    if kind is Kind or (kind in records and issubclass(kind, Enum)):
        return _member(value, kind)
    if kind in records:
        return kind(*(plain(part, records) for part in tuple.__iter__(value)))
    return _collection(value, records)


def _collection(value: Any, records: frozenset[type]) -> Any:
    if isinstance(value, Mapping):
        return {plain(key, records): plain(entry, records) for key, entry in value.items()}
    if not isinstance(value, Iterable) or isinstance(value, (str, bytes)):
        raise ProofError(f"{value!r} is no statement, term, exact number or collection of these")
    return tuple(plain(part, records) for part in value)


def _fraction(value: Fraction) -> Fraction:
    top, bottom = value.numerator, value.denominator
    if type(top) is not int or type(bottom) is not int or bottom <= 0:
        raise ProofError("a fraction was tampered with")
    return Fraction(top, bottom)


def _member(value: Any, kind: Any) -> Any:
    for member in kind:
        if value is member:
            return member
    raise ProofError(f"this is not a member of {kind.__name__}")
