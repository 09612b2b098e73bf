"""Terms and formulas as plain text, for reports and errors; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction

from adlopt.proof.formula import Formula
from adlopt.proof.shown import shown
from adlopt.proof.term import Atom, Kind, Monomial, Term

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BOUND = {"@": ("t", "t'", "t''"), "#": ("i", "j", "k"), "$": ("a", "b", "c")}
_OPERATIONS = {
    Kind.ABS: "|{0}|",
    Kind.FLOOR: "⌊{0}⌋",
    Kind.SQRT: "√({0})",
    Kind.MAX: "max({0}, {1})",
    Kind.MIN: "min({0}, {1})",
    Kind.SUM: "Σ[{name}={0}…{1}]({2})",
}

_taken: ContextVar[frozenset[str]] = ContextVar("_taken", default=frozenset())
"""Free names of what is being written: a bound index must not look like one of them."""


@contextmanager
def avoiding(*terms: Term) -> Iterator[None]:
    """Write bound indices by letters that no free symbol of the terms has."""
    mark = _taken.set(_taken.get() | frozenset().union(*map(_free_names, terms)))
    try:
        yield
    finally:
        _taken.reset(mark)


def _free_names(term: Term) -> frozenset[str]:
    found: set[str] = set()
    for monomial, _, _ in term:
        for atom, _ in monomial:
            if atom.name and atom.name[0] not in _BOUND:
                found.add(atom.name)
            found.update(*map(_free_names, atom.args))
    return frozenset(found)


def letter(name: str) -> str:
    """Return the letter of a bound index, or the name of anything else."""
    letters = _BOUND.get(name[:1])
    if letters is None:
        return name
    place = int(name[1:])
    chosen = letters[place] if place < len(letters) else f"{letters[0]}{place}"
    while chosen in _taken.get():
        chosen += "'"
    return chosen


@shown.register(frozenset)
def text(term: Term) -> str:
    """Write a term out, monomial by monomial."""
    with avoiding(term):
        said = [(c < 0, _sized(word, abs(c))) for word, _, c in ordered(term)]
    if not said:
        return "0"
    (negative, first), *rest = said
    start = f"−{first}" if negative else first
    return start + "".join(f" {'−' if sign else '+'} {word}" for sign, word in rest)


def ordered(term: Term) -> list[tuple[str, Monomial, Fraction]]:
    """Return monomials as they are written, and their coefficients, positive ones first."""
    parts = ((_monomial(m), m, Fraction(p, q)) for m, p, q in term)
    return sorted(parts, key=lambda part: (part[2] < 0, part[0]))


@shown.register(Formula)
def comparison(formula: Formula) -> str:
    """Write ``term relation 0`` with the negative part moved to the right."""
    return compared(formula, text, formula.relation.value, "{} = {}…{}", " for ")


def compared(
    formula: Formula, write: Callable[[Term], str], sign: str, span: str, ranging: str
) -> str:
    """Write both sides and the ranges of a formula, each by what writes a term."""
    positive = frozenset(part for part in formula.term if part[1] > 0)
    negative = frozenset((m, -p, q) for m, p, q in formula.term if p < 0)
    with avoiding(formula.term, *(end for ends in formula.ranges for end in ends)):
        said = f"{write(positive)} {sign} {write(negative)}"
        ranges = [
            span.format(letter(f"@{k}"), write(low), write(high))
            for k, (low, high) in enumerate(formula.ranges)
        ]
    return f"{said}{ranging}{', '.join(ranges)}" if ranges else said


def _sized(word: str, size: Fraction) -> str:
    if not word:
        return number(size)
    return word if size == 1 else f"{number(size)}·{word}"


def number(value: Fraction) -> str:
    """Write a number."""
    return str(value).replace("-", "−")


def _monomial(monomial: Monomial) -> str:
    above = "·".join(sorted(_factor(a, k) for a, k in monomial if a.kind is not Kind.INVERSE))
    below = [(text(a.args[0]), k) for a, k in monomial if a.kind is Kind.INVERSE]
    if not below:
        return above
    if len(below) == 1 and below[0][1] == 1:
        return f"{above or '1'}/({below[0][0]})"
    return f"{above or '1'}/({'·'.join(sorted(f'({word}){_power(k)}' for word, k in below))})"


def _factor(atom: Atom, k: int) -> str:
    said = _atom(atom)
    return (f"({said})" if k > 1 and atom.kind is Kind.SUM else said) + _power(k)


def _power(k: int) -> str:
    return "" if k == 1 else str(k).translate(_SUPERSCRIPT)


def _atom(atom: Atom) -> str:
    args, name = [text(arg) for arg in atom.args], letter(atom.name)
    if atom.kind in _OPERATIONS:
        return _OPERATIONS[atom.kind].format(*args, name=name)
    return f"{name}({', '.join(args)})" if args else name
