"""The page of a report: elements, escaped; one stylesheet; no script, and nothing to be fetched."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files

from adlopt.report.plots.style import DARK, LIGHT
from adlopt.show.table import Table
from adlopt.show.words import clipped, printable

LINKS = {"light": "#0b4f9e", "dark": "#8ab8ff"}
"""Of links and of what has the keyboard's focus."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for the page: nothing but what is in it."""


def page(
    title: str, *, top: str, main: str, bottom: str, head: str = "", policy: str = POLICY
) -> str:
    """Put the parts of a page, HTML already, into a document."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<link rel="icon" href="data:,">
<title>{text(title)}</title>
<style>
{stylesheet()}</style>{head}
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
{top}
<main id="main" tabindex="-1">
{main}
</main>
{bottom}
</body>
</html>
"""


def stylesheet() -> str:
    """Return the rules, with the colours of figures in light, in dark, and on paper."""
    rules = (files("adlopt.report") / "report.css").read_text(encoding="utf-8")
    light, dark = (
        "".join(f"  --{role}: {color};\n" for role, color in {**colors, "link": link}.items())
        for colors, link in ((LIGHT, LINKS["light"]), (DARK, LINKS["dark"]))
    )
    return (
        f":root {{\n{light}}}\n@media screen and (prefers-color-scheme: dark) {{\n:root {{\n{dark}"
        f"}}\n}}\n{rules}"
    )


def text(words: str) -> str:
    """Escape words for a page, on one line."""
    return escape(printable(words))


def section(name: str, title: str, parts: Iterable[str]) -> str:
    """Put parts under a heading."""
    inside = "\n".join(part for part in parts if part)
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{text(title)}</h2>\n{inside}\n'
        "</section>"
    )


def paragraph(words: str, kind: str = "") -> str:
    """Make a paragraph of words, if there are any."""
    chosen = f' class="{kind}"' if kind else ""
    return f"<p{chosen}>{text(words)}</p>" if words else ""


def scrollable(table: Table) -> str:
    """Make a table that scrolls on its own where it is wider than the screen, by keyboard too."""
    body = table._repr_html_()
    caption = escape("\n".join(map(printable, table.title.split("\n"))))
    start, end = body.index("<caption>"), body.index("</caption>")
    body = f"{body[:start]}<caption><span>{caption}</span>{body[end:]}"
    label = escape(printable(table.title.split("\n")[-1]))
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">\n{body}\n</div>'


def folded(table: Table) -> str:
    """Make a table that is opened by its first words; on paper it is open."""
    said = escape(clipped(table.title.split("\n")[-1], 90))
    return f"<details>\n<summary>{said}</summary>\n{scrollable(table)}\n</details>"


def contents(names: dict[str, str]) -> str:
    """Make links to sections by id."""
    items = "".join(
        f'<li><a href="#{name}">{text(title)}</a></li>' for name, title in names.items()
    )
    return f'<nav aria-label="Contents">\n<ul>{items}</ul>\n</nav>'
