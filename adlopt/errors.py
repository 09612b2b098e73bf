"""Every error adlopt raises.

::

    AdloptError
    ├── InputError (ValueError)    a value we were given is wrong: which, where, and how to mend it
    ├── NoSolution
    │   ├── InfeasibleRound        proved: no haircut meets the budget
    │   ├── SolverStopped          a limit was reached before any feasible haircut was found
    │   └── SolverFailed           the solver refused the model or returned nonsense
    ├── CertificateError           an answer does not survive its own check
    ├── PolicyError
    │   ├── BadHaircut             a policy broke 0 ≤ x ≤ u, or returned something else
    │   └── CausalityError         a policy's decision depends on an outcome it cannot know
    ├── ProofError                 a proof step does not close
    └── SweepStopped               a sweep ended before all of it was played

`OddInput` is a warning: what was given can be used, but is hardly what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from heapq import nlargest
from pathlib import Path
from typing import Any, NamedTuple

MOST_LISTED = 12
"""Names that one message lists; of more, the nearest."""
NEAREST = 3
"""Names that one message asks back about, at most."""
MOST_COMPARED = 1_000
"""Names that are compared letter by letter; of more, those that begin or end alike."""


class AdloptError(Exception):
    """Base of every error raised on purpose by this package."""


class InputError(AdloptError, ValueError):
    """A value we were given cannot be used.

    Parameters
    ----------
    field : str
        Name of the argument, column or key.
    value : object
        The offending value, shown as it came.
    expected : str
        What would have been accepted.
    index : int, str or None
        Position, row or account within `field`, where there is one.
    remedy : str
        What the user can do about it.

    Examples
    --------
    >>> raise InputError("capacity", -3.0, "a number ≥ 0", index=2, remedy="use max(PNL, 0)")
    Traceback (most recent call last):
    adlopt.errors.InputError: capacity[2] is -3.0: expected a number ≥ 0; use max(PNL, 0)
    """

    def __init__(
        self,
        field: str,
        value: object,
        expected: str,
        *,
        index: int | str | None = None,
        remedy: str = "",
    ) -> None:
        self.field, self.value, self.expected = field, value, expected
        self.index, self.remedy = index, remedy
        where = field if index is None else f"{field}[{index}]"
        shown = _shown(value)
        super().__init__(f"{where} is {shown}: expected {expected}" + (remedy and f"; {remedy}"))

    def __reduce__(self) -> tuple[object, ...]:
        made = partial(InputError, index=self.index, remedy=self.remedy)
        return (made, (self.field, self.value, self.expected))


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        text = "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:38]}...{text[-39:]}"


def unknown(
    field: str,
    name: object,
    known: Iterable[str],
    *,
    near: Iterable[str] = (),
    index: int | str | None = None,
    listed: str = "",
    besides: str = "",
    remedy: str = "",
) -> InputError:
    """Return the refusal of a name that is none of those known: it asks back about the nearest.

    Names are quoted, as they may hold commas. A list too long to read is left to the command that
    prints it, or cut short.

    `near` are those to ask back about, if spelling does not tell; `listed` is the command that
    lists them all, `besides` what else would do, `remedy` what to do if no name known is meant.
    """
    names = list(dict.fromkeys(known))
    near = list(near) or (nearest(name, names) if isinstance(name, str) else [])
    first = [*near, *(each for each in names if each not in near)][: MOST_LISTED + 1]
    quoted = ", ".join(map(repr, first[:MOST_LISTED])) or "none"
    if len(names) > MOST_LISTED:
        count = f"{len(names):,}"
        quoted = f"{count} that {listed} lists" if listed else f"{count}: {quoted}, …"
    expected = ("one of " if len(names) > 1 else "") + quoted + (besides and f", or {besides}")
    asked = did_you_mean(near)
    both = f"{asked} Else {remedy}" if asked and remedy else asked or remedy
    return InputError(field, name, expected, index=index, remedy=both)


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the names nearest to one that is none of them, the nearest first, at most three."""
    from difflib import get_close_matches  # needed only where something failed

    said, names = name.casefold(), {each.casefold(): each for each in known}
    alike = list(names)
    if len(alike) > MOST_COMPARED:
        alike = [each for each in names if each[:3] == said[:3] or each[-3:] == said[-3:]]
        alike = nlargest(MOST_COMPARED, alike, key=lambda each: _shared(said, each))
    near = get_close_matches(said, alike, n=NEAREST) if said else []
    begun = [each for each in names if each.startswith(said)] if len(said) > 2 else []
    return [names[each] for each in dict.fromkeys([*near, *begun])][:NEAREST]


