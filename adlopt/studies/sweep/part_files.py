"""Finished chunks as files, each under two digests: of what was asked, and of what it holds."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from pathlib import Path

from adlopt.data.files.writing import replace_all
from adlopt.errors import CertificateError
from adlopt.studies.sweep.chunk import digest_of


def write_part(folder: Path, digest: str, data: bytes) -> Path:
    """Write what a chunk answered; the file is there whole, or not at all."""
    path = folder / f"{digest}-{digest_of(data)}.parquet"
    replace_all({path: lambda partial: partial.write_bytes(data)})
    return path


def finished(
    folder: Path, digests: Collection[str], notice: Callable[[str], None]
) -> dict[str, Path]:
    """Return the file of each finished chunk; a damaged one is announced and removed."""
    found = {}
    for path in sorted(folder.glob("*-*.parquet")):
        digest, _, held = path.stem.partition("-")
        if digest not in digests:
            continue
        if digest_of(path.read_bytes()) == held:
            found[digest] = path
        else:
            notice(f"{path} is damaged; its episodes are played again")
            path.unlink()
    return found


def compact(parts: Collection[Path], key: Collection[str], rows: int, output: Path) -> None:
    """Write the rows of all parts to one file, after a check that no row is lost or doubled."""
    import polars as pl

    frames = []
    for path in parts:
        data = path.read_bytes()
        if digest_of(data) != path.stem.partition("-")[2]:
            raise CertificateError(f"{path} was damaged after it was checked; run it again")
        frames.append(pl.read_parquet(io.BytesIO(data)))
    table = pl.concat(frames, rechunk=True)
    unique = table.select(key).n_unique()
    if not len(table) == unique == rows:
        raise CertificateError(
            f"the parts hold {len(table)} rows, {unique} of them different, instead of {rows}; "
            f"remove the folder {path.parent}"
        )
    replace_all({output: table.write_parquet})
