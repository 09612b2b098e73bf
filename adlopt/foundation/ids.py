"""Ids of accounts and coins: one rule for constructors, files, tables and answers.

Blanks around an id are no part of it, whole numbers are their digits, and bytes are written 0x…. A
float is refused: from 2^53 on, one stands for several ids. So is a text of which nothing shows: of
control characters, or of marks that take no room. Among others they are part of an id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import repeat
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from adlopt.errors import InputError

BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""What is stripped around an id: all that Python calls a space, in every reader."""
SMALLEST, LARGEST = -(2**127), 2**128 - 1
"""Whole numbers that the widest columns of tables hold."""
FLOAT = r"^[+-]?(\d+\.\d*|\d*\.\d+|\d+(\.\d*)?[eE]\+\d+|\d+\.\d*[eE]-?\d+)$"
"""How floats are written in text: a table whose ids look like this has lost digits."""
HIDDEN = r"^[\p{Cc}\p{Cf}\s]*$"
"""What is no id as nothing of it shows, in expressions of Polars."""
NOBODY = r"(?i)^(|nan|nat|none|null|<na>|#?n/?a)$"
"""How tables write that nobody's id stands in a cell."""
T = TypeVar("T", bound=Hashable)
V = TypeVar("V")
AS_TEXT = "write ids as text or whole numbers: a float stands for several of them"
IN_SIGHT = "give it a character that shows"


class Alike(Enum):
    """Whether ids that differ in case or blanks alone name one account."""

    APART = "apart"
    """No: each is an account of its own, and a finding says what hangs on it."""
    SAME = "same"
    """Yes: they are read in lower case and without blanks."""


def read_id(value: object, field: str, *, index: int | str | None = None) -> str:
    r"""Return an id as text: of a text, bytes or a whole number of up to 128 bits, not blank.

    >>> read_id(" ann ", "account"), read_id(7, "account"), read_id(b"\xab\x01", "account")
    ('ann', '7', '0xab01')
    >>> read_id(7.0, "account")
    Traceback (most recent call last):
    adlopt.errors.InputError: account is 7.0: expected a non-empty text or a whole number; write
    ids as text or whole numbers: a float stands for several of them
    """
    if isinstance(value, str) and (text := value.strip()) and not hidden(text):
        return str(text)
    if isinstance(value, (bytes, bytearray, memoryview)) and len(value):
        return f"0x{bytes(value).hex()}"
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if whole and SMALLEST <= int(value) <= LARGEST:  # type: ignore[call-overload]
        return str(value)
    remedy = AS_TEXT if isinstance(value, (float, np.floating)) else ""
    remedy = IN_SIGHT if isinstance(value, str) and value.strip() else remedy
    expected = "a non-empty text or a whole number"
    raise InputError(field, value, expected, index=index, remedy=remedy)


def read_ids(
    values: Iterable[object],
    field: str,
    length: int | None = None,
    *,
    least: int = 1,
    wanted: str = "at least one",
) -> tuple[str, ...]:
    """Return ids as texts: `length` of them, or, if that is not given, at least `least`."""
    if isinstance(values, (str, bytes)):
        raise InputError(field, values, "a list of ids", remedy=f"write [{values!r}]")
    if not isinstance(values, Iterable):
        raise InputError(field, values, "a list of ids")
    ids = values if isinstance(values, Picked) else _texts(tuple(values), field)
    if length is not None and len(ids) != length:
        raise InputError(field, f"{len(ids)} ids", f"{length}, one for each row")
    if length is None and len(ids) < least:
        raise InputError(field, list(ids), wanted)
    return ids


def _texts(values: tuple[object, ...], field: str) -> tuple[str, ...]:
    try:
        ids = tuple(map(str.strip, values))  # type: ignore[arg-type]
    except TypeError:
        ids = ()
    if ids and all(ids) and "".join(ids).isprintable():
        return ids
    return tuple(read_id(value, field, index=index) for index, value in enumerate(values))


