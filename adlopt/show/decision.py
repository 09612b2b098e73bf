"""A decision at a round's start, as text of 80 columns."""

from __future__ import annotations

from adlopt.show.certificate import in_words
from adlopt.show.schema.decisions import DecisionData
from adlopt.show.table import filled, joined, table
from adlopt.show.words import percent, usd

SHOWN = 5
"""Accounts that are printed; the rest are counted."""


def screen(data: DecisionData) -> str:
    """Lay out what is taken, on what belief, and what is proved about it."""
    certificate = {
        name: getattr(data.certificate, name) for name in data.certificate.__struct_fields__
    }
    figures = [
        ("raised, USD", usd(data.raised_usd)),
        ("severity, of the deficit", percent(data.severity)),
        ("worst burden", percent(data.worst_burden)),
        ("taken to be needed at most, USD", usd(data.most_usd)),
        ("distance from the belief allowed, USD", usd(data.radius_usd)),
        ("expected loss on the belief", f"{data.expected_loss:,.6g}"),
        ("loss at worst within that distance", f"{data.worst_loss:,.6g}"),
        ("  no decision loses less than", f"{data.certificate.lower:,.6g}"),
        ("price of ambiguity", f"{data.price_of_ambiguity:,.6g}"),
    ]
    if data.chance is not None:
        said = "no guarantee" if data.guarantee is None else f"at least {percent(data.guarantee)}"
        figures.append(("cases with enough raised, if exchangeable", said))
    if data.delivered is not None:
        figures.append(("scenarios in which it is delivered", percent(data.delivered)))
    order = sorted(range(len(data.account)), key=lambda i: (-data.haircut_usd[i], i))
    rows = [(data.account[i], usd(data.haircut_usd[i])) for i in order[:SHOWN]]
    title = f"Decision, round start. {data.belief}.\nCertificate: {in_words(certificate)}"
    said = "\n".join(filled(line) for line in title.splitlines())
    who = f"largest of {len(rows):,} of {len(order):,} accounts; -o file.csv has all"
    return joined([table(said, ("figure", "value"), figures), table(who, ("account", "USD"), rows)])
