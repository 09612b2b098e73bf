"""A figure inside a page: its colours become variables, its ids its own, its size the page's."""

from __future__ import annotations

import re

from adlopt.report.evidence import Evidence
from adlopt.report.plots.figures import svg
from adlopt.report.plots.style import LIGHT


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
