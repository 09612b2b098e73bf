"""Check proof files."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from types import MappingProxyType

from adlopt.errors import ProofError
from adlopt.proof.legend import read
from adlopt.proof.theorem import Theorem, Verdict
from adlopt.proof.written_out import derivation, summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A proof file that reached its declared verdict.

    Attributes
    ----------
    theorem : Theorem
    seconds : float
        Time the check took.
    rejected : mapping from str to str
        Why the derivation does not close on each false variant, by its name.
    """

    theorem: Theorem
    seconds: float
    rejected: Mapping[str, str]

    @property
    def verdict(self) -> Verdict:
        """What became of the claim."""
        return self.theorem.verdict

    def __str__(self) -> str:
        return summary(self.theorem)

    def derivation(self, *, latex: bool = False) -> str:
        """Write out every step."""
        return derivation(self.theorem, latex=latex)


def check(path: str | Path) -> Checked:
    """Run a proof file and check that it reaches the verdict it declares.

    Parameters
    ----------
    path : str or Path
        A Python file with a function ``theorem()`` that returns a `Theorem`.

    Returns
    -------
    Checked
        Prints as a summary; ``derivation()`` shows every step.

    Raises
    ------
    ProofError
        If a step does not close, the evidence gives another verdict, or a false variant is
        accepted.
    """
    started = perf_counter()
    theorem = load(Path(path))
    with _failing(Path(path)):
        rejected = theorem.rejections()
        theorem = replace(theorem)
    spent = perf_counter() - started
    return Checked(theorem=theorem, seconds=spent, rejected=MappingProxyType(rejected))


def load(path: Path) -> Theorem:
    """Run a proof file, once until it changes; return its theorem, its false variants untried."""
    state = path.stat() if path.is_file() else None
    return _once(path.resolve(), state and (state.st_mtime_ns, state.st_size))


@cache
def _once(path: Path, _changed: object) -> Theorem:
    spec = importlib.util.spec_from_file_location(f"adlopt_proof_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ProofError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    with _failing(path):
        spec.loader.exec_module(module)
        theorem = getattr(module, "theorem", lambda: None)()
    if type(theorem) is not Theorem:
        raise ProofError(
            f"{path} has no function theorem() that returns a Theorem; adlopt new proof.py writes "
            "a proof to start from"
        )
    with _failing(path):
        return theorem.explained_by(*read(path))


@contextmanager
def _failing(path: Path) -> Iterator[None]:
    """Whatever a proof file raises, and even its exit, is a proof that failed, at a line of it."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except ProofError as error:
        line = _line(error, path)
        if not line:
            raise
        raise ProofError(f"{path.name}{line}: {error}") from error
    except BaseException as error:
        raised = f"{path.name}{_line(error, path)} raised {type(error).__name__}"
        raise ProofError(f"{raised}: {error}") from error


def _line(error: BaseException, path: Path) -> str:
    """Say which line of a proof file an error comes from; nothing if from none."""
    frames = extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    return f" line {lines[-1]}" if lines else ""


def theorem_of(beside: str, name: str) -> Theorem:
    """Return the theorem of another proof file in the same folder.

    Parameters
    ----------
    beside : str
        ``__file__`` of the proof that uses it.
    name : str
        The other file.
    """
    return load(Path(beside).with_name(name))
