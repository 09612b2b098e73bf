"""Write statements with sympy symbols; sympy is used to write, never to decide.

Only real and integer symbols are read, without further assumptions: with ``positive=True`` sympy
would simplify ``sqrt(x**2)`` to ``x`` before the kernel ever saw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import sympy
from sympy.core.function import AppliedUndef

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula, above, at_least, equal, quantify
from adlopt.proof.own import check_free, own
from adlopt.proof.term import (
    Atom,
    Kind,
    Replacement,
    Term,
    add,
    apply,
    constant,
    of_atom,
    product,
    scale,
    summation,
    value_of,
)

Expr: TypeAlias = Any
"""A sympy expression, an int or a Fraction; or a term."""

_OPERATIONS = {
    sympy.Abs: Kind.ABS,
    sympy.Max: Kind.MAX,
    sympy.Min: Kind.MIN,
    sympy.floor: Kind.FLOOR,
}


def reals(names: str) -> Any:
    """Declare real symbols, as `sympy.symbols` does.

    Examples
    --------
    >>> x, y = reals("x y")
    """
    return _named(sympy.symbols(names, real=True))


def integers(names: str) -> Any:
    """Declare integer symbols.

    Examples
    --------
    >>> t, T = integers("t T")
    """
    return _named(sympy.symbols(names, integer=True))


def sequences(names: str) -> Any:
    """Declare real sequences: functions of one or more indices.

    Examples
    --------
    >>> D, x = sequences("D x")
    >>> D(1) * x(1)
    D(1)*x(1)
    """
    return _named(sympy.symbols(names, real=True, cls=sympy.Function))


def integer_sequences(names: str) -> Any:
    """Declare integer-valued sequences.

    Examples
    --------
    >>> k = integer_sequences("k")
    """
    return _named(sympy.symbols(names, integer=True, cls=sympy.Function))


def _named(made: Any) -> Any:
    """Refuse names that the kernel would refuse, where they are declared."""
    for one in made if isinstance(made, tuple) else (made,):
        check_free(str(one))
    return made


def term(expression: Expr) -> Term:
    """Read an expression into the kernel's normal form; a term is one already.

    >>> x = reals("x")
    >>> term((x + 1) ** 2) == term(x**2 + 2 * x + 1)
    True
    >>> term(0.5 * x)
    Traceback (most recent call last):
    adlopt.errors.ProofError: 0.500000000000000 is a float: write a fraction, as Rational(1, 2)
    """
    if isinstance(expression, int | Fraction):
        return constant(expression)
    if type(expression) is frozenset:
        return own(expression)
    if not isinstance(expression, sympy.Basic):
        raise ProofError(f"{expression!r} is not an exact expression")
    return _read(expression)


def _read(node: Any) -> Term:
    if isinstance(node, sympy.Float):
        raise ProofError(f"{node} is a float: write a fraction, as Rational(1, 2)")
    if isinstance(node, sympy.Rational) and node.is_finite:
        return constant(Fraction(int(node.p), int(node.q)))
    if isinstance(node, sympy.Symbol):
        return of_atom(symbol_atom(node))
    if isinstance(node, sympy.Add):
        return add(*(_read(arg) for arg in node.args))
    if isinstance(node, sympy.Mul):
        return product(_read(arg) for arg in node.args)
    return _applied(node)


def _applied(node: Any) -> Term:
    if isinstance(node, sympy.Pow):
        return _power(node.base, node.exp)
    if isinstance(node, sympy.Sum):
        return _sum(node)
    if isinstance(node, AppliedUndef):
        head = sequence_atom(node.func)
        return apply(head.kind, *(_read(arg) for arg in node.args), name=head.name)
    return _operation(node)


def _operation(node: Any) -> Term:
    if isinstance(node, sympy.ceiling):
        return scale(apply(Kind.FLOOR, scale(_read(node.args[0]), -1)), -1)
    kind = _OPERATIONS.get(type(node))
    if kind is None:
        raise ProofError(f"{node} is not one of the kernel's expressions ({type(node).__name__})")
    first, *rest = (_read(arg) for arg in node.args)
    if kind not in {Kind.MAX, Kind.MIN}:
        return apply(kind, first)
    for other in rest:
        first = apply(kind, first, other)
    return first


def _power(base: Any, exponent: Any) -> Term:
    if not isinstance(exponent, sympy.Rational) or exponent.q not in (1, 2):
        raise ProofError(f"{base}**({exponent}): exponents are whole or half numbers")
    value = _read(base)
    root = apply(Kind.SQRT, value) if exponent.q == 2 else value
    if exponent < 0:
        root = apply(Kind.INVERSE, root)
    return product([root] * abs(int(exponent.p)))


def _sum(node: Any) -> Term:
    body = _read(node.function)
    for variable, low, high in node.limits:
        body = summation(symbol_atom(variable), _read(low), _read(high), body)
    return body


def symbol_atom(symbol: Any) -> Atom:
    """Return the kernel's symbol for a sympy symbol."""
    name = getattr(symbol, "name", "")
    return _declared(symbol, name, sympy.Symbol, Kind.REAL, Kind.INTEGER)


