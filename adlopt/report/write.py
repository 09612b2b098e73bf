"""A report of an episode: one page that carries all it shows, for a screen, a phone and paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from adlopt.data.files.writing import replace_all
from adlopt.errors import InputError
from adlopt.proof.library import Verdicts
from adlopt.report.evidence import SHOWN, Evidence
from adlopt.report.headline import headline
from adlopt.report.page import contents, page, paragraph, scrollable, section, text
from adlopt.report.plots.figure import Figure
from adlopt.report.plots.figures import FIGURES, svg
from adlopt.report.plots.style import LIGHT
from adlopt.report.provenance import provenance
from adlopt.show import board, bounds, side_by_side
from adlopt.show.proofs import verdicts
from adlopt.show.table import Table

SECTIONS = {
    "scoreboard": "Scoreboard",
    "budgets-by-round": "Budgets by round",
    "too-much": "Too much and too little",
    "who-was-hit": "Who was hit",
    "against-production": "Production and what could have been",
    "stability-of-rules": "Stability of the rules",
    "bounds-and-losses": "Bounds",
    "data-quality": "Data quality",
}
"""Headings by id; figures say below which one they stand."""
THEORY, PROVENANCE = ("theory", "Verdicts on the theory"), ("provenance", "Provenance")


def report(evidence: Evidence, *, proofs: Verdicts | None = None) -> str:
    """Return the report as HTML; equal input gives equal bytes."""
    episode = evidence.episode
    head = "".join(f"<li>{text(sentence)}</li>" for sentence in headline(evidence))
    names = SECTIONS | dict([THEORY, PROVENANCE])
    top = (
        f"<header>\n<h1>{text(episode.name)}</h1>\n"
        f'<ul class="headline">{head}</ul>\n</header>\n{contents(names)}'
    )
    parts = [
        section(name, title, [*_tables(name, evidence), _figures(name, evidence)])
        for name, title in SECTIONS.items()
    ]
    unchecked = "The proofs were not checked for this report; adlopt prove checks them."
    told = paragraph(unchecked) if proofs is None else scrollable(verdicts(proofs.data()))
    parts.append(section(*THEORY, [told]))
    parts.append(section(*PROVENANCE, [scrollable(provenance(evidence))]))
    note = (
        f"Figures tell at most {SHOWN} policies apart; tables show all. What is marked hindsight "
        "looked at outcomes that nobody could know at the time."
    )
    bottom = f"<footer>{paragraph(note)}</footer>"
    return page(f"{episode.name}: adlopt report", top=top, main="\n".join(parts), bottom=bottom)


def write_report(evidence: Evidence, path: str | Path, *, proofs: Verdicts | None = None) -> Path:
    """Write the report to an .html file, whole or not at all.

    Raises
    ------
    InputError
        If the path does not end in .html or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from adlopt.data.episodes import shock
    >>> evidence = Evidence(episode=shock(rounds=2, winners=3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(evidence, f"{folder}/report.html").name
    'report.html'
    """
    return write_page(lambda: report(evidence, proofs=proofs), path)


def write_page(made: Callable[[], str], path: str | Path) -> Path:
    """Make a page and write it, whole or not at all; nothing is made for a path that cannot be."""
    target, page_ = require_page(path), made().encode("utf-8")
    replace_all({target: lambda part: part.write_bytes(page_)})
    return target


def require_page(path: str | Path) -> Path:
    """Return the path of a report, before any time is spent on it: .html in a folder there is."""
    path = Path(path)
    if path.suffix != ".html" or not path.parent.is_dir():
        raise InputError("output", str(path), "an .html file in a folder that exists")
    return path


def _tables(name: str, evidence: Evidence) -> list[str]:
    found: Sequence[Table] = ()
    if name == "scoreboard":
        found = board.tables(evidence.figures)
    elif name == "bounds-and-losses":
        found = bounds.tables(evidence.bounds.figures)
    elif name == "against-production":
        sides = evidence.side_by_side
        found = () if sides is None else tuple(side_by_side.tables(sides.data()))
    elif name == "data-quality":
        odd = board.quality(evidence.figures)
        if odd is None:
            return [paragraph("Nothing odd was found.")]
        found = [odd]
    return [scrollable(table) for table in found]


def _figures(section: str, evidence: Evidence) -> str:
    here = [drawn(figure, evidence) for figure in FIGURES.values() if figure.section == section]
    return '<div class="figures">\n' + "\n".join(here) + "\n</div>"


def drawn(figure: Figure, evidence: Evidence) -> str:
    """Return a figure below its question, or why it cannot be drawn."""
    name = figure.name
    title = f'<h3 id="{name}-title">{text(figure.title)}</h3>'
    lacking = figure.lacks(evidence)
    if lacking:
        return f"<div>\n{title}\n{paragraph(f'Not drawn: {lacking}.', 'absent')}\n</div>"
    caption = f"<figcaption>{title}{paragraph(figure.caption)}</figcaption>"
    return f'<figure id="figure-{name}">\n{caption}\n{inline(name, evidence)}\n</figure>'


def inline(name: str, evidence: Evidence) -> str:
    """Return a figure as an `<svg>` element that shares no id with others on the page.

    Its colours are the variables of `LIGHT`; figure captions name it by `NAME-title`.
    """
    drawn = svg(name, evidence, title=False)
    body = drawn[drawn.index("<svg") :]
    head, rest = body.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', head)
    size = view[0] if view else ""
    rest = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", rest, count=1, flags=re.DOTALL)
    rest = re.sub(r"<metadata>.*?</metadata>", "", rest, count=1, flags=re.DOTALL)
    rest = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', rest)
    rest = re.sub(r'(url\(|xlink:href=")#', rf"\1#{name}-", rest).replace("xlink:href", "href")
    opening = f'<svg {size} role="img" aria-labelledby="{name}-title">'
    drawn = opening + re.sub(r"\s*\n\s*", "\n", rest).strip()
    for role, color in LIGHT.items():
        drawn = drawn.replace(color, f"var(--{role})")
    return drawn
