"""Terms and formulas as plain text or LaTeX, for reports and errors; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from typing import NamedTuple

from adlopt.proof import latex
from adlopt.proof.term import Atom, Kind, Monomial, Term

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_BOUND = {"@": ("t", "t'", "t''"), "#": ("i", "j", "k"), "$": ("a", "b", "c")}


_taken: ContextVar[frozenset[str]] = ContextVar("_taken", default=frozenset())
"""Free names of what is being written: a bound index must not look like one of them."""


@contextmanager
def _avoiding(*terms: Term) -> Iterator[None]:
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


class Style(NamedTuple):
    """How atoms, products and relations are written."""

    atoms: dict[Kind, str]
    times: str
    power: str
    relations: dict[str, str]
    minus: str
    over: str
    raised: str
    fraction: str
    ranges: str
    between: str


PLAIN = Style(
    atoms={
        Kind.ABS: "|{0}|",
        Kind.FLOOR: "⌊{0}⌋",
        Kind.SQRT: "√({0})",
        Kind.MAX: "max({0}, {1})",
        Kind.MIN: "min({0}, {1})",
        Kind.SUM: "Σ[{name}={0}…{1}]({2})",
    },
    times="·",
    power="",
    relations={"≥": "≥", ">": ">", "=": "="},
    minus="−",
    over="{0}/({1})",
    raised="({0})",
    fraction="{0}/{1}",
    ranges="{0} for {1}",
    between="{0} = {1}…{2}",
)
LATEX = Style(
    atoms={
        Kind.ABS: r"\left|{0}\right|",
        Kind.FLOOR: r"\left\lfloor {0} \right\rfloor",
        Kind.SQRT: r"\sqrt{{{0}}}",
        Kind.MAX: r"\max\left({0}, {1}\right)",
        Kind.MIN: r"\min\left({0}, {1}\right)",
        Kind.SUM: r"\sum_{{{name}={0}}}^{{{1}}} \left({2}\right)",
    },
    times=r" \, ",
    power="^{{{0}}}",
    relations={"≥": r"\geq", ">": ">", "=": "="},
    minus="-",
    over=r"\frac{{{0}}}{{{1}}}",
    raised=r"\left({0}\right)",
    fraction=r"\frac{{{0}}}{{{1}}}",
    ranges=r"{0} \quad \mathrm{{for}} \quad {1}",
    between=r"{0} = {1}, \ldots, {2}",
)


def text(term: Term, style: Style = PLAIN) -> str:
    r"""Write a term out, monomial by monomial.

    Examples
    --------
    >>> from adlopt.proof.notation import reals, term
    >>> x, y = reals("x y")
    >>> text(term((x - y) ** 2 / 2))
    '1/2·x² + 1/2·y² − x·y'
    >>> text(term(x**2 / 2), LATEX)
    '\\frac{1}{2} \\, x^{2}'
    """
    with _avoiding(term):
        return _text(term, style)


def _text(term: Term, style: Style) -> str:
    parts = sorted((_monomial(m, style), Fraction(p, q)) for m, p, q in term)
    ordered = sorted(parts, key=lambda part: part[1] < 0)
    words = [(c < 0, _sized(word, abs(c), style)) for word, c in ordered]
    if not words:
        return "0"
    (negative, first), *rest = words
    start = f"{style.minus}{first}" if negative else first
    return start + "".join(f" {style.minus if sign else '+'} {word}" for sign, word in rest)


def comparison(
    term: Term, relation: str, ranges: tuple[tuple[Term, Term], ...], style: Style = PLAIN
) -> str:
    """Write ``term relation 0`` with the negative part moved to the right.

    Examples
    --------
    >>> from adlopt.proof.notation import le, reals
    >>> x, y = reals("x y")
    >>> print(le(2 * x * y, x**2 + y**2))
    x² + y² ≥ 2·x·y
    """
    with _avoiding(term, *(end for ends in ranges for end in ends)):
        return _comparison(term, relation, ranges, style)


def _comparison(
    term: Term, relation: str, ranges: tuple[tuple[Term, Term], ...], style: Style
) -> str:
    left = frozenset(part for part in term if part[1] > 0)
    right = frozenset((m, -p, q) for m, p, q in term if p < 0)
    said = f"{text(left, style)} {style.relations[relation]} {text(right, style)}"
    indices = [
        style.between.format(_name(f"@{k}", style), text(low, style), text(high, style))
        for k, (low, high) in enumerate(ranges)
    ]
    return style.ranges.format(said, ", ".join(indices)) if indices else said


def _sized(word: str, size: Fraction, style: Style) -> str:
    written = number(size, style)
    if not word:
        return written
    return word if size == 1 else f"{written}{style.times}{word}"


def number(value: Fraction, style: Style = PLAIN) -> str:
    """Write a number.

    Examples
    --------
    >>> number(Fraction(1, 2)), number(Fraction(-3))
    ('1/2', '−3')
    """
    size, sign = abs(value), style.minus if value < 0 else ""
    whole = size.denominator == 1
    return sign + (str(size) if whole else style.fraction.format(size.numerator, size.denominator))


def _monomial(monomial: Monomial, style: Style) -> str:
    above = _product([part for part in monomial if part[0].kind is not Kind.INVERSE], style)
    below = [(text(a.args[0], style), k) for a, k in monomial if a.kind is Kind.INVERSE]
    if not below:
        return above
    if len(below) == 1 and below[0][1] == 1:
        return style.over.format(above or "1", below[0][0])
    factors = sorted(f"({word}){_power(k, style)}" for word, k in below)
    return style.over.format(above or "1", style.times.join(factors))


def _product(parts: list[tuple[Atom, int]], style: Style) -> str:
    return style.times.join(sorted(_factor(a, k, style) for a, k in parts))


def _factor(atom: Atom, k: int, style: Style) -> str:
    said = _atom(atom, style)
    if k > 1 and atom.kind is Kind.SUM:
        said = style.raised.format(said)
    return said + _power(k, style)


def _power(k: int, style: Style) -> str:
    if k == 1:
        return ""
    return style.power.format(k) if style.power else str(k).translate(_SUPERSCRIPT)


def _name(name: str, style: Style) -> str:
    letters = _BOUND.get(name[0])
    if letters is not None:
        place = int(name[1:])
        letter = letters[place] if place < len(letters) else f"{letters[0]}{place}"
        while letter in _taken.get():
            letter += "'"
        return letter
    return name if style is PLAIN else latex.name(name)


def _atom(atom: Atom, style: Style) -> str:
    args = [text(arg, style) for arg in atom.args]
    name = _name(atom.name, style) if atom.name else ""
    if atom.kind in style.atoms:
        return style.atoms[atom.kind].format(*args, name=name)
    if not args:
        return name
    inside = ", ".join(args)
    return f"{name}({inside})" if style is PLAIN or "_{" in name else f"{name}_{{{inside}}}"
