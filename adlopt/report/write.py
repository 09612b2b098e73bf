"""A report of an episode: one page that carries all it shows, for a screen, a phone and paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from adlopt.data.files.writing import replace_texts
from adlopt.errors import InputError
from adlopt.proof.library import Verdicts
from adlopt.report.evidence import SHOWN, Evidence
from adlopt.report.headline import Card, cards
from adlopt.report.page import contents, folded, page, paragraph, scrollable, section, text
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
    "theory": "Verdicts on the theory",
    "not-drawn": "Not drawn",
    "provenance": "Provenance",
}
"""Headings by id; figures say below which one they stand."""


def report(evidence: Evidence, *, proofs: Verdicts | None = None, note: str = "") -> str:
    """Return the report as HTML; equal input gives equal bytes. `note` is said of the proofs."""
    episode = evidence.episode
    parts = {
        name: [_figures(name, evidence), *_tables(name, evidence)]
        for name in SECTIONS
        if name not in ("theory", "not-drawn", "provenance")
    }
    if proofs is not None:
        parts["theory"] = [paragraph(note), folded(verdicts(proofs.data()))]
    parts["not-drawn"] = [_absent(evidence)]
    parts["provenance"] = [folded(provenance(evidence))]
    shown = {name: SECTIONS[name] for name in SECTIONS if any(parts.get(name, ()))}
    top = (
        f"<header>\n<h1>{text(episode.name)}</h1>\n{paragraph(episode.source, 'absent')}\n"
        f'<div class="cards">\n{"".join(map(_card, cards(evidence, proofs)))}</div>\n</header>\n'
        f"{contents(shown)}"
    )
    main = "\n".join(section(name, title, parts[name]) for name, title in shown.items())
    said = f"Figures tell at most {SHOWN} policies apart; tables show all."
    bottom = f"<footer>{paragraph(said)}</footer>"
    return page(f"{episode.name}: adlopt report", top=top, main=main, bottom=bottom)


def write_report(
    evidence: Evidence, path: str | Path, *, proofs: Verdicts | None = None, note: str = ""
) -> Path:
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
    return write_page(lambda: report(evidence, proofs=proofs, note=note), path)


def write_page(made: Callable[[], str], path: str | Path) -> Path:
    """Make a page and write it, whole or not at all; nothing is made for a path that cannot be."""
    target = require_page(path)
    replace_texts({target: made()})
    return target


def require_page(path: str | Path) -> Path:
    """Return the path of a report, before any time is spent on it: .html in a folder there is."""
    path = Path(path)
    if path.suffix != ".html" or not path.parent.is_dir():
        raise InputError("output", str(path), "an .html file in a folder that exists")
    return path


def _card(card: Card) -> str:
    said = "".join(map(paragraph, card.sentences))
    return f"<div><h2>{text(card.question)}</h2><strong>{text(card.figure)}</strong>{said}</div>\n"


def _tables(name: str, evidence: Evidence) -> list[str]:
    """Tables below the figures of a section: folded, but for who missed how much."""
    found: Sequence[Table] = ()
    if name == "scoreboard":
        every = board.dollars(evidence.figures)
        found = [each for each in board.tables(evidence.figures) if each != every]
        return [scrollable(every), *map(folded, found)]
    if name == "bounds-and-losses":
        found = bounds.tables(evidence.bounds.figures)
    elif name == "against-production":
        sides = evidence.side_by_side
        found = () if sides is None else tuple(side_by_side.tables(sides.data()))
    elif name == "data-quality":
        odd = board.quality(evidence.figures)
        if odd is None:
            return [paragraph("Nothing odd was found.")]
        found = [odd]
    return [folded(table) for table in found]


def _figures(section: str, evidence: Evidence) -> str:
    of = [each for each in FIGURES.values() if each.section == section and not each.lacks(evidence)]
    here = "\n".join(drawn(figure, evidence) for figure in of)
    columns = f' style="columns: {min(len(of), 3)} 21rem"'
    return f'<div class="figures"{columns}>\n{here}\n</div>' if of else ""


def _absent(evidence: Evidence) -> str:
    """Questions that the episode has no data for, and why, together where one reason holds."""
    why: dict[str, list[str]] = {}
    for figure in FIGURES.values():
        why.setdefault(figure.lacks(evidence), []).append(figure.title)
    lines = (f"<dt>{text(reason)}</dt><dd>{text(' '.join(asked))}</dd>"
             for reason, asked in why.items() if reason)  # fmt: skip
    return f"<dl>{inside}</dl>" if (inside := "".join(lines)) else ""


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
