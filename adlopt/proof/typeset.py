"""Terms and formulas as LaTeX in plain ASCII, by sympy's printer; nothing is decided here.

sympy gets a term as it stands, with nothing evaluated: |x|² stays |x|², though sympy knows better.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter

from adlopt.proof.formula import Formula
from adlopt.proof.latex import greek
from adlopt.proof.plain_text import avoiding, compared, letter, ordered
from adlopt.proof.term import FAMILIES, Atom, Kind, Monomial, Term

_OPERATIONS = {
    Kind.ABS: sympy.Abs,
    Kind.MAX: sympy.Max,
    Kind.MIN: sympy.Min,
    Kind.FLOOR: sympy.floor,
    Kind.SQRT: lambda radicand, **how: sympy.Pow(radicand, sympy.Rational(1, 2), **how),
}
_RELATIONS = {"≥": r"\geq", ">": ">", "=": "="}


class _Printer(LatexPrinter):  # type: ignore[misc]
    def _print_Sum(self, said: Any) -> str:  # noqa: N802
        """Sums of sums one after the other; sympy writes one sign with two lines below it."""
        inner, *outer = said.limits
        body = super()._print_Sum(sympy.Sum(said.function, inner))
        for variable, low, high in outer:
            below, above = (self._print(end) for end in (low, high))
            body = rf"\sum_{{{self._print(variable)}={below}}}^{{{above}}} {body}"
        return str(body)


_printer = _Printer({"order": "none"})


def typeset(term: Term) -> str:
    """Write a term."""
    with avoiding(term):
        return str(_printer.doprint(_expression(term)))


def typeset_formula(formula: Formula) -> str:
    """Write ``term relation 0`` with the negative part moved to the right."""
    sign, ranging = _RELATIONS[formula.relation.value], r" \quad \mathrm{for} \quad "
    return compared(formula, typeset, sign, r"{} = {}, \ldots, {}", ranging)


def _expression(term: Term) -> Any:
    parts = [_summand(monomial, size) for _, monomial, size in ordered(term)]
    return sympy.Add(*parts, evaluate=False) if len(parts) != 1 else parts[0]


def _summand(monomial: Monomial, size: Fraction) -> Any:
    factors = [_power(atom, power) for atom, power in sorted(monomial, key=_place)]
    number = sympy.Rational(size.numerator, size.denominator)
    if size != 1 or not factors:
        factors.insert(0, number)
    return sympy.Mul(*factors, evaluate=False) if len(factors) != 1 else factors[0]


def _place(factor: tuple[Atom, int]) -> str:
    return ordered(frozenset({(frozenset({factor}), 1, 1)}))[0][0]


def _power(atom: Atom, power: int) -> Any:
    if atom.kind is Kind.INVERSE:
        return sympy.Pow(_expression(atom.args[0]), -power, evaluate=False)
    base = _atom(atom)
    return base if power == 1 else sympy.Pow(base, power, evaluate=False)


def _atom(atom: Atom) -> Any:
    args = [_expression(arg) for arg in atom.args]
    if atom.kind is Kind.SUM:
        low, high, body = args
        return sympy.Sum(body, (_symbol(letter(atom.name)), low, high))
    if atom.kind in FAMILIES and args:
        return sympy.Indexed(sympy.IndexedBase(_symbol(atom.name)), *args)
    return _OPERATIONS[atom.kind](*args, evaluate=False) if args else _symbol(letter(atom.name))


@cache
def _symbol(name: str) -> Any:
    """Return a symbol that sympy prints as it should be read: θ_hat with a hat, words upright."""
    base, _, below = name.partition("_")
    if base.isascii() and len(base) > 1 and base.isalpha():
        return sympy.Symbol(rf"\mathrm{{{base}}}" + (f"_{{{below}}}" if below else ""))
    return sympy.Symbol(greek(name).replace("_hat", "hat"))
