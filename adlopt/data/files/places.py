"""Which files are read: regular ones, and those a file names only in its own folder."""

from __future__ import annotations

from pathlib import Path

from adlopt.errors import InputError


def existing_file(path: Path, field: str = "file") -> Path:
    """Return the path of a regular file: what is none may never end, or wait for ever."""
    try:
        found = path.is_file()
    except (OSError, ValueError) as error:
        raise InputError(field, str(path), f"a file that exists ({error})") from None
    if not found:
        raise InputError(field, str(path), "a file that exists, not a folder, pipe or device")
    return path


def inside(folder: Path, name: str, field: str = "file") -> Path:
    """Return `folder / name`, which may not lead out of the folder, by ".." or by a link."""
    path = folder / name
    try:
        leads_out = not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(field, str(path), f"a file that exists ({error})") from None
    if leads_out:
        remedy = "put it there: a file names only what lies beside or below it"
        raise InputError(field, str(path), f"a file inside {folder.resolve()}", remedy=remedy)
    return path
