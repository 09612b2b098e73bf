"""The proofs that ship with the package: find them, check them all, lay out the verdicts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adlopt.errors import InputError, ProofError, unknown
from adlopt.foundation.workers import worker_processes
from adlopt.proof.checking import check
from adlopt.show.table import Table
from adlopt.show.words import counted

WORKERS = 2
"""Proofs checked at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one proof file.

    Parameters
    ----------
    file : str
        Name without its suffix.
    item : str
        What it is about; empty if it could not be read.
    verdict : str
        The declared verdict, if the evidence reaches it, else FAILED.
    added : tuple of str
        Hypotheses that the source does not state.
    axioms : tuple of str
        What is taken from the literature instead of being derived.
    instead : tuple of str
        What holds in place of a claim that is refuted, or beyond it.
    tightness, citation : str
    seconds : float
        Time the check took.
    error : str
        Why it failed; empty if it did not.
    """

    file: str
    item: str = ""
    verdict: str = "FAILED"
    added: tuple[str, ...] = ()
    axioms: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    tightness: str = ""
    citation: str = ""
    seconds: float = 0.0
    error: str = ""


def proof_files() -> dict[str, Path]:
    """Return the proof files that ship with the package, by name.

    They stand beside the package in a checkout, and inside it once installed.

    Examples
    --------
    >>> proof_files()["prop_01_severity"].name
    'prop_01_severity.py'
    """
    package = Path(__file__).parents[1]
    for folder in (package / "proofs", package.parent / "proofs"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.py"))}
    raise InputError("proofs", str(package), "a folder of proof files", remedy="reinstall adlopt")


def find(name: str) -> list[Path]:
    """Return the proof files of a path, of a name, or of the beginning of names.

    Raises
    ------
    InputError
        If nothing fits.

    Examples
    --------
    >>> [path.name for path in find("prop-1")]
    ['prop_01_severity.py']
    >>> len(find("prop-5"))
    2
    >>> find("Lemma 3") == find("eq-22")
    True
    """
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise InputError("proof", name, "a file that exists", remedy="adlopt new writes one")
        return [Path(name)]
    shipped, wanted = proof_files(), _words(name)
    fitting = [path for stem, path in shipped.items() if _begins(stem, wanted)]
    if not wanted or not fitting:
        raise unknown("proof", name, shipped, listed="adlopt prove", besides="a .py file")
    return fitting


def check_all(
    paths: Sequence[Path], *, progress: Callable[[Row], None] | None = None
) -> tuple[Row, ...]:
    """Check proof files, several at a time; rows come back in the order of `paths`.

    Parameters
    ----------
    paths : sequence of Path
    progress : callable, optional
        Told each row as it is done.
    """
    done: dict[Path, Row] = {}
    for path, row in _rows(paths):
        done[path] = row
        if progress is not None:
            progress(row)
    return tuple(done[path] for path in paths)


def _rows(paths: Sequence[Path]) -> Iterator[tuple[Path, Row]]:
    with worker_processes(WORKERS) as pool:
        waiting = {pool.submit(row_of, path): path for path in paths}
        for finished in as_completed(waiting):
            path = waiting[finished]
            try:
                yield path, finished.result()
            except BrokenProcessPool:
                yield path, Row(file=path.stem, error="the process that checked it ended")


def row_of(path: Path) -> Row:
    """Check one proof file; whatever its code raises becomes the row's error."""
    try:
        checked = check(path)
    except ProofError as error:
        return Row(file=path.stem, error=str(error))
    theorem = checked.theorem
    return Row(
        file=path.stem,
        item=theorem.item,
        verdict=checked.verdict.value,
        added=tuple(theorem.added),
        axioms=tuple(sorted(axiom.name for axiom in theorem.axioms)),
        instead=(*theorem.corrected, *(other.item for other in theorem.instead)),
        tightness=theorem.tightness,
        citation=theorem.citation,
        seconds=checked.seconds,
    )


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Collect the verdicts, ready for JSON."""
    return {
        "proofs": [asdict(row) for row in rows],
        "failed": [row.file for row in rows if row.error],
        "seconds": sum(row.seconds for row in rows),
    }


def render(data: dict[str, Any]) -> str:
    """Lay out what `summarise` collected in 80 columns."""
    return str(verdicts(data, f"; {data['seconds']:.1f} s of checking"))


def verdicts(data: dict[str, Any], note: str = "") -> Table:
    """Make a table of what `summarise` collected, with a note in its title."""
    cells = []
    for row in data["proofs"]:
        notes = [f"adds: {words}" for words in row["added"]]
        notes += [f"axiom: {name}" for name in row["axioms"]]
        notes += [f"holds instead: {words}" for words in row["instead"]]
        notes += [f"tightness: {row['tightness']}"] if row["tightness"] else []
        notes += [row["citation"]] if row["citation"] else []
        name = row["item"] or row["file"]
        error = "; ".join(row["error"].splitlines())
        cells.append((name, row["verdict"], "; ".join(notes) or error))
    failed = data["failed"]
    verdict = f"{len(failed)} FAILED: {', '.join(failed)}" if failed else "all closed"
    title = f"{counted(len(cells), 'proof')}, {verdict}{note}"
    return Table(title, ("item", "verdict", "what it rests on"), cells)


def _begins(stem: str, wanted: list[str]) -> bool:
    """Say whether one of the names in a stem, parted by _and_, begins with the words wanted."""
    return any(
        len(words) >= len(wanted) and all(map(_same, words, wanted))
        for words in map(_words, stem.split("_and_"))
    )


def _same(word: str, wanted: str) -> bool:
    """Say whether two words are the same, or one is short for the other, as prop."""
    return wanted == word or (word.isalpha() and wanted.startswith(word))


def _words(name: str) -> list[str]:
    """Split prop-1, prop_01_severity, … into words, numbers without leading zeros."""
    return [part.lstrip("0") or "0" for part in re.findall(r"[a-z]+|\d+", name.lower())]