def _shared(one: str, other: str) -> int:
    """Letters that two names have in the same places, counted from either end."""
    return sum(map(str.__eq__, one, other)) + sum(map(str.__eq__, one[::-1], other[::-1]))


def did_you_mean(near: Iterable[str]) -> str:
    """Ask back about names; nothing without any."""
    asked = " or ".join(map(repr, near))
    return asked and f"did you mean {asked}?"


class NoSolution(AdloptError):
    """No haircut can be returned."""


class Binding(NamedTuple):
    """An account that holds a round back."""

    account: str
    most: float
    """USD that it can give."""
    reason: str
    """What keeps it from giving more: capacity, cap, floor, lots, protected, ineligible: …"""


class InfeasibleRound(NoSolution):
    """No haircut within the capacities raises the budget; the message says by how much.

    Attributes
    ----------
    below, above : float or None
        USD. The nearest budgets that can be raised, below and above the one asked for.
    missing : float or None
        USD. The smallest relaxation: the budget less, or what accounts may give more, by so much;
        of a matching, how much less is to be shed, at the mark.
    binding : tuple of Binding
        Who cannot give more, and why: where the budget is out of reach, their sum is below it,
        checked without rounding.
    rounds : tuple of int
        Where rounds share their winners: those, from 1, that together need too much.
    irreducible : tuple of str
        Budgets, rows of one's own and limits of accounts that contradict each other, called as in
        models: without any one of them there would be a haircut within all capacities. Empty where
        none was looked for, as where whole lots are all that stands in the way.
    """

    def __init__(
        self,
        message: str,
        *,
        below: float | None = None,
        above: float | None = None,
        missing: float | None = None,
        binding: tuple[Binding, ...] = (),
        rounds: tuple[int, ...] = (),
        irreducible: tuple[str, ...] = (),
    ) -> None:
        self.below, self.above, self.missing = below, above, missing
        self.binding, self.rounds, self.irreducible = binding, rounds, irreducible
        self.evidence: Callable[[str | Path], Path] | None = None
        self.farkas: Mapping[str, Any] = {}
        super().__init__(message)

    def restated(self, message: str, *, beside: float = 0.0, **changes: Any) -> InfeasibleRound:
        """State the same refusal in other words, or of a round that raises `beside` USD more."""
        said = self._said()
        for end in ("below", "above"):
            said[end] = None if said[end] is None else said[end] + beside
        return InfeasibleRound(message, **said | changes)

    def certificate_file(self, path: str | Path) -> Path:
        """Write that nothing meets the budget as JSON that others check, as answers do.

        Raises
        ------
        InputError
            If it is no refusal of `adlopt.solve`, or the checker does not know such an instance.
        CertificateError
            If the checker cannot show it.
        """
        if self.evidence is None:
            raise InputError("certificate", None, "a refusal of adlopt.solve")
        return self.evidence(path)

    def _said(self) -> dict[str, Any]:
        names = ("below", "above", "missing", "binding", "rounds", "irreducible")
        return {name: getattr(self, name) for name in names}

    def __reduce__(self) -> tuple[object, ...]:
        return partial(InfeasibleRound, **self._said()), (str(self),)


class SolverStopped(NoSolution):
    """A time or iteration limit was reached before any feasible haircut was found."""

    row_duals: Any = None


class SolverFailed(NoSolution):
    """The solver refused the model or returned something that is not an answer.

    The model is kept in a file, which the error names, where the solver could read it.
    """

    program: Any = None


class CertificateError(AdloptError):
    """An answer does not survive its own check."""


class PolicyError(AdloptError):
    """A policy broke the rules of play."""


class BadHaircut(PolicyError):
    """A policy returned something outside 0 ≤ x ≤ capacity."""


class CausalityError(PolicyError):
    """A policy's decision changed when only the future changed."""


class ProofError(AdloptError):
    """A proof step does not close."""


class OddInput(UserWarning):
    """What was given can be used, but is hardly what was meant."""


class SweepStopped(AdloptError):
    """A sweep ended before all of it was played; what is finished is kept."""
