"""What separates the cells of a CSV file, if not commas."""

from __future__ import annotations

MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def other_separator(header: str) -> str:
    """Say how to mend a file whose header has no commas; nothing if there is nothing to mend.

    Examples
    --------
    >>> other_separator("time;coin;price"), other_separator("time")
    ('it is separated by semicolons: save it with commas', '')
    """
    found = next((name for mark, name in MARKS.items() if mark in header), "")
    if "," in header or not found:
        return ""
    return f"it is separated by {found}: save it with commas"
