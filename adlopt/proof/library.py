"""The proofs that ship with the package: find them, and check them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from adlopt.errors import InputError, ProofError, unknown
from adlopt.foundation.workers import worker_processes
from adlopt.proof.checking import Checked, check
from adlopt.show.answer import Answer, Columns
from adlopt.show.proofs import summary
from adlopt.show.schema.proofs import HypothesisData, ProofData, ProofsData

WORKERS = 2
"""Proofs checked at the same time."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Verdicts(Answer):
    """What became of proof files, in the order in which `check_all` was given them."""

    proofs: tuple[ProofData, ...]

    def data(self) -> ProofsData:
        """Return the verdicts as machines get them."""
        return ProofsData(
            proofs=list(self.proofs),
            failed=[row.file for row in self.proofs if row.error],
            seconds=sum(row.seconds for row in self.proofs),
        )

    def __str__(self) -> str:
        return summary(self.data())

    def _columns(self) -> Columns:
        names = ("file", "item", "verdict", "axioms", "added", "tightness", "seconds", "error")
        columns = {name: [getattr(row, name) for row in self.proofs] for name in names}
        joined = {name: ["; ".join(said) for said in columns[name]] for name in ("axioms", "added")}
        return {**columns, **joined}


def proof_files() -> dict[str, Path]:
    """Return the proof files that ship, beside the package in a checkout, inside it otherwise."""
    package = Path(__file__).parents[1]
    for folder in (package / "proofs", package.parent / "proofs"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.py"))}
    raise InputError("proofs", str(package), "a folder of proof files", remedy="reinstall adlopt")


def find(name: str) -> list[Path]:
    """Return the proof files of a path, of a name, or of the beginning of names."""
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise InputError("proof", name, "a file that exists", remedy="adlopt new writes one")
        return [Path(name)]
    shipped, fitting = proof_files(), stems(name)
    if not fitting:
        raise unknown("proof", name, shipped, listed="adlopt prove", besides="a .py file")
    return [shipped[stem] for stem in fitting]


def stems(name: str) -> list[str]:
    """Return the proofs that ship which a name, or the beginning of names, means; perhaps none."""
    wanted = _words(name)
    return [stem for stem in proof_files() if wanted and _begins(stem, wanted)]


def check_all(paths: Sequence[Path], *, progress: Callable[[str], None] | None = None) -> Verdicts:
    """Check proof files, several at a time; `progress` is told the name of each, once done."""
    done: dict[Path, ProofData] = {}
    with worker_processes(WORKERS) as pool:
        waiting = {pool.submit(row_of, path): path for path in paths}
        for finished in as_completed(waiting):
            path = waiting[finished]
            try:
                done[path] = finished.result()
            except BrokenProcessPool:
                done[path] = ProofData(file=path.stem, error="the process that checked it ended")
            if progress is not None:
                progress(path.stem)
    return Verdicts(tuple(done[path] for path in paths))


def row_of(path: Path) -> ProofData:
    """Check one proof file; whatever its code raises becomes the error."""
    try:
        checked = check(path)
    except ProofError as error:
        return ProofData(file=path.stem, error=str(error))
    return proof_data(path.stem, checked)


def proof_data(file: str, checked: Checked) -> ProofData:
    """Return what machines are given of a proof that was checked."""
    theorem = checked.theorem
    return ProofData(
        file=file,
        item=theorem.item,
        verdict=checked.verdict.value,
        added=list(theorem.added),
        axioms=[f"{axiom.name} [{axiom.citation}]" for axiom in sorted(theorem.axioms)],
        instead=[*theorem.corrected, *(other.item for other in theorem.instead)],
        rejected=dict(checked.rejected),
        tightness=theorem.tightness,
        citation=theorem.citation,
        letters=theorem.legend,
        hypotheses=[HypothesisData(str(f), words) for f, words in theorem.worded.items()],
        seconds=checked.seconds,
    )


def _begins(stem: str, wanted: list[str]) -> bool:
    """Say whether one of the names in a stem begins with the words wanted, or short for them."""

    def same(word: str, asked: str) -> bool:
        return asked == word or (word.isalpha() and asked.startswith(word))

    names = map(_words, stem.split("_and_"))
    return any(len(name) >= len(wanted) and all(map(same, name, wanted)) for name in names)


def _words(name: str) -> list[str]:
    """Split prop-1, prop_01_severity, … into words, numbers without leading zeros."""
    return [part.lstrip("0") or "0" for part in re.findall(r"[a-z]+|\d+", name.lower())]
