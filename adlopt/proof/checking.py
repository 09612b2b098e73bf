"""Check proof files."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from traceback import extract_tb

from adlopt.errors import ProofError
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
    """

    theorem: Theorem
    seconds: float

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
        theorem.check_variants()
        theorem = replace(theorem)
    return Checked(theorem=theorem, seconds=perf_counter() - started)


def load(path: Path) -> Theorem:
    """Run a proof file and return its theorem, without trying its false variants."""
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
        return replace(theorem)


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
    path = Path(beside).with_name(name)
    return _once(path, path.stat().st_mtime_ns if path.is_file() else 0)


@cache
def _once(path: Path, changed: int) -> Theorem:
    """Load a file that several proofs use once, until it changes."""
    return load(path)
