"""What names of policies are made of, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from adlopt.show.table import Table

PARTS = {
    "fund": "Funds, which pay before winners do: insured:1e6+…",
    "severity": "Severities, how much to take; alone, pro-rata follows",
    "allocation": "Allocations, from whom; alone, the whole deficit is raised (constant:1+…)",
}
NOTE = (
    "A name is severity+allocation, such as gated-persistence:0.5+queue:leverage. An allocation "
    "may be a venue's rule (adlopt venues); each may be an object of one's own, path.py:name."
)


def render(rows: Sequence[dict[str, str]]) -> str:
    """Lay out the words of the catalogue."""
    tables = []
    for part, title in PARTS.items():
        words = [row for row in rows if row["part"] == part]
        shown = [(f"{row['name']}:{row['takes']}".rstrip(":"), row["does"]) for row in words]
        note = NOTE if part == list(PARTS)[-1] else ""
        tables += [Table(title, ("name", "does"), shown, note)] if shown else []
    return "\n".join(map(str, tables))
