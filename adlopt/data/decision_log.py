"""The record of decisions: a file of lines, each with the hash of the one before it.

A line holds all that a decision was made of, the answer with its certificate, the version, and two
SHA-256 hashes: of the inputs, and of itself. `audit` decides everything again, bit for bit. The
chain shows a change of any line but those of who rewrites it from there on: publish the last hash
now and then. A line is on the disk before `write_decision` returns; what a crash leaves of one is
cut off by the next, as nobody was told of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from adlopt.data.files.aims import objective_of, table_of
from adlopt.data.files.places import existing_file
from adlopt.errors import AdloptError, CertificateError, InputError
from adlopt.foundation import strict_json
from adlopt.foundation.exact import exact_sum, largest_quotient
from adlopt.model.constraint import Constraint, Group, Says
from adlopt.model.limits import Limits
from adlopt.model.positions import Positions
from adlopt.model.round import RoundStart
from adlopt.optimum.core.certificate import ROUNDING, TOLERANCE
from adlopt.policies.decide.belief import Belief, Measured
from adlopt.policies.decide.deciding import decided
from adlopt.policies.decide.decision import Decision
from adlopt.policies.decide.decision_problem import CrossValidated, DecisionProblem
from adlopt.show.answer import Figures
from adlopt.show.schema.decisions import AuditData
from adlopt.show.table import filled
from adlopt.show.words import counted

FIRST = "0" * 64
"""What stands for the line before the first."""
PARTS = ("start", "belief", "objective", "limits", "positions")
BLOCK = 1 << 16
log = logging.getLogger(__name__)


class Audit(Figures, AuditData):
    """What an audit found: decisions that were made again, and the hash of the last line."""

    def __str__(self) -> str:
        left = f"; {counted(self.torn_bytes, 'byte')} of a torn line after them"
        torn = left if self.torn_bytes else ""
        late = f", {self.stopped:,} of them stopped at a deadline" if self.stopped else ""
        done = f"{counted(self.decisions, 'decision')} replayed{late}"
        return filled(f"{done}: all hashes and answers hold{torn}") + f"\nlast hash: {self.head}"


def write_decision(decision: Decision, path: str | Path) -> str:
    """Append a decision to a log, and return the hash of its line; other processes may, too.

    Examples
    --------
    >>> import adlopt as adl, tempfile
    >>> start = adl.RoundStart(account=["a"], capacity=[120.0], deficit=90.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "log.jsonl"
    ...     for needed in (40.0, 60.0):
    ...         last = write_decision(adl.decide(start, belief=[needed]), path)
    ...     found = audit(path)
    >>> found.decisions, found.head == last
    (2, True)
    """
    inputs = _stated(decision.problem)
    line = {
        "version": version("adlopt"),
        "inputs_hash": _hash(inputs),
        "inputs": inputs,
        "answer": decision.to_dict(),
    }
    with Path(path).open("a+b") as file, _locked(file):
        line["previous"] = _last_hash(file, path)
        line["hash"] = _hash(line)
        file.write(_bytes(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return str(line["hash"])


def audit(path: str | Path, *, head: str | None = None) -> Audit:
    """Check every line of a log, and decide everything again.

    Parameters
    ----------
    path : str or Path
    head : str, optional
        The last hash, where it was published: nothing was cut off behind it.

    Raises
    ------
    CertificateError
        Naming the first line that differs, and how.
    """
    file, previous, count, stopped, torn = existing_file(Path(path)), FIRST, 0, 0, 0
    with file.open("rb") as lines:
        for number, text in enumerate(lines, start=1):
            if not text.endswith(b"\n"):
                torn = len(text)
                break
            where = f"{path} line {number}"
            previous, late = _checked(text, previous, where)
            count, stopped = number, stopped + late
    if head is not None and head != previous:
        raise CertificateError(f"{path} ends with the hash {previous}, not {head}")
    return Audit(decisions=count, stopped=stopped, head=previous, torn_bytes=torn)


def _checked(text: bytes, previous: str, where: str) -> tuple[str, bool]:
    """The hash of a line, and whether its decision was stopped; or how the line differs."""
    line = None
    try:
        line = strict_json.decode(text)
        held = line.pop("hash")
        found, inputs, answer = _hash(line), line["inputs"], line["answer"]
        if held != found:
            raise CertificateError(f"{where}: it was changed: its hash is {found}, not {held}")
        if line["previous"] != previous:
            raise CertificateError(f"{where}: it does not follow the line before it")
        if line["inputs_hash"] != _hash(inputs):
            raise CertificateError(f"{where}: inputs_hash is not that of its inputs")
        problem = _problem(inputs)
        if answer.get("stopped"):
            _check_stopped(problem, answer, where)
            return str(held), True
        again = decided(problem).to_dict()
    except (ValueError, KeyError, TypeError, AttributeError, AdloptError) as error:
        if isinstance(error, CertificateError):
            raise
        said = line.get("version") if isinstance(line, dict) else None
        by = f" (recorded by version {said})" if said else ""
        raise CertificateError(f"{where}: it is no decision: {error}{by}") from None
    if _bytes(again) != _bytes(answer):
        names = [name for name in again if again[name] != answer.get(name)]
        said = f"{names[0]}: {again[names[0]]!r} now" if names else "fields"
        raise CertificateError(
            f"{where}: decided again, it differs in {said[:200]} (recorded by version "
            f"{line['version']}, replayed by {version('adlopt')})"
        )
    return str(held), False


def _check_stopped(problem: DecisionProblem, answer: Mapping[str, Any], where: str) -> None:
    """What a deadline cut short is not decided again: it is what its own haircuts come to."""
    best = decided(problem)
    haircut = np.asarray(answer["haircut_usd"], dtype=np.float64)
    if haircut.shape != best.haircut.shape or (haircut < 0).any():
        raise CertificateError(f"{where}: its haircuts are none of the round")
    raised, most = float(exact_sum(haircut)), problem.burdens.capacity
    worst = float(largest_quotient(haircut, problem.burdens.weight))
    if problem.capacities is not None:
        raised = min(answer["raised_usd"], raised)
    price = problem.fair * worst
    loss = problem.ball(best.radius).worst(raised).cost + price
    if answer["worst_loss"] < best.certificate.lower:
        raise CertificateError(f"{where}: it loses less than is possible")
    said = {
        "haircut_usd": (haircut > most * (1 + ROUNDING)).any(),
        "raised_usd": not _near(answer["raised_usd"], raised),
        "worst_burden": not problem.constraints and not _near(answer["worst_burden"], worst),
        "radius_usd": not _near(answer["radius_usd"], best.radius),
        "worst_loss": not answer["worst_loss"] >= loss * (1 - TOLERANCE),
        "certificate": not answer["certificate"]["lower"] <= best.worst_loss * (1 + TOLERANCE),
    }
    for name, wrong in said.items():
        if wrong:
            raise CertificateError(f"{where}: {name} is not what its haircuts come to")


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))


def _stated(problem: DecisionProblem) -> dict[str, Any]:
    """All fields of a problem but its deadline, as JSON has them."""
    given = {each.name: getattr(problem, each.name) for each in fields(problem)}
    del given["deadline"]
    return {n: _plain(table_of(v) if n == "objective" else v) for n, v in given.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        given = [each.name for each in fields(value) if each.init]
        return {name: _plain(getattr(value, name)) for name in given}
    return None if isinstance(value, float) and math.isinf(value) else value


def _problem(inputs: Mapping[str, Any]) -> DecisionProblem:
    """The problem of what `_stated` wrote."""
    given = {name: value for name, value in inputs.items() if name not in PARTS}
    if isinstance(given["ambiguity"], Mapping):
        given["ambiguity"] = CrossValidated(**given["ambiguity"])
    measured = Measured(inputs["belief"]["measured"])
    for name, kind in (("limits", Limits), ("positions", Positions)):
        given[name] = None if inputs[name] is None else kind(**inputs[name])
    given["constraints"] = tuple(map(_constraint, inputs.get("constraints", ())))
    return DecisionProblem(
        start=RoundStart(**inputs["start"]),
        belief=Belief(**{**inputs["belief"], "measured": measured}),
        objective=objective_of({k: v for k, v in inputs["objective"].items() if v is not None}),
        **given,
    )


def _constraint(said: Mapping[str, Any]) -> Constraint:
    """A row of what `_plain` wrote, which has no word for endless."""
    given = {name: value for name, value in said.items() if value is not None}
    return Constraint(**{**given, "group": Group(**given["group"]), "says": Says(given["says"])})


def _bytes(value: Any) -> bytes:
    """The one way in which this is written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _hash(value: Any) -> str:
    return hashlib.sha256(_bytes(value)).hexdigest()


def _last_hash(file: BinaryIO, path: str | Path) -> str:
    """The hash of the last whole line; what is torn behind it is cut off."""
    end = file.seek(0, os.SEEK_END)
    tail, start = b"", end
    while start and tail.count(b"\n") < 2:
        start = max(0, start - max(BLOCK, len(tail)))
        file.seek(start)
        tail = file.read(end - start)
    whole, _, torn = tail.rpartition(b"\n")
    if torn:
        log.warning("%s: %d bytes of a torn line are cut off", path, len(torn))
        file.truncate(end - len(torn))
    if not whole:
        return FIRST
    try:
        return str(strict_json.decode(whole.rpartition(b"\n")[2])["hash"])
    except (ValueError, LookupError, TypeError) as error:
        remedy = "adlopt audit names the line; start a new log"
        raise InputError(
            str(path), "no decision", f"a line of a log ({error})", remedy=remedy
        ) from None


@contextmanager
def _locked(file: BinaryIO) -> Iterator[None]:
    """Keep other writers out, whatever process they are in."""
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        try:
            yield
        finally:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
