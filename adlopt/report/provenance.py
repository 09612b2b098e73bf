"""Where a report's figures come from, so that somebody else can make the same page."""

from __future__ import annotations

import platform
from dataclasses import fields
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from adlopt.model.episode import Episode
from adlopt.model.round import RoundStart
from adlopt.model.run import Information, Run
from adlopt.report.evidence import Evidence
from adlopt.show.table import Table

USED = ("adlopt", "matplotlib", "numpy")
"""Packages that a page's bytes depend on."""


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
