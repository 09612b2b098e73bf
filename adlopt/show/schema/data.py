"""What the data of all answers share: a version, and a JSON Schema that `adlopt schema` prints."""

from __future__ import annotations

import math
import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

import msgspec

from adlopt import errors
from adlopt.show import schema

VERSION = 2
"""Of every schema; it rises when a field changes its name or meaning."""
T = TypeVar("T", bound=msgspec.Struct)
FROZEN = {"frozen": True}
"""For bases: what is derived from them cannot change either, which mypy would want said again."""


def _tag(kind: str) -> str:
    words = re.findall(r"[A-Z][a-z0-9]*", kind.removesuffix("Data"))
    return f"adlopt/{'-'.join(words).lower()}/{VERSION}"


class Data(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag=_tag):
    """Base of what an answer is to machines: `SolutionData` is `"schema": "adlopt/solution/2"`.

    Money is in USD, shares are of 1, and nothing is rounded. What is not known, not finite, or was
    not asked for, is null.
    """


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, **FROZEN):
    """Base of what stands within the data of an answer, and never alone."""


class CertificateData(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A value and what is proved about it."""

    upper: float
    lower: float
    gap: float
    optimal: bool
    trust: str
    error: float
    budget_residual_usd: float


class StageData(CertificateData, kw_only=True):
    """A criterion of an objective, given those above it."""

    criterion: str


def finite(value: float | None) -> float | None:
    """Return the number as JSON can write it: null where it is not known, or not finite."""
    return None if value is None or not math.isfinite(value) else float(value)


def all_finite(data: T) -> T:
    """Put null for every figure of some data that is not finite."""
    held = ((name, getattr(data, name)) for name in data.__struct_fields__)
    odd = {n: None for n, value in held if isinstance(value, float) and finite(value) is None}
    return msgspec.structs.replace(data, **odd) if odd else data


def kinds() -> dict[str, type[Data]]:
    """Every kind of answer by its name, as in `adlopt schema NAME`."""
    for module in iter_modules(schema.__path__):
        import_module(f"{schema.__name__}.{module.name}")
    found = {str(kind.__struct_config__.tag).split("/")[1]: kind for kind in _last(Data)}
    return dict(sorted(found.items()))


def _last(kind: type[Data]) -> list[type[Data]]:
    """Kinds described here that no other such kind derives from."""
    here = [each for each in kind.__subclasses__() if each.__module__.startswith(schema.__name__)]
    return [last for each in here for last in _last(each)] or [kind]


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind: scoreboard, or adlopt/scoreboard/2 as an answer says."""
    known = kinds()
    tagged = {str(kind.__struct_config__.tag): kind for kind in known.values()}
    kind = known.get(name) or tagged.get(name)
    if kind is None:
        raise errors.unknown("schema", name, known, listed="adlopt schema")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
