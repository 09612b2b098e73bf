"""Data for machines, filled with what an object has under the same names."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

import msgspec
import numpy as np

from adlopt.show.schema.data import finite

T = TypeVar("T", bound=msgspec.Struct)


def filled(kind: type[T], of: object, /, **given: Any) -> T:
    """Make data: what is not given is the attribute of that name, or of that without the unit.

    Members of enums become their values, arrays and tuples lists, figures that are not finite null.
    """
    for field in kind.__struct_fields__:
        for name in (field, field.removesuffix("_usd").removesuffix("_contracts")):
            if field not in given and hasattr(of, name):
                given[field] = _plain(getattr(of, name))
    return kind(**given)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        odd = value.dtype.kind == "f" and not np.isfinite(value).all()
        return list(map(finite, value.tolist())) if odd else value.tolist()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return finite(value) if isinstance(value, float) else value
