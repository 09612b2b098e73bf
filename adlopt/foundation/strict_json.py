"""JSON in which no object has a key twice: of two values, none is known to be meant."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def decode(text: str | bytes) -> Any:
    """Decode JSON, or raise ValueError; whole numbers keep all their digits."""
    plain = text if isinstance(text, str) else text.decode("utf-8-sig")
    try:
        found = msgspec.json.decode(plain)
        if not _as_many_colons(plain, found):
            json.loads(plain, object_pairs_hook=_once)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error) or "nested too deeply") from None
    return found


def _as_many_colons(text: str, found: Any) -> bool:
    """Whether what was kept has all colons of the text: quick, and in doubt no."""
    return "\\" not in text and text.count(":") == msgspec.json.encode(found).count(b":")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f'the key "{twice}" stands twice in an object')
    return made
