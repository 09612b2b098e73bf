"""A policy's name, taken apart.

::

    name       = fund + name | severity | severity + allocation | allocation | file
    fund       = insured:USD        and more of what `Insured` takes
    severity   = constant:0.5       one of SEVERITIES and what it takes, or a file
    allocation = queue:leverage     one of ALLOCATIONS and what it takes, a venue's rule, or a file
    file       = path.py:name       or, for a severity, path.toml

What a name means is the matter of `adlopt.policies.grammar`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, get_args

from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.foundation.user_code import load
from adlopt.model.loss import Burden
from adlopt.model.run import Information
from adlopt.policies.catalogue import ALLOCATIONS, FUNDS, SEVERITIES, TUNED
from adlopt.policies.protocols import Allocation, Policy
from adlopt.policies.severity_notation import read_severity
from adlopt.rules.venues import VENUES

FILE = re.compile(r"(?P<path>.+?\.(?:py(?=:)|toml))(?::(?P<name>[^\W\d]\w*))?(?=\+|$)")
UNNAMED = (Information, Policy)
"""Kinds of parameters that a name cannot give."""
IN_ORDER = "severity+allocation, in this order"
LISTS = "adlopt policies and adlopt venues list them"


@dataclass(frozen=True, slots=True)
class InFile:
    """An object of one's own, `path.py:name`, or a severity written in `path.toml`."""

    path: str
    name: str | None

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.name else self.path

    def load(self) -> Any:
        """Run the file and return what it calls by the name; data are read, and not run."""
        return load(str(self)) if self.name else read_severity(self.path)


@dataclass(frozen=True, slots=True)
class Word:
    """A part that is known by name, with what stands after its colons."""

    text: str
    kind: str
    arguments: tuple[float | str | Burden | Word | InFile, ...] = ()

    def __str__(self) -> str:
        return self.text


Part: TypeAlias = Word | InFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The parts of a policy's name; what it leaves out is None. Of funds, the first pays first.

    `alone` is a file with neither part beside it: it may have any of these, a policy or a function.
    """

    funds: tuple[Word, ...] = ()
    severity: Part | None = None
    allocation: Part | None = None
    alone: InFile | None = None

    def files(self) -> Iterator[InFile]:
        """All objects of one's own that it mentions."""
        parts: list[Any] = [self.severity, self.allocation, self.alone]
        for part in parts:
            if isinstance(part, InFile):
                yield part
            elif isinstance(part, Word):
                parts.extend(part.arguments)


def parse(name: str) -> Name:
    """Take a name apart."""
    first, plus, rest = name.partition("+")
    kind = first.partition(":")[0]
    if kind in FUNDS:
        behind = parse(rest) if plus else Name()
        return replace(behind, funds=(_word(FUNDS, first), *behind.funds))
    if kind in SEVERITIES:
        allocation = parse_allocation(rest, name) if plus else None
        return Name(severity=_word(SEVERITIES, first), allocation=allocation)
    if kind in ALLOCATIONS or kind in VENUES:
        if rest.partition(":")[0] in SEVERITIES:
            raise InputError("policy", name, IN_ORDER)
        return Name(allocation=parse_allocation(name, name))
    own = FILE.match(name)
    if own is None or ("+" in own["path"] and not Path(own["path"]).is_file()):
        what = "a severity, an allocation, a venue's rule, or path.py:name"
        raise _misspelt(name, kind, what, [*SEVERITIES, *ALLOCATIONS, *VENUES, *FUNDS])
    found, rest = InFile(own["path"], own["name"]), name[own.end() :]
    if not rest:
        return Name(alone=found)
    return Name(severity=found, allocation=parse_allocation(rest.removeprefix("+"), name))


def listed() -> list[dict[str, str]]:
    """Every word of the catalogue, what it takes after colons, and what it does."""
    tables: dict[str, Mapping[str, Callable[..., object]]] = {
        "fund": FUNDS,
        "severity": SEVERITIES,
        "allocation": ALLOCATIONS,
    }
    return [
        {
            "part": part,
            "name": kind,
            "takes": ":".join(parameter.name for parameter in _takes(make)),
            "does": (inspect.getdoc(make) or "").partition("\n")[0],
        }
        for part, table in tables.items()
        for kind, make in table.items()
    ]


def parse_allocation(text: str, name: str) -> Part:
    """Take the name of an allocation apart, within a name."""
    kind = text.partition(":")[0]
    if kind in ALLOCATIONS:
        return _word(ALLOCATIONS, text)
    if text in VENUES:
        return Word(text, kind)
    own = FILE.fullmatch(text)
    if own is None:
        what = "an allocation, a venue's rule, or path.py:name"
        raise _misspelt(name, kind, what, [*ALLOCATIONS, *VENUES])
    return InFile(own["path"], own["name"])


def _misspelt(name: str, said: str, what: str, known: list[str]) -> InputError:
    expected = what if said == name else f"{what}, not {said!r}"
    remedy = f"{did_you_mean(nearest(said, known))} {LISTS}".strip()
    return InputError("policy", name, expected, remedy=remedy)


def _word(table: Mapping[str, Callable[..., object]], text: str) -> Word:
    if table is SEVERITIES and text in TUNED:
        return Word(text, text)
    kind, colon, rest = text.partition(":")
    most = _takes(table[kind])
    least = [p for p in most if p.default is p.empty]
    given = rest.split(":", max(len(most) - 1, 0)) if colon else []
    if not len(least) <= len(given) <= len(most) or text.endswith(":"):
        names = ":".join(p.name for p in most) or "nothing"
        raise InputError("policy", text, f"{kind} with {names} after a colon")
    pairs = zip(most, given, strict=False)
    return Word(text, kind, tuple(_argument(takes, each, text) for takes, each in pairs))


def _takes(make: Callable[..., object]) -> list[inspect.Parameter]:
    """What stands after the colons of a word, in this order."""
    takes = inspect.signature(make, eval_str=True).parameters.values()
    return [parameter for parameter in takes if parameter.annotation not in UNNAMED]


def _argument(takes: inspect.Parameter, given: str, text: str) -> float | str | Burden | Part:
    """Read an argument as its annotation says; text is the whole part of the name."""
    kinds = get_args(takes.annotation) or (takes.annotation,)
    if Allocation in kinds:
        return parse_allocation(given, text)
    burdens = " or ".join(burden.value for burden in Burden)
    for kind, expected in ((Burden, burdens), (float, "a number")):
        if kind in kinds:
            try:
                return kind(given)
            except ValueError:
                raise InputError("policy", text, f"{expected} after the colon") from None
    return given
