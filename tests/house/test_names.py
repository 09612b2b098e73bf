"""What documents call by name is there under that name."""

import pkgutil
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ = [*ROOT.glob("*.md"), *(ROOT / ".ci").iterdir(), ROOT / "pyproject.toml"] + [
    path for room in ("adlopt", "examples", "proofs") for path in (ROOT / room).rglob("*.py")
]
DOTTED = r"`(adlopt(?:\.\w+)+)"
FILE = r"\b((?:adlopt|tests|proofs|examples)/[\w./]*\w\.(?:py|svg|toml))\b"


def called(pattern):
    """What documents and docstrings call so, and where; a changelog also keeps old names."""
    found = {}
    for path in READ:
        words = path.read_text(encoding="utf-8")
        if path.name == "CHANGELOG.md":
            words = re.sub(r"^\| `[^|]*\|", "|", words, flags=re.MULTILINE)
        found |= dict.fromkeys(re.findall(pattern, words), path.name)
    return found


def leads_somewhere(dotted):
    try:
        return pkgutil.resolve_name(dotted) is not None
    except (ImportError, AttributeError, DeprecationWarning):
        return False


def test_names_of_modules_and_what_they_hold_lead_somewhere():
    names = called(DOTTED)
    assert len(names) > 20
    assert {name: where for name, where in names.items() if not leads_somewhere(name)} == {}


def test_files_that_are_named_are_there():
    files = called(FILE)
    assert len(files) > 10
    assert {name: where for name, where in files.items() if not (ROOT / name).exists()} == {}
