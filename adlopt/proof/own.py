"""Refuse what was not built here, and read the rest once; part of what the kernel rests on.

An object of somebody's own class may answer differently each time it is asked, and a number or an
enum member may be tampered with inside. A rule therefore never sees what it was given: it gets a
copy made of exact built-in types, of the kernel's own records, and of genuine enum members. Terms
that were not built by `adlopt.proof.term` are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.term import (
    ARITY,
    FAMILIES,
    OPERATORS,
    RESERVED,
    SYMBOLS,
    Atom,
    Kind,
    Replacement,
    Term,
    add,
    apply,
    of_atom,
    product,
    scale,
    summation,
)

GREEK = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ"
"""Letters of names besides those of ASCII: none that looks like one of these."""


def own(term: object, scope: frozenset[str] = frozenset()) -> Term:
    """Return `term` if it is a term in normal form whose reserved names are all in `scope`."""
    rebuilt = _own(term, scope)
    if rebuilt != term:
        raise ProofError(
            "a term is not in normal form: build it with the functions of adlopt.proof.term"
        )
    return rebuilt


def _own(term: object, scope: frozenset[str]) -> Term:
    if type(term) is not frozenset:
        raise ProofError(f"{term!r} is not a term")
    parts = []
    for entry in term:
        if type(entry) is not tuple or not _exactly(entry, frozenset, int, int):
            raise ProofError(f"{entry!r} is not a monomial with an exact coefficient")
        monomial, p, q = entry
        if q <= 0:
            raise ProofError("a coefficient has a denominator that is not positive")
        whole = product(_own_power(factor, scope) for factor in monomial)
        parts.append(scale(whole, Fraction(p, q)))
    return add(*parts)


def _exactly(parts: tuple[object, ...], *kinds: type) -> bool:
    """Say whether the parts are of these very types; classes are compared by identity."""
    return len(parts) == len(kinds) and all(
        type(part) is kind for part, kind in zip(parts, kinds, strict=True)
    )


def _own_power(entry: object, scope: frozenset[str]) -> Term:
    if type(entry) is not tuple or len(entry) != 2 or type(entry[1]) is not int or entry[1] < 1:
        raise ProofError(f"{entry!r} is not a power of an atom")
    return product([_own_atom(entry[0], scope)] * entry[1])


def _own_atom(atom: object, scope: frozenset[str]) -> Term:
    if type(atom) is not Atom or not _exactly(atom, Kind, str, tuple):
        raise ProofError(f"{atom!r} is not an atom")
    if len(atom.args) != ARITY.get(atom.kind, len(atom.args)):
        raise ProofError(f"{atom.kind.value} does not take {len(atom.args)} arguments")
    if atom.kind is Kind.SUM:
        low, high = (_own(arg, scope) for arg in atom.args[:2])
        return summation(
            Atom(Kind.INTEGER, atom.name), low, high, _own(atom.args[2], scope | {atom.name})
        )
    bound = atom.kind is Kind.INTEGER and atom.name in scope
    if atom.kind in SYMBOLS | FAMILIES and not bound:
        _check_name(atom.name)
    args = tuple(_own(arg, scope) for arg in atom.args)
    return apply(atom.kind, *args, name=atom.name) if args else of_atom(atom)


def check_free(name: str) -> None:
    """Refuse a name that only this package gives, or that reads as an operation."""
    if name.startswith(RESERVED):
        raise ProofError(f"the name {name!r} is reserved")
    if not OPERATORS.isdisjoint({name, name.lower()}):
        raise ProofError(f"the name {name!r} is reserved: it reads as the operation")
    strange = next((c for c in name if c.isalpha() and not (c.isascii() or c in GREEK)), None)
    if strange is not None:
        said = f"{strange!r} in {name!r} may read as another letter"
        raise ProofError(f"{said}: use ASCII or {GREEK}")


def _check_name(name: str) -> None:
    """Refuse a name that does not read as one word, or that reads as something else."""
    check_free(name)
    if not name.isidentifier():
        raise ProofError(f"{name!r} is not a name: use letters, digits and _, a letter first")


RECORDS: frozenset[type] = frozenset({Atom, Replacement})


def plain(value: Any, records: frozenset[type] = RECORDS) -> Any:
    """Copy numbers, texts, enum members, `records` and collections of them; refuse the rest."""
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
