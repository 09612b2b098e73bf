"""Decode files of TOML and JSON, once, and say in our words what is wrong with them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from adlopt.data.files.account_tables import first_line
from adlopt.data.files.file_schema import ContractRoundFile, EpisodeFile, MarketFile, RoundFile
from adlopt.data.files.places import existing_file
from adlopt.errors import InputError, did_you_mean, nearest
from adlopt.foundation import strict_json

T = TypeVar("T")
KINDS: dict[type, tuple[str, str]] = {
    EpisodeFile: ("an episode", "adlopt play or adlopt couple"),
    MarketFile: ("a market", "adlopt deleverage"),
    ContractRoundFile: ("a round in contracts", "adlopt match"),
    RoundFile: ("a round", "adlopt solve"),
}
"""What kinds of files are called, and the verb that takes one."""
TOLD_BY = {
    "round": EpisodeFile,
    "coin": MarketFile,
    "positions": ContractRoundFile,
    "deficit": RoundFile,
}
"""Keys that tell files apart, the first first."""
WORDS = {
    "object": "a table",
    "array": "a list",
    "str": "a text",
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
}


def decode(path: Path, kind: type[T]) -> T:
    """Read a file as one of the kinds of `file_schema`; errors name file and field."""
    return _converted(path, parse(path), kind)


def decode_any(path: Path) -> Any:
    """Read a file as the kind that its keys tell, as a round where they tell none."""
    raw = parse(path)
    return _converted(path, raw, _kind(raw) or RoundFile)


def _converted(path: Path, raw: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        found = _kind(raw)
        if found not in (None, kind):
            remedy = f"{KINDS[found][1]} takes it"
            raise InputError(str(path), KINDS[found][0], KINDS[kind][0], remedy=remedy) from None
        raise _complaint(path, raw, str(error), kind) from None


def _kind(raw: Any) -> type | None:
    """Tell by its tables which kind of file was read."""
    if not isinstance(raw, Mapping):
        return None
    return next((kind for key, kind in TOLD_BY.items() if key in raw), None)


def _complaint(path: Path, raw: Any, text: str, kind: type) -> InputError:
    """Put what msgspec has to say into our words."""
    found = re.fullmatch(r"(.*?)(?: - at (?:`key` in )?`\$([^`]*)`)?", text, re.DOTALL)
    what, where = (found[1], found[2] or "") if found else (text, "")
    remedy, keys = "", _keys(kind, where)
    steps = _steps(raw, where, kind)
    key = re.search(r"(missing required|unknown) field `(.*)`$", what, re.DOTALL)
    if key is not None:
        steps.append(key[2])
        expected = "a value"
        if key[1] == "unknown":
            expected, remedy = unknown_key(key[2], keys)
    elif what.startswith("Expected "):
        expected = in_words(what)
        if keys:
            expected = expected.replace("a table,", f"a table of {', '.join(keys)},")
    else:
        expected = f"another value ({what[0].lower() + what[1:]})"
    place = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).removeprefix(".")
    field = f"{path}: {place}" if place else str(path)
    return InputError(field, _at(raw, steps), expected, remedy=remedy)


def unknown_key(name: str, keys: Sequence[str]) -> tuple[str, str]:
    """What is expected for a key that a table does not have, and what to do about it."""
    if near := did_you_mean(nearest(name, keys)):
        return "a key that is known", near
    own = "columns of your own stand in features, or as words in tags" * ("features" in keys)
    return f"a key that is known: {', '.join(keys)}", own


def _steps(raw: Any, where: str, kind: type) -> list[str | int]:
    """The way to what msgspec refuses: in tables with keys of one's own it does not say which."""
    steps: list[str | int] = []
    for index, own, name in re.findall(r"\[(\d+)\]|\[(\.\.\.)\]|\.([^.\[]+)", where):
        steps.append(int(index) if index else name)
        if own:
            table = _at(raw, steps[:-1])
            keys, held = list(table), dict(table)
            while len(keys) > 1:
                half = keys[: len(keys) // 2]
                table.clear()
                table.update({key: held[key] for key in half})
                try:
                    msgspec.convert(raw, kind)
                except msgspec.ValidationError:
                    keys = half
                else:
                    keys = keys[len(half) :]
            table.update(held)
            steps[-1] = keys[0]
    return steps


def in_words(complaint: str) -> str:
    """What msgspec expected, its types in our words; that a value may be missing is left out."""

    def kinds(types: re.Match[str]) -> str:
        named = [WORDS.get(kind, kind) for kind in types[1].split(" | ") if kind != "null"]
        return " or ".join(named) or "nothing"

    return re.sub(r"`([a-z |]+)`", kinds, complaint.removeprefix("Expected "))


def _keys(kind: type, where: str) -> list[str]:
    """All keys that the table which stands there may have, if one with its own keys does."""
    (at,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    for name in re.findall(r"\.([^.\[]+)", where):
        at = parts.get(_table(at), {}).get("properties", {}).get(name, {})
    return list(parts.get(_table(at), {}).get("properties", ()))


def _table(schema: Mapping[str, Any]) -> str:
    """The name of the table that a schema is, has or lists; "" of none."""
    within = [*schema.get("anyOf", ()), schema.get("items") or {}]
    found: str = schema.get("$ref") or next(filter(None, map(_table, within)), "") if schema else ""
    return found


def _at(raw: Any, steps: Sequence[str | int]) -> Any:
    value = raw
    for step in steps:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value


def parse(path: Path) -> Any:
    """Read TOML or JSON, unchecked."""
    if path.suffix not in (".toml", ".json"):
        near = did_you_mean(nearest(path.suffix, (".toml", ".json")))
        raise InputError("file", str(path), "a .toml or .json file", remedy=near)
    try:
        text = existing_file(path).read_bytes().decode("utf-8-sig")
        return tomllib.loads(text) if path.suffix == ".toml" else strict_json.decode(text)
    except InputError:
        raise
    except OSError as error:
        raise InputError("file", str(path), f"a readable file ({first_line(error)})") from None
    except (ValueError, RecursionError) as error:
        kind = path.suffix[1:].upper()
        raise InputError("file", str(path), f"well-formed {kind} ({first_line(error)})") from None


@contextmanager
def naming(place: str | Path) -> Iterator[None]:
    """Put the file, and the round, in front of the field that an error names."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{place}: {error.field}",
            error.value,
            error.expected,
            index=error.index,
            remedy=error.remedy,
        ) from None
