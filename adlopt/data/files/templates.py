"""Commented templates to start one's own instance from."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from adlopt.data.files.writing import replace_all
from adlopt.errors import InputError, unknown

VERBS = {
    "round": "solve {}",
    "contracts": "match {}",
    "decision": "decide {}",
    "episode": "play {}",
    "market": "deleverage {} --rule hyperliquid",
    "policy": "play october-10 -p {}:rule",
    "severity": "play october-10 -p {}:rule",
    "proof": "prove {}",
}
"""Who reads what starts from the template of a kind; its text is in the folder `starts`."""
PYTHON = ("policy", "severity", "proof")
"""Kinds whose files end in .py, not .toml."""


def write_template(path: str | Path, kind: str | None = None) -> Path:
    """Write the template of a kind; unless given it is the one that the file's name has a word of.

    A .py file whose name has none is a proof.

    Raises
    ------
    InputError
        If there is no such kind, the name says none or several, the path does not end as files of
        that kind do, or it cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".toml", ".py"):
        raise InputError("file", str(path), "a name that ends in .toml, or .py for Python")
    if not path.parent.is_dir():
        raise InputError("file", str(path), "a folder that exists")
    kind = kind_of(path) if kind is None else kind
    if kind not in VERBS:
        raise unknown("kind", kind, VERBS)
    if path.suffix != suffix_of(kind):
        raise InputError("file", str(path), f"a name that ends in {suffix_of(kind)}, for a {kind}")
    start = files("adlopt.data.files") / "starts" / f"{kind}{suffix_of(kind)}.txt"
    text = start.read_text(encoding="utf-8").replace("{name}", str(path))
    encoded = text.encode("utf-8", errors="replace")
    replace_all({path: lambda target: target.write_bytes(encoded)})
    return path


def kind_of(path: Path) -> str:
    """Say which kind of template a file's name has a word of."""
    words = re.findall("[a-z]+", path.stem.lower())
    kinds = [
        k for k in VERBS if suffix_of(k) == path.suffix and any(w.startswith(k) for w in words)
    ]
    if path.suffix == ".py" and not kinds:
        return "proof"
    if len(kinds) != 1:
        found = " or ".join(kinds) or None
        remedy = f"adlopt new KIND {path}"
        raise InputError("kind", found, f"one of {', '.join(VERBS)}", remedy=remedy)
    return kinds[0]


def suffix_of(kind: str) -> str:
    """How files of a kind end."""
    return ".py" if kind in PYTHON else ".toml"


def next_verb(path: str | Path, kind: str | None = None) -> str:
    """Say which verb reads the template of that name.

    Examples
    --------
    >>> next_verb("market.toml"), next_verb("mine.toml", "episode")
    ('deleverage market.toml --rule hyperliquid', 'play mine.toml')
    """
    return VERBS[kind or kind_of(Path(path))].format(path)