def sequence_atom(family: Any) -> Atom:
    """Return the kernel's sequence for a sympy function."""
    name = getattr(family, "__name__", "")
    return _declared(family, name, sympy.Function, Kind.SEQUENCE, Kind.INTEGER_SEQUENCE)


def _declared(given: Any, name: str, declare: Any, real: Kind, integer: Kind) -> Atom:
    if not isinstance(name, str) or not name:
        raise ProofError(f"{given!r} is neither a symbol nor a sequence")
    check_free(name)
    if given == declare(name, real=True):
        return Atom(real, str(name))
    if given == declare(name, integer=True):
        return Atom(integer, str(name))
    raise ProofError(f"declare {name} with reals, integers, sequences or integer_sequences")


def ge(left: Expr, right: Expr) -> Formula:
    """State left ≥ right.

    Examples
    --------
    >>> x = reals("x")
    >>> ge(x, 1) == le(1, x)
    True
    """
    return at_least(term(left), term(right))


def gt(left: Expr, right: Expr) -> Formula:
    """State left > right.

    Examples
    --------
    >>> x = reals("x")
    >>> gt(x, 1) == lt(1, x)
    True
    """
    return above(term(left), term(right))


def le(left: Expr, right: Expr) -> Formula:
    """State left ≤ right; see `ge`."""
    return ge(right, left)


def lt(left: Expr, right: Expr) -> Formula:
    """State left < right; see `gt`."""
    return gt(right, left)


def eq(left: Expr, right: Expr) -> Formula:
    """State left = right.

    Examples
    --------
    >>> x = reals("x")
    >>> eq(x * (x + 1), x**2 + x).term == term(0)
    True
    """
    return equal(term(left), term(right))


def every(index: Any, low: Expr, high: Expr, formula: Formula) -> Formula:
    """State a formula for every integer low ≤ index ≤ high.

    Examples
    --------
    >>> t, T = integers("t T")
    >>> D = sequences("D")
    >>> every(t, 1, T, ge(D(t), 0)) == every(T, 1, t, ge(D(T), 0))
    False
    """
    return quantify(formula, symbol_atom(index), term(low), term(high))


def point(values: Mapping[Any, Any]) -> dict[Atom, Any]:
    """Give numbers to symbols, and lists (from index 1), lists of lists or tables to sequences."""
    read: dict[Atom, Any] = {}
    for given, value in values.items():
        if isinstance(given, sympy.Symbol):
            read[symbol_atom(given)] = exact(value)
        else:
            read[sequence_atom(given)] = {i: exact(entry) for i, entry in _entries(value)}
    return read


def _entries(value: Any) -> Iterator[tuple[tuple[Fraction, ...], Any]]:
    """Go through a table, or through lists in lists."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
    for given, entry in pairs:
        indices = tuple(Fraction(i) for i in (given if isinstance(given, tuple) else (given,)))
        if isinstance(entry, list):
            yield from (((*indices, *rest), each) for rest, each in _entries(entry))
        else:
            yield indices, entry


def replacements(changes: Mapping[Any, Any]) -> dict[Atom, Replacement]:
    """Read expressions for symbols, and ``(indices…, expression)`` for sequences."""
    read = {}
    for given, change in changes.items():
        if isinstance(given, sympy.Symbol):
            read[symbol_atom(given)] = Replacement(term(change))
        else:
            sequence = sequence_atom(given)
            if not isinstance(change, tuple):
                raise ProofError(f"{given} takes (indices…, expression), not {change!r}")
            *indices, body = change
            parameters = tuple(symbol_atom(i) for i in indices)
            read[sequence] = Replacement(term(body), parameters)
    return read


def exact(value: Expr) -> Fraction:
    """Read one exact number."""
    number = value_of(term(value))
    if number is None:
        raise ProofError(f"{value} is not a number")
    return number
