"""The verdicts on proofs, as a table and as a summary of them."""

from __future__ import annotations

from collections import Counter

from adlopt.show.schema.proofs import ProofData, ProofsData
from adlopt.show.table import Table, joined
from adlopt.show.words import counted

NAMED = 10
"""Failures that a summary names, at most."""


def verdicts(data: ProofsData, note: str = "") -> Table:
    """Make a table of verdicts and what each rests on, with a note in its title."""
    cells = [(row.item or row.file, row.verdict, _rests_on(row)) for row in data.proofs]
    return Table(f"{_headline(data)}{note}", ("item", "verdict", "what it rests on"), cells)


def render(data: ProofsData) -> str:
    """Lay out verdicts in 80 columns."""
    return str(verdicts(data, f"; {data.seconds:.1f} s of checking"))


def explained(data: ProofsData) -> str:
    """Lay out verdicts, and below them the letters and the hypotheses of each proof."""
    return joined([render(data), *(table for row in data.proofs for table in legends(row))])


def legends(row: ProofData) -> list[Table | None]:
    """Make tables of what a proof's letters mean, and of its hypotheses in words."""
    letters = [(each.symbol, each.meaning, each.unit, each.source) for each in row.letters]
    given: dict[str, list[str]] = {}
    for each in row.hypotheses:
        given.setdefault(each.words or "not said", []).append(each.says)
    rows = [(words, "; ".join(formulas)) for words, formulas in given.items()]
    columns = ("symbol", "meaning", "unit", "source")
    return [
        Table(f"Letters of {row.item}", columns, letters) if letters else None,
        Table(f"Hypotheses of {row.item}", ("in words", "hypothesis"), rows) if rows else None,
    ]


def summary(data: ProofsData) -> str:
    """Count the verdicts, and name the first files that failed with the first line of why."""
    count = Counter(row.verdict for row in data.proofs)
    verdict = f"{len(data.failed):,} FAILED" if data.failed else "all closed"
    spent = f"{data.seconds:.1f} s of checking"
    lines = [f"{counted(len(data.proofs), 'proof')}, {verdict}; {spent}"]
    lines += [f"  {number:>7,} {verdict}" for verdict, number in count.items()]
    failed = [row for row in data.proofs if row.error]
    lines += [f"  {row.file}: {row.error.splitlines()[0]}"[:80] for row in failed[:NAMED]]
    rest = len(failed) - NAMED
    return "\n".join([*lines, *([f"  and {counted(rest, 'more failure')}"] if rest > 0 else [])])


def _headline(data: ProofsData) -> str:
    failed = ", ".join(data.failed[:NAMED]) + (", …" if len(data.failed) > NAMED else "")
    verdict = f"{len(data.failed)} FAILED: {failed}" if data.failed else "all closed"
    return f"{counted(len(data.proofs), 'proof')}, {verdict}"


def _rests_on(row: ProofData) -> str:
    notes = [f"from: {name}" for name in row.axioms]
    notes += [f"adds: {words}" for words in row.added]
    notes += [f"holds instead: {words}" for words in row.instead]
    notes += [f"tightness: {row.tightness}"] if row.tightness else []
    notes += [row.citation] if row.citation else []
    return "; ".join(notes) or "; ".join(row.error.splitlines())
