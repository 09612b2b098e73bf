"""What documents call by name is there under that name."""

import pkgutil
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / ".ci").iterdir(), ROOT / "pyproject.toml"]
SOURCES = [
    path
    for room in ("adlopt", "examples", "proofs")
    for path in sorted((ROOT / room).rglob("*.py"))
]


def called(path, pattern):
    """What a file calls so, but for the old names that a changelog keeps."""
    words = path.read_text(encoding="utf-8")
    if path.name == "CHANGELOG.md":
        words = re.sub(r"^\| `[^|]*\|", "|", words, flags=re.MULTILINE)
    return sorted(set(re.findall(pattern, words)))


@pytest.mark.parametrize("path", [*DOCUMENTS, *SOURCES], ids=lambda p: str(p.relative_to(ROOT)))
def test_names_lead_somewhere(path):
    for name in called(path, r"`(adlopt(?:\.\w+)+)"):
        assert pkgutil.resolve_name(name) is not None, name
    for name in called(path, r"\b((?:adlopt|tests|proofs|examples)/[\w./]*\w\.(?:py|svg|toml))\b"):
        assert (ROOT / name).exists(), name
