"""Objects that users name by file: path.py:name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from adlopt.errors import InputError, unknown

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
    spec = importlib.util.spec_from_file_location(f"adlopt_own_{path.stem}", path)
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


def _own_names(module: ModuleType) -> list[str]:
    """Names that a file gives to something of its own, not those that it imports."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and (not isinstance(value, type | FunctionType) or value.__module__ == module.__name__)
    ]
