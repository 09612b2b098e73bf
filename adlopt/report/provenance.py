"""Where a report's figures come from, so that somebody else can make the same page.

A verdict is kept under the SHA-256 of its proof, of all of the toolkit's own code, and of the
versions of what that runs on; failures are not kept. A file of verdicts is no proof: `adlopt prove`
checks every time.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import fields
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import numpy as np

from adlopt.data.files.writing import replace_texts
from adlopt.model.episode import Episode
from adlopt.model.round import RoundStart
from adlopt.model.run import Information, Run
from adlopt.proof.legend import read
from adlopt.proof.library import Verdicts, check_all, proof_files
from adlopt.report.evidence import Evidence
from adlopt.show.schema.proofs import ProofData
from adlopt.show.table import Table
from adlopt.show.words import counted

USED = ("adlopt", "matplotlib", "numpy")
"""Packages that a page's bytes depend on."""
RUNS_ON = ("sympy", "numpy", "highspy", "msgspec")
"""Packages that verdicts on proofs depend on."""


def provenance(evidence: Evidence) -> Table:
    """Make the table of sources, policies and versions."""
    episode = evidence.episode
    rows = [
        ("episode", episode.name),
        ("source", episode.source or "not stated"),
        ("SHA-256 of its figures", digest(episode)),
        ("burdens measured against", evidence.burden.value),
        ("policies", ", ".join(run.policy for run in evidence.board.runs)),
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in USED),
    ]
    return Table("What this report was made of", ("", ""), rows)


def digest(episode: Episode) -> str:
    """SHA-256 of every number and name of an episode, to the last bit."""
    hashed = sha256()
    settings = (episode.name, episode.source, episode.reference, episode.fairest, episode.pooled)
    hashed.update(repr(settings).encode("utf-8", "surrogatepass"))
    records: tuple[RoundStart | Run, ...] = (*(r.start for r in episode), *episode.recorded)
    for record in records:
        for field in fields(record):
            hashed.update(field.name.encode())
            hashed.update(_bytes(getattr(record, field.name)))
    hashed.update(episode.needed.tobytes())
    return hashed.hexdigest()


def _bytes(value: object) -> bytes:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, Information):
        return value.value.encode()
    if hasattr(value, "items"):
        return b"".join(repr(name).encode() + _bytes(part) for name, part in value.items())
    return repr(value).encode("utf-8", "surrogatepass")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "a checkout that is not installed"


def known_verdicts(
    folder: Path | None = None, *, progress: Callable[[str], None] | None = None
) -> tuple[Verdicts, str]:
    """Return all verdicts, and what is to be said of those that were known; check the others.

    They are kept in `folder`, that of a user's caches unless given.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = folder or caches / "adlopt" / "proofs"
    kept.mkdir(parents=True, exist_ok=True)
    files = {kept / f"{digest}.json": path for path, digest in _digests().items()}
    read = {path: _read(at) for at, path in files.items() if at.is_file()}
    known = {path: row for path, row in read.items() if row is not None}
    unknown = {at: path for at, path in files.items() if path not in known}
    made = check_all(list(unknown.values()), progress=progress).proofs if unknown else ()
    rows = known | dict(zip(unknown.values(), made, strict=True))
    closed = {at: rows[path] for at, path in unknown.items() if not rows[path].error}
    replace_texts({at: msgspec.json.encode(row).decode() for at, row in closed.items()})
    note = (
        f"{counted(len(known), 'verdict')} of an earlier check of the same proofs by the same "
        "code; adlopt prove checks them again."
    )
    return Verdicts(tuple(rows[path] for path in files.values())), note if known else ""


def _read(at: Path) -> ProofData | None:
    """A verdict that is kept; none if its file is damaged, so that it is checked again."""
    try:
        return msgspec.json.decode(at.read_bytes(), type=ProofData)
    except msgspec.DecodeError:
        return None


def _digests() -> dict[Path, str]:
    """SHA-256 by proof file."""
    code = sha256(platform.python_version().encode())
    for name in RUNS_ON:
        code.update(f"{name} {version(name)}\n".encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        code.update(path.read_bytes())
    found = {}
    for path in proof_files().values():
        own = code.copy()
        own.update(path.read_bytes() + repr(read(path)).encode())
        found[path] = own.hexdigest()
    return found