def refuse_repeats(
    keys: Sequence[T],
    field: str,
    expected: str,
    *,
    shown: Callable[[T], object] = lambda key: key,
    remedy: str = "",
) -> None:
    """Refuse a key that stands twice; `shown` says how it is named."""
    if len(set(keys)) == len(keys):
        return
    seen: set[T] = set()
    for index, key in enumerate(keys):
        if key in seen:
            raise InputError(field, shown(key), expected, index=index, remedy=remedy)
        seen.add(key)


class Picked(tuple[str, ...]):
    """Ids picked of others, that were read, by where those stand: neither read nor sought again.

    >>> Picked(("a", "b", "c"), np.array([2, 0]))
    ('c', 'a')
    """

    among: tuple[str, ...]
    at: NDArray[np.int64]

    def __new__(cls, among: tuple[str, ...], at: NDArray[np.int64]) -> Picked:
        """Take the ids that stand there, in that order."""
        made = super().__new__(cls, [among[place] for place in at.tolist()])
        made.among, made.at = among, at
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return tuple, (list(self),)


def places(ids: Collection[str], among: Iterable[str]) -> NDArray[np.int64]:
    """Where ids stand among others, shape (n,); −1 where they do not."""
    if not ids:
        return np.zeros(0, dtype=np.int64)
    if isinstance(ids, Picked) and ids.among is among:
        return ids.at
    if isinstance(ids, Picked) and isinstance(among, Picked) and ids.among is among.among:
        where = np.full(len(among.among), -1, dtype=np.int64)
        where[among.at] = np.arange(len(among))
        return where[ids.at]
    place = {name: i for i, name in enumerate(among)}
    return np.fromiter(map(place.get, ids, repeat(-1)), dtype=np.int64)


def codes(ids: Sequence[str]) -> NDArray[np.int64]:
    """Numbers that are equal where ids are, each less than a million million, shape (n,)."""
    return ids.at if isinstance(ids, Picked) else places(ids, dict.fromkeys(ids))


def pick(ids: Sequence[Any], at: NDArray[np.int64]) -> tuple[Any, ...]:
    """What stands there, in that order: of ids that were picked, again `Picked`."""
    if isinstance(ids, Picked):
        return Picked(ids.among, ids.at[at])
    return tuple(map(ids.__getitem__, at.tolist()))


def read_keys(given: Mapping[Any, V], field: str) -> dict[str, V]:
    """Return a mapping by ids; no two of its keys may be one id."""
    if not isinstance(given, Mapping):
        raise InputError(field, given, "a mapping by ids")
    names = read_ids(given, field, least=0)
    refuse_repeats(names, field, "an id once")
    return dict(zip(names, given.values(), strict=True))


def folded(text: str) -> str:
    """Drop what ids that are alike differ in: case, blanks, and how the same letters are coded.

    >>> folded("Jose\u0301 1"), folded("jos\u00e9\u200b1")
    ('josé1', 'josé1')
    """
    if not text.isascii():
        coded = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in coded if unicodedata.category(c) != "Cf")
    return "".join(text.split()).lower()


def hidden(text: str) -> bool:
    r"""Whether nothing of a text shows, or it has half of a character, which cannot be written.

    >>> [hidden(text) for text in ("ann", "an\x00n", "\x00", "\u200b")]
    [False, False, True, True]
    """
    kinds = set() if text.isprintable() else {unicodedata.category(c) for c in text}
    return "Cs" in kinds or (bool(kinds) and kinds <= {"Cc", "Cf", "Zs", "Zl", "Zp"})


def alike(ids: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of different ids that differ in case or blanks alone."""
    names = set(ids)
    spaced = len("".join(names).split()) > 1
    plain = not spaced and "".join(names).isascii()
    if plain and len(set(map(str.lower, names))) == len(names):
        return ()
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(folded(name), []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def looks_like_a_float(text: str) -> bool:
    """Whether a text is how a float is written, so that it is no id."""
    return re.fullmatch(FLOAT[1:-1], text) is not None
