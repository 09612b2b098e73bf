"""What became of every record of a load: kept, skipped by kind, or rejected with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from adlopt.errors import InputError

TOLERANCE = 0.001
"""Share of a file's records that may fail to parse; more, and the load fails."""
SHOWN = 10
"""Rejected records of a file that are kept to be shown; all are counted."""


class Rejected(NamedTuple):
    """A record that did not parse."""

    line: int
    """Line of a text file, or row of a table, from 1."""
    found: str
    expected: str


class Origin(NamedTuple):
    """Where a number came from: records of one file."""

    file: str
    first: int
    """First line or row used, from 1."""
    last: int
    records: int
    """How many of the lines between them were used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of the records of one file.

    Parameters
    ----------
    file : str
    read, kept : int
        Records seen, and used; the others are skipped or rejected.
    skipped : mapping of str to int
        Records of a kind that is not needed, by kind.
    rejected : int
        Records that did not parse.
    shown : tuple of Rejected
        The first of them.
    """

    file: str
    read: int
    kept: int
    skipped: Mapping[str, int]
    rejected: int
    shown: tuple[Rejected, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for machines."""
        return {
            "file": self.file,
            "read": self.read,
            "kept": self.kept,
            "skipped": dict(self.skipped),
            "rejected": self.rejected,
            "shown": [each._asdict() for each in self.shown],
        }


class Tally:
    """Counts the records of one file while it is read.

    Parameters
    ----------
    file : Path
    tolerance : float
        Share of the records that may be rejected.

    Examples
    --------
    >>> tally = Tally(Path("fills.jsonl"), tolerance=0.5)
    >>> tally.keep(2)
    >>> tally.skip("spot")
    >>> tally.reject(7, "NaN", "a price")
    >>> tally.close().shown
    (Rejected(line=7, found='NaN', expected='a price'),)
    """

    def __init__(self, file: Path, tolerance: float = TOLERANCE) -> None:
        if not 0.0 <= tolerance < 1.0:
            raise InputError("tolerance", tolerance, "a share from 0 to below 1")
        self.file, self.tolerance = file, tolerance
        self.kept = self.rejected = 0
        self.skipped: Counter[str] = Counter()
        self.shown: list[Rejected] = []

    def keep(self, count: int = 1) -> None:
        """Count records that are used."""
        self.kept += count

    def skip(self, kind: str, count: int = 1) -> None:
        """Count records of a kind that is not needed."""
        if count:
            self.skipped[kind] += count

    def reject(self, line: int, found: object, expected: str) -> None:
        """Count a record that does not parse, and keep the first few to show."""
        self.rejected += 1
        if len(self.shown) < SHOWN:
            text = found if isinstance(found, str) else repr(found)
            self.shown.append(Rejected(line, text[:80], expected))

    def drop(self, line: int, found: object, expected: str) -> None:
        """Reject a record that was kept before."""
        self.kept -= 1
        self.reject(line, found, expected)

    def close(self) -> FileReport:
        """Report on the file.

        Raises
        ------
        InputError
            If a larger share than the tolerance was rejected; names the first such record.
        """
        read = self.kept + self.rejected + sum(self.skipped.values())
        if self.rejected > self.tolerance * read:
            worst = self.shown[0]
            raise InputError(
                f"{self.file} line {worst.line}",
                worst.found,
                worst.expected,
                remedy=f"{self.rejected:,} of {read:,} records do not parse, and "
                f"{100 * self.tolerance:g} % may; mend them, or raise the tolerance",
            )
        return FileReport(
            file=str(self.file),
            read=read,
            kept=self.kept,
            skipped=dict(sorted(self.skipped.items())),
            rejected=self.rejected,
            shown=tuple(self.shown),
        )
