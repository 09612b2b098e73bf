"""A decision at a round's start, as text of 80 columns."""

from __future__ import annotations

from adlopt.show.certificate import in_words
from adlopt.show.schema.decisions import BacktestData, DecisionData, RunningCertificateData
from adlopt.show.table import filled, joined, table
from adlopt.show.words import amount, clipped, number, percent, usd

SHOWN = 3
"""Accounts that are printed; the rest are counted."""
LAST = 16
"""Rounds that are printed."""


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
        ("expected loss on the belief", amount(data.expected_loss)),
        ("loss at worst within that distance", amount(data.worst_loss)),
        ("  no decision loses less than", amount(data.certificate.lower)),
        ("price of ambiguity", amount(data.price_of_ambiguity)),
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
    parts = [table(said, ("figure", "value"), figures), table(who, ("account", "USD"), rows)]
    return joined([*parts, *map(filled, data.notes)])


def certified(data: RunningCertificateData) -> str:
    """Lay out a figure and its limit after each of the last rounds."""
    pairs = list(zip(data.reached_usd, data.limit_usd, strict=True))
    first = max(len(pairs) - LAST, 0)
    rows = [(f"{t}", usd(a), usd(b)) for t, (a, b) in enumerate(pairs[first:], start=first + 1)]
    title = (
        f"{clipped(data.policy)} ({data.information}) certifies after each round: {data.certifies}"
    )
    return table(filled(title), ("round", "so far", "at most"), rows)


def backtested(data: BacktestData) -> str:
    """Lay out losses, and by how much the decider loses more or less than the others."""
    rows = []
    for by in data.by:
        less = by.decider_loses_more
        paired = "–" if less is None else "{} [{}, {}]".format(*map(number, less))
        short = percent(by.short_rounds), percent(by.short_dollars)
        rows.append((by.who, number(by.loss, 5), number(by.regret, 5), *short, paired))
    promised = "" if data.promised is None else f"; enough was promised in {percent(data.promised)}"
    title = (
        f"{clipped(data.episode)}, {data.rounds:,} rounds from {data.first}, decided on those "
        f"before: dollars missed at {data.under:g} too little and {data.over:g} too much; best "
        f"constant and regret are hindsight{promised}"
    )
    columns = ("who", "loss", "regret", "short rounds", "short USD", "decider more [95 %]")
    return table(filled(title), columns, rows)
