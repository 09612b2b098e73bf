"""Objects that users name by file: path.py:name."""

from __future__ import annotations

import importlib.util
import traceback
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from adlopt.errors import InputError, unknown

OWN, PACKAGE = "adlopt_own_", str(Path(__file__).parents[1])
"""What modules of users' files are called, and where none of theirs is."""
MARK = ".py:"
"""What tells such a name from others."""


def load(text: str) -> Any:
    """Run a Python file and return what it calls by a name. Load only files you would run.

    >>> load("absent.py:rule")
    Traceback (most recent call last):
    adlopt.errors.InputError: file is 'absent.py': expected a Python file that exists
    """
    place, _, name = text.rpartition(":")
    path = Path(place)
    if not path.is_file():
        raise InputError("file", place, "a Python file that exists")
    spec = importlib.util.spec_from_file_location(f"{OWN}{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("file", place, "a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever a user's file does wrong, it is named
        expected = f"a file that runs ({type(error).__name__}: {error})"
        raise InputError("file", place, expected) from error
    if not hasattr(module, name):
        raise unknown(f"{place}: name", name, _own_names(module))
    return getattr(module, name)


def blame(error: BaseException) -> str:
    """What a user's code raised, and where: the last line of the first file that is not ours."""
    frames = traceback.extract_tb(error.__traceback__)
    files = [frame.filename for frame in frames if not frame.filename.startswith(PACKAGE)]
    said = f"{type(error).__name__}: {error}"
    if not files:
        return said
    line = [frame.lineno for frame in frames if frame.filename == files[0]][-1]
    return f"{said} ({files[0]}, line {line})"


def raised_by_own(error: BaseException) -> bool:
    """Whether a file that `load` ran raised it."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__")).startswith(OWN) for frame, _ in frames)


def _own_names(module: ModuleType) -> list[str]:
    """Names that a file gives to something of its own, not those that it imports."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and (not isinstance(value, type | FunctionType) or value.__module__ == module.__name__)
    ]
