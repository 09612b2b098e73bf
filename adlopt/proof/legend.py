"""Legends: what symbols mean, in which unit and from where, and hypotheses in words.

A proof gives its own to its `Theorem`. What proofs of one folder share stands beside them, in
`letters.toml`, under `[letters]` and `[words]`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from adlopt.errors import ProofError
from adlopt.proof.formula import Formula
from adlopt.proof.term import FAMILIES, RESERVED, SYMBOLS, Atom, Term
from adlopt.show.schema.proofs import LetterData

SHARED = "letters.toml"


def arities(formulas: Iterable[Formula]) -> dict[Atom, int]:
    """Return the symbols and sequences of statements, by name, and how many indices each has."""
    found: dict[Atom, int] = {}

    def read(term: Term) -> None:
        for monomial, _, _ in term:
            for atom, _ in monomial:
                if atom.kind in SYMBOLS | FAMILIES and not atom.name.startswith(RESERVED):
                    head = Atom(atom.kind, atom.name)
                    found[head] = max(len(atom.args), found.get(head, 0))
                for arg in atom.args:
                    read(arg)

    for formula in formulas:
        for term in (formula.term, *(end for ends in formula.ranges for end in ends)):
            read(term)
    return {head: found[head] for head in sorted(found, key=lambda a: (a.name, a.kind.value))}


def owned_letters(given: Mapping[Any, Any]) -> dict[str, tuple[str, ...]]:
    """Read letters: a symbol, or a sequence at its indices, and its meaning, unit and source."""
    read = {}
    for symbol, said in given.items():
        parts = (said,) if isinstance(said, str) else tuple(said)
        if not all(isinstance(part, str) for part in parts) or not 1 <= len(parts) <= 3:
            raise ProofError(f"{symbol} means {said!r}: give its meaning, unit and source as texts")
        read[str(symbol)] = parts
    return read


def owned_words(given: Mapping[Any, str]) -> dict[str, str]:
    """Read words: for a formula, or for each of several."""
    return {
        str(formula): words
        for key, words in given.items()
        for formula in ([key] if isinstance(key, (str, Formula)) else key)
    }


def beside(path: Path) -> dict[str, dict[str, Any]]:
    """Return what the proofs of a file's folder share."""
    shared = path.with_name(SHARED)
    return tomllib.loads(shared.read_text(encoding="utf-8")) if shared.is_file() else {}


def place(symbol: str) -> tuple[str, int]:
    """Return a symbol's name and the number of its indices.

    >>> place("θ"), place("x(t, i)")
    (('θ', 0), ('x', 2))
    """
    name, _, indices = symbol.partition("(")
    return name, len(re.findall(r"\w+", indices))


def explained(
    letters: Mapping[str, tuple[str, ...]], formulas: Iterable[Formula]
) -> list[LetterData]:
    """Return the letters that occur in formulas, by name."""
    met = {(a.name, n) for formula in formulas for a, n in arities([formula]).items()}
    made = [LetterData(symbol, *said) for symbol, said in letters.items() if place(symbol) in met]
    return sorted(made, key=lambda letter: (letter.symbol.lower(), letter.symbol))


def line(letter: LetterData) -> str:
    """Write a letter in a line.

    >>> line(LetterData("D(t)", "deficit of round t", "USD", "CTTX26, Eq. 4"))
    'D(t): deficit of round t, USD [CTTX26, Eq. 4]'
    """
    unit = "" if letter.unit == "1" else f", {letter.unit}"
    return f"{letter.symbol}: {letter.meaning}{unit} [{letter.source}]"
