"""What became of every record of a load: kept, skipped by kind, or rejected with its line."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypedDict, TypeVar

from adlopt.data.cells import guess
from adlopt.errors import InputError
from adlopt.foundation.arrays import LARGEST_USD
from adlopt.foundation.ids import Alike, folded, looks_like_a_float, read_id
from adlopt.show.schema.loads import FileReport, Rejected

TOLERANCE = 0.001
"""Share of a file's records, and of its dollars, that may fail to parse; more fail the load."""
SHOWN = 10
"""Rejected records of a file that are kept to be shown; all are counted."""
T = TypeVar("T")
Progress: TypeAlias = Callable[[str], None] | None
NOTHING: Mapping[str, float] = MappingProxyType({})


FIRST_MS, LAST_MS = 1_230_768_000_000, 4_102_444_800_000
"""Milliseconds since 1970 of 2009 and of 2100: no perpetual traded before, and none of then has."""


class How(TypedDict, total=False):
    """How files are read, whatever is in them."""

    tolerance: float
    """Share of the records, and of the dollars, of a file that may be rejected."""
    progress: Progress
    """Told what is being read."""
    alike: Alike
    """Whether ids that differ in case or blanks alone name one account."""


class Tally:
    """Counts the records of one file while it is read, and the dollars they hold, as `How` says.

    `unit` and `zone` are of times: s, ms, us, ns or iso, unless a column says; `where` has what
    columns hold in the records that are meant; others are skipped.
    """

    def __init__(
        self,
        file: Path,
        tolerance: float = TOLERANCE,
        *,
        progress: Progress = None,
        alike: Alike = Alike.APART,
    ) -> None:
        if not 0.0 <= tolerance < 1.0:
            raise InputError("tolerance", tolerance, "a share from 0 to below 1")
        self.file, self.tolerance, self.progress, self.alike = file, tolerance, progress, alike
        self.unit, self.zone = "ms", ""
        self.where: dict[str, str] = {}
        self.kept = self.rejected = self.unread = 0
        self.skipped: Counter[str] = Counter()
        self.zones: Counter[str] = Counter()
        self.shown: list[Rejected] = []
        self.held: defaultdict[str, float] = defaultdict(float)
        self.lost: defaultdict[str, float] = defaultdict(float)
        self.owed: dict[str, float] = {}
        self.unended: int | None = None
        self._most: dict[str, tuple[float, Rejected]] = {}

    def keep(self, count: int = 1, usd: Mapping[str, float] = NOTHING) -> None:
        """Count records that are used, and what they hold."""
        self.kept += count
        for name, amount in usd.items():
            self.held[name] += amount

    def skip(self, kind: str, count: int = 1) -> None:
        """Count records of a kind that is not needed."""
        if count:
            self.skipped[kind] += count

    def reject(
        self,
        line: int,
        found: object,
        expected: str,
        usd: Mapping[str, float] = NOTHING,
        *,
        debtor: str = "",
        whole: bool = False,
    ) -> None:
        """Count a record that does not parse and the `usd` it holds; keep the first few to show.

        `debtor` is whose debt it states, which other records may repeat; unless `whole`, it may be
        the last line, cut off, which is an error.
        """
        if line == self.unended and not whole:
            remedy = "the file is cut off: its last record is not whole"
            raise InputError(f"{self.file} line {line}", found, expected, remedy=remedy)
        self.rejected += 1
        self.unread += not usd
        text = found if isinstance(found, str) else repr(found)
        record = Rejected(line=line, found=text[:80], expected=expected)
        if len(self.shown) < SHOWN:
            self.shown.append(record)
        if usd.get("debt"):
            self.owed[debtor] = max(self.owed.get(debtor, 0.0), usd["debt"])
        for name, amount in usd.items():
            self.lost[name] += amount
            if amount > self._most.get(name, (0.0, record))[0]:
                self._most[name] = amount, record

    def drop(self, line: int, found: object, expected: str) -> None:
        """Reject a record that was kept before."""
        self.kept -= 1
        self.reject(line, found, expected, whole=True)

    def close(self) -> FileReport:
        """Report on the file, unless more than the tolerance of records or dollars was rejected."""
        read = self.kept + self.rejected + sum(self.skipped.values())
        if self.rejected > self.tolerance * read:
            self._refuse(self.shown[0], f"{self.rejected:,} of {read:,} records do not parse")
        for name, (_, record) in self._most.items():
            lost, held = self.lost[name], self.held[name]
            if not math.isfinite(lost) or lost > self.tolerance * (held + lost):
                said = f"records that do not parse hold ${lost:,.2f} of ${held + lost:,.2f} {name}"
                self._refuse(record, said)
        return FileReport(
            file=str(self.file),
            read=read,
            kept=self.kept,
            skipped=dict(sorted(self.skipped.items())),
            rejected=self.rejected,
            shown=tuple(self.shown),
            lost=dict(self.lost),
            owed=dict(self.owed),
            unread=self.unread,
            zones=dict(self.zones),
            unended=self.unended,
        )

    def _refuse(self, record: Rejected, said: str) -> None:
        remedy = f"{said}, and {100 * self.tolerance:g} % may; mend them, or raise the tolerance"
        where = f"{self.file} line {record.line}"
        raise InputError(where, record.found, record.expected, remedy=remedy)


class Malformed(Exception):
    """What is wrong with an event, and what it is worth in USD, as far as it can be read."""

    def __init__(self, found: object, expected: str, usd: Mapping[str, float] = NOTHING) -> None:
        self.found, self.expected, self.usd = found, expected, usd
        super().__init__(expected)


def once(key: T, among: Container[T], what: str) -> T:
    """Return a key that does not stand among those before."""
    if key in among:
        raise Malformed(key, f"{what} once")
    return key


def number(details: Any, key: str, *, positive: bool = False) -> float:
    """Read a finite number that may be written as a text."""
    value = details.get(key)
    expected = f"a finite number{' > 0' * positive} in {key!r}"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or "_" in str(value):
        raise Malformed(value, expected)
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise Malformed(value, expected) from None
    if not math.isfinite(found) or abs(found) > LARGEST_USD or (positive and found <= 0):
        raise Malformed(value, expected)
    return found


def account(details: Any, key: str, alike: Alike = Alike.APART) -> str:
    """Read the id of an account."""
    value = details.get(key) if isinstance(details, dict) else None
    try:
        name = read_id(value, key)
    except InputError:
        raise Malformed(details, f"an account in {key!r}") from None
    if looks_like_a_float(name):
        raise Malformed(value, f"whole numbers, not floats, in {key!r}")
    return name if alike is Alike.APART else folded(name)


def product(details: Any, *keys: str) -> float | None:
    """What a person reads as the product of some fields, without its sign; None if nothing."""
    read = [guess(details.get(key)) if isinstance(details, dict) else None for key in keys]
    return None if None in read else abs(math.prod(read))  # type: ignore[arg-type]


def moment(value: Any, key: str) -> int:
    """Read one time in whole milliseconds since 1970, of 2009 to 2100."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not FIRST_MS <= value <= LAST_MS:
        raise Malformed(value, f"milliseconds since 1970 in {key!r}, of 2009 to 2100")
    return int(value)
