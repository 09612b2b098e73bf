"""What a loader is, and which there are: one file and one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.options import Rules
from adlopt.data.loaders.records import How

FILES = ("hyperreplay", "node_fills", "node_folder", "published")
"""Files of this folder that have a `LOADER`."""
AS_PUBLISHED = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A reader of files of one kind.

    Parameters
    ----------
    kind : str
        What it is called.
    takes : str
        Which files, in words.
    read : callable
        Makes rounds of paths, by rules, as told how.
    rules : Rules
        How rounds are cut unless rules are given.
    most : int, optional
        Paths that it takes at most.
    """

    kind: str
    takes: str
    read: Callable[[Sequence[Path], Rules, How], Loaded]
    rules: Rules = AS_PUBLISHED
    most: int | None = None


@cache
def loaders() -> dict[str, Loader]:
    """Every loader by its kind.

    Examples
    --------
    >>> sorted(loaders())
    ['fills', 'hyperreplay', 'node', 'published']
    """
    modules = (import_module(f"adlopt.data.loaders.{name}") for name in FILES)
    return {module.LOADER.kind: module.LOADER for module in modules}
