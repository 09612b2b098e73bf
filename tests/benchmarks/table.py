"""Turn measurements into the speed table of the guide.

Run::

    pytest tests/benchmarks --benchmark-enable --benchmark-json=speed.json
    python tests/benchmarks/table.py speed.json
"""

import json
import sys
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "examples/guide/speed.md"
BEGIN, END = "<!-- {}: begin -->\n", "<!-- {}: end -->\n"


def table(measurements):
    """Markdown, one row for each benchmark and peer."""
    lines = [
        "| problem | size | median | × one `np.sum` pass | beside it | is slower by |",
        "|---|---|--:|--:|---|--:|",
    ]
    for measured in measurements["benchmarks"]:
        info, seconds = measured["extra_info"], measured["stats"]["median"]
        cells = [info["problem"], info["size"], time(seconds), ratio(seconds / info["one_pass"])]
        peers = info["peers"] or {"": None}
        for peer, taken in peers.items():
            slower = "" if taken is None else f"{ratio(taken / seconds)} ×"
            lines.append("| " + " | ".join([*cells, peer, slower]) + " |")
            cells = [""] * 4
    return "\n".join(lines) + "\n"


def time(seconds):
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}"
    raise AssertionError


def ratio(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def put(text, guide=GUIDE, name="speed"):
    """Replace what is between the markers."""
    begin, end = BEGIN.format(name), END.format(name)
    before, rest = guide.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    guide.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    put(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
