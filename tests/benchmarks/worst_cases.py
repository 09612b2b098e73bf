"""Turn the worst case of every severity that ships into the table of the guide.

Run::

    python tests/benchmarks/worst_cases.py
"""

import sys
import time
from pathlib import Path

from table import put

import adlopt as adl
from adlopt.bounds.registry import UPPER
from adlopt.bounds.trivial import TRIVIAL
from adlopt.errors import InputError
from adlopt.policies import grammar
from adlopt.policies.catalogue import SEVERITIES
from adlopt.studies.adversary.worst import worst
from adlopt.studies.adversary.worst_case import Outcome

GUIDE = Path(__file__).parents[2] / "examples/guide/worst-cases.md"
NAMES = {"constant": "constant:0.5", "ader": "ader:16"}
"""What is played of a severity whose name alone is none, or is none that its theorem covers."""
LIMITS = {"P": {}, "dollars moved": {"variation": 15, "within": ["moved"]}}
LIMIT = 600.0
"""Seconds for each worst case."""


def ends(case):
    """One number where the two ends meet to a dollar in a million, in $M."""
    low, high = (f"{value / 1e6:.3f}" for value in (case.loss, case.upper))
    if low == high or case.outcome is Outcome.SUPREMUM:
        return low
    return f"{low} – {high}"


def row(name, october):
    """Worst cases, seconds of CPU, what proves the upper end, and which theorems cover it."""
    rule = grammar.severity(name, october)
    cells, proofs, begun = [], [], time.process_time()
    for limits in LIMITS.values():
        case = worst(rule, october, time_limit=LIMIT, **limits)
        cells.append(ends(case))
        proofs.append(case.upper_by)
    seconds = (time.process_time() - begun) / len(LIMITS)
    about = [b.name for b in UPPER.values() if b is not TRIVIAL and b.is_about(rule, october)]
    by = "; ".join(dict.fromkeys(proofs))
    return f"| {name} | {' | '.join(cells)} | {seconds:.0f} | {by} | {'; '.join(about) or '–'} |"


def table(names):
    """Markdown, one row for each severity."""
    october = adl.episodes.october_10()
    heads = [f"{each}, $M" for each in LIMITS]
    yield f"| severity | {' | '.join(heads)} | CPU s | upper end by | theorems that cover it |"
    yield "|---|--:|--:|--:|---|---|"
    for name in names:
        try:
            yield row(name, october)
        except InputError as error:
            print(f"{name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    chosen = sys.argv[1:] or [NAMES.get(name, name) for name in SEVERITIES]
    lines = []
    for line in table(chosen):
        print(line, flush=True)
        lines.append(line)
    if not sys.argv[1:]:
        put("\n".join(lines) + "\n", GUIDE, "worst cases")
