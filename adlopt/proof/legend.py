"""Legends: what symbols mean, in which unit and from where, and hypotheses in words.

A proof gives its own to its `Theorem`. What proofs of one folder share stands beside them, in
`letters.toml`, under `[letters]` and `[words]`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
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
    made = {}
    for symbol, said in given.items():
        parts = (said,) if isinstance(said, str) else said
        texts = isinstance(parts, tuple | list) and all(isinstance(part, str) for part in parts)
        if not texts or not 1 <= len(parts) <= 3:
            raise ProofError(f"{symbol} means {said!r}: give its meaning, unit and source as texts")
        made[str(symbol)] = tuple(parts)
    return made


def owned_words(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Read words, and the formulas that they are for: one, or several, perhaps as they print."""
    return {words: tuple(_printed(formulas)) for words, formulas in given.items()}


def _printed(formulas: Any) -> Iterator[str]:
    if isinstance(formulas, (str, Formula)):
        yield str(formulas)
    else:
        for each in formulas.values() if isinstance(formulas, Mapping) else formulas:
            yield from _printed(each)


def read(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the letters and the words that the proofs of a file's folder share."""
    shared = path.with_name(SHARED)
    found = tomllib.loads(shared.read_text(encoding="utf-8")) if shared.is_file() else {}
    return found.get("letters", {}), found.get("words", {})


def places(formulas: Iterable[Formula]) -> set[tuple[str, int]]:
    """Return the names of the symbols in formulas, and how many indices each has there."""
    return {(head.name, n) for formula in formulas for head, n in arities([formula]).items()}


def fitting(
    shared: Mapping[str, Any], own: Mapping[str, Any], formulas: Iterable[Formula]
) -> dict[str, Any]:
    """Return letters that are shared as far as they occur, and a proof's own in their stead."""
    met = places(formulas) - {place(symbol) for symbol in own}
    return {**{symbol: said for symbol, said in shared.items() if place(symbol) in met}, **own}


def joined(
    shared: Mapping[str, Iterable[str]], own: Mapping[str, Iterable[str]], given: Iterable[Formula]
) -> dict[str, tuple[str, ...]]:
    """Return words that are shared for hypotheses of which a proof's own say nothing, and these."""
    left = set(map(str, given)).difference(*own.values())
    parts = {words: [f for f in of if f in left] for words, of in shared.items()}
    return {words: (*parts.get(words, ()), *own.get(words, ())) for words in {**parts, **own}}


def place(symbol: str) -> tuple[str, int]:
    """Return a symbol's name and the number of its indices.

    >>> place("θ"), place("x(t, i)")
    (('θ', 0), ('x', 2))
    """
    name, _, indices = symbol.partition("(")
    return name, len(re.findall(r"\w+", indices))


def check_used(
    letters: Mapping[str, Any],
    words: Mapping[str, Iterable[str]],
    said: Iterable[Formula],
    given: Iterable[Formula],
) -> None:
    """Refuse letters and words for what does not occur."""
    met, hypotheses = places(said), set(map(str, given))
    for symbol in letters:
        if place(symbol) not in met:
            raise ProofError(f"no letter is {symbol}, which is explained")
    for formula in (each for of in words.values() for each in of):
        if formula not in hypotheses:
            raise ProofError(f"no hypothesis is {formula}, which is put in words")


def line(letter: LetterData) -> str:
    """Write a letter in a line.

    >>> line(LetterData("D(t)", "deficit of round t", "USD", "CTTX26, Eq. 4"))
    'D(t): deficit of round t, USD [CTTX26, Eq. 4]'
    """
    unit = "" if letter.unit == "1" else f", {letter.unit}"
    return f"{letter.symbol}: {letter.meaning}{unit} [{letter.source}]"
