"""Objectives of one's own by name, for files and the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adlopt.errors import InputError
from adlopt.optimum.objective_registry import OBJECTIVES, Known
from adlopt.optimum.opened.model import model
from adlopt.optimum.opened.own_objective import is_own


def register(name: str, make: Callable[..., Any]) -> None:
    """Give an objective of one's own a name, for files and the command line.

    Parameters
    ----------
    name : str
    make : callable
        Its class; annotated fields are its parameters in files.

    Raises
    ------
    InputError
        If the name is taken, or what is made states no cost.

    Examples
    --------
    >>> register("min-max", int)
    Traceback (most recent call last):
    adlopt.errors.InputError: name is 'min-max': expected a name that no objective has
    """
    if name in OBJECTIVES and OBJECTIVES[name].make is not make:
        raise InputError("name", name, "a name that no objective has")
    if not is_own(make):
        raise InputError("make", make, "a class with `cost(haircut, burden, raised)` and `worst`")
    OBJECTIVES[name] = Known(make, dollars=_solved)


def _solved(problem: Any, objective: Any, search: Any) -> Any:
    return model(problem.round_, objective).solve(time_limit=search.time_limit)
