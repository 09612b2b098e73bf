"""Decisions in files: `[belief]` and `[decide]` of a round whose `needed` is not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from adlopt.data.files.account_tables import read_numbers, read_table
from adlopt.data.files.aims import constraints_of
from adlopt.data.files.file_schema import BeliefEntry, ContractRoundFile, DecideEntry, RoundFile
from adlopt.data.files.places import inside
from adlopt.errors import InputError, unknown
from adlopt.foundation.arrays import FloatArray
from adlopt.model.round import RoundStart
from adlopt.policies.decide.belief import Belief, Measured
from adlopt.policies.decide.decision_problem import CrossValidated, DecisionProblem

MEASURED = {"samples": Measured.DOLLARS, "errors": Measured.ERRORS, "shares": Measured.SHARES}
"""What files call the values of a belief."""
Said: TypeAlias = dict[str, Any]
"""Fields of a decision that are stated elsewhere than in its tables."""
PRICED = "priced"
"""What files call `delivered=None`."""
CALIBRATED = "cross-validated"
"""What files call `CrossValidated`; its folds may follow a colon."""


def decision_of(
    entry: RoundFile | ContractRoundFile, start: RoundStart, path: Path, stated: Said
) -> DecisionProblem:
    """Make the decision that a file without `needed` asks for, with what was stated elsewhere."""
    if entry.belief is None and "belief" not in stated:
        remedy = "without it adlopt decide takes the file, with a [belief]"
        raise InputError("needed", None, "a value", remedy=remedy)
    asked = entry.decide or DecideEntry()
    given: dict[str, Any] = {name: getattr(asked, name) for name in asked.__struct_fields__}
    given["ambiguity"] = ambiguity_of(asked.ambiguity)
    given["constraints"] = constraints_of(entry.constraint)
    if isinstance(asked.delivered, str):
        if asked.delivered != PRICED:
            raise InputError("decide.delivered", asked.delivered, f"a share, or {PRICED!r}")
        given["delivered"] = None
    if isinstance(asked.capacities, str):
        given["capacities"] = _scenarios(inside(path.parent, asked.capacities), start)
    if entry.belief is not None:
        given["belief"] = belief_of(entry.belief, path.parent)
    return DecisionProblem(start=start, **{**given, **stated})


def refuse_decision(entry: RoundFile | ContractRoundFile) -> None:
    """Refuse what only a decision has, where `needed` is known."""
    for name in ("belief", "decide"):
        if getattr(entry, name) is not None:
            remedy = "leave `needed` out: adlopt decide"
            raise InputError(name, "a table", "none beside `needed`", remedy=remedy)


def belief_of(entry: BeliefEntry, folder: Path) -> Belief:
    """Make the belief of a table; files are looked for in the folder."""
    kinds = ("samples", "errors", "shares", "quantiles", "distribution", "file")
    given = [name for name in kinds if getattr(entry, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "nothing"
        raise InputError("belief", found, f"exactly one of {', '.join(kinds)}")
    if entry.distribution is not None:
        return Belief.of_distribution(entry.distribution)
    if entry.quantiles is not None:
        return Belief.of_quantiles({_level(k): v for k, v in entry.quantiles.items()})
    if entry.file is not None:
        return belief_in(inside(folder, entry.file, "belief.file"), entry.column, entry.measured)
    return Belief(
        value=getattr(entry, given[0]),
        mass=entry.mass,  # type: ignore[arg-type]
        measured=MEASURED[given[0]],
        source=given[0],
    )


def belief_in(path: Path, column: str = "needed", measured: str = "samples") -> Belief:
    """Make the belief of a column of a table."""
    if measured not in MEASURED:
        raise unknown("belief.measured", measured, MEASURED)
    values = read_numbers(path, column, "belief.file")
    source = f"{column} in {path.name}"
    return Belief(value=values, measured=MEASURED[measured], source=source)


def ambiguity_of(given: float | str) -> float | CrossValidated:
    """Read a radius in USD, or how one is calibrated."""
    if not isinstance(given, str):
        return given
    kind, colon, folds = given.partition(":")
    if kind == CALIBRATED and (not colon or folds.isdecimal()):
        return CrossValidated(folds=int(folds)) if colon else CrossValidated()
    try:
        return float(given)
    except ValueError:
        expected = f"USD, or {CALIBRATED}, with folds after a colon"
        raise InputError("ambiguity", given, expected) from None


def _scenarios(path: Path, start: RoundStart) -> FloatArray:
    rows = read_table(path, needed="account")
    place = {name: i for i, name in enumerate(rows["account"].to_list())}
    missing = [name for name in start.account if name not in place]
    if missing or len(place) != len(start.account):
        found = missing[0] if missing else f"{len(place)} accounts"
        raise InputError(f"{path}: account", found, "a row for each account of the round")
    order = [place[name] for name in start.account]
    return np.stack([rows[n].to_numpy()[order] for n in rows.columns if n != "account"])


def _level(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError("belief.quantiles", text, "a level in (0, 1]") from None
