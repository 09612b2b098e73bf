"""Terms and formulas as text, for reports and errors; nothing is decided here."""

from __future__ import annotations

from fractions import Fraction

from adlopt.proof.term import UNIT, Atom, Kind, Monomial, Term

_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def text(term: Term) -> str:
    """Write a term out, monomial by monomial.

    Examples
    --------
    >>> from adlopt.proof.notation import reals, term
    >>> x, y = reals("x y")
    >>> text(term((x - y) ** 2 / 2))
    '1/2·x² + 1/2·y² − x·y'
    """
    parts = sorted((_monomial(m), Fraction(p, q)) for m, p, q in term)
    ordered = sorted(parts, key=lambda part: part[1] < 0)
    written = "".join(_signed(word, c) for word, c in ordered)
    return written.removeprefix(" + ").replace(" − ", "−", 1 if written.startswith(" − ") else 0) or "0"


def comparison(term: Term, relation: str, ranges: tuple[tuple[Term, Term], ...]) -> str:
    """Write ``term relation 0`` with the negative part moved to the right.

    Examples
    --------
    >>> from adlopt.proof.notation import le, reals
    >>> x, y = reals("x y")
    >>> print(le(2 * x * y, x**2 + y**2))
    x² + y² ≥ 2·x·y
    """
    left = frozenset(part for part in term if part[1] > 0)
    right = frozenset((m, -p, q) for m, p, q in term if p < 0)
    said = f"{text(left)} {relation} {text(right)}"
    indices = [
        f"{_name(f'@{k}')} = {text(low)}…{text(high)}" for k, (low, high) in enumerate(ranges)
    ]
    return f"{said}  for {', '.join(indices)}" if indices else said


def _signed(word: str, coefficient: Fraction) -> str:
    sign, size = (" − ", -coefficient) if coefficient < 0 else (" + ", coefficient)
    if not word:
        return f"{sign}{size}"
    return f"{sign}{word}" if size == 1 else f"{sign}{size}·{word}"


def _monomial(monomial: Monomial) -> str:
    return "·".join(sorted(_atom(a) + _power(k) for a, k in monomial)) if monomial != UNIT else ""


def _power(k: int) -> str:
    return "" if k == 1 else str(k).translate(_SUPERSCRIPT)


def _name(name: str) -> str:
    letters = "tsijk"
    if name[0] in "#@$":
        place = int(name[1:])
        return letters[place] if place < len(letters) else f"t{place}"
    return name


def _atom(atom: Atom) -> str:
    args = [text(arg) for arg in atom.args]
    match atom.kind:
        case Kind.ABS:
            return f"|{args[0]}|"
        case Kind.FLOOR:
            return f"⌊{args[0]}⌋"
        case Kind.SQRT:
            return f"√({args[0]})"
        case Kind.INVERSE:
            return f"1/({args[0]})"
        case Kind.SUM:
            return f"Σ[{_name(atom.name)}={args[0]}…{args[1]}]({args[2]})"
        case Kind.MAX | Kind.MIN:
            return f"{atom.kind.value}({args[0]}, {args[1]})"
        case _:
            return _name(atom.name) + (f"({', '.join(args)})" if args else "")
