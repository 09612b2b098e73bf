"""Rules, and what they did to a market, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adlopt.show.schema.studies import DeleveragingData, OutcomeData, PublishedRuleData, RankingData
from adlopt.show.table import BRIEF, Table, few, filled, notes, rest, screen, table, why_not
from adlopt.show.words import clipped, counted, percent, quantity, scaled, unit_of, usd

SHOWN = 10
"""Accounts that are printed for each rule; the rest are counted."""
REMARKS = 4
"""Ties that are named for each rule, and remarks of a summary; the rest are counted."""


def render_rules(rules: Sequence[PublishedRuleData]) -> str:
    """Lay out the rules, and what they rest on."""
    rows = []
    for rule in rules:
        losers = [f"losers by {rule.losers}"] if rule.losers else []
        who = "; ".join([*losers, *rule.closes, *(f"USD, {text}" for text in rule.takes)])
        first = "; if ".join([rule.fund_pays_first, *rule.trigger])
        rows.append((rule.rule, who, rule.closing_price or "–", first))
    columns = ("rule", "who gives, in what order", "at", "fund pays first")
    origins = (filled(f"{rule.rule}: {rule.venue}: {rule.source}", "  ") for rule in rules)
    return "\n".join([table("Rules of venues", columns, rows), str(provenance(rules)), *origins])


def provenance(rules: Sequence[PublishedRuleData], *, sources: bool = False) -> Table:
    """Of when a rule is, which published results it meets, and what was chosen."""
    rows, apart = [], []
    for rule in rules:
        met = sum(vector.passed for vector in rule.vectors)
        none = f"none public, {rule.searched}" if rule.searched else "–"
        of = f"{met} of {len(rule.vectors)}" if rule.vectors else none
        apart += [f"{rule.rule}, {v.name}: {v.differs}" for v in rule.vectors if v.differs]
        cells = rule.family, rule.version or "–", of, ", ".join(rule.unpublished) or "–"
        rows.append((rule.rule, *([rule.source] if sources else []), *cells))
    title = (
        "What they rest on: the date of a source, or when one without was read; tests and worked "
        "examples of a venue that come out the same here, or when none was found; and what a "
        "source leaves open, chosen here"
    )
    columns = ("rule", *(["source"] if sources else []), "kind", "of", "met", "chosen here")
    return Table(title, columns, rows, "; ".join(apart))


def render(data: DeleveragingData) -> str:
    """Lay out what `DeleveragingData` holds, rule by rule."""
    parts = [_overview(data, len(data.rules) + len(data.unplayed))]
    for outcome in data.rules:
        parts += [_who(outcome, SHOWN), notes(_remarks(outcome)) + "\n"]
    return "\n".join(part for part in [*parts, notes(why_not(data.unplayed))] if part.strip())


def summary(data: DeleveragingData) -> str:
    """Lay out what a screen takes: of one rule who gave, of several what they came to."""
    rules, unplayed = data.rules, data.unplayed
    if len(rules) + len(unplayed) != 1:
        every, why = len(rules) + len(unplayed), notes(why_not(unplayed, BRIEF))
        return screen(lambda rows: f"{_overview(data, rows)}{rest(every - rows)}{why}", every)
    said = notes(few(_remarks(rules[0]), REMARKS, "remark"))
    accounts = len(rules[0].accounts)
    return screen(
        lambda rows: f"{_overview(data, 1)}\n{_who(rules[0], rows)}\n{said}".rstrip(), accounts
    )


def render_ranking(data: RankingData) -> str:
    """Lay out the head of a queue."""
    columns = ("account", "ahead", "size", *(["shown"] if data.light else []))
    lights = [] if data.light is None else [data.light]
    figures: list[Any] = [data.ahead_contracts, data.size_contracts, *lights]
    queued = len(data.account)
    title = (
        f"{data.rule}: {counted(queued, 'position')} {data.side} {data.coin}, first "
        "served first; contracts ahead of each, and its own"
    )
    title += f"; shown: {data.shown}" if data.light else ""

    def lay(rows: int) -> str:
        shown = zip(data.account[:rows], *(column[:rows] for column in figures), strict=True)
        cells = [(name, *map(quantity, numbers)) for name, *numbers in shown]
        return table(title, columns, cells) + rest(queued - rows)

    return screen(lay, queued)


def _overview(data: DeleveragingData, shown: int) -> str:
    known = any(outcome.least_burden is not None for outcome in data.rules)
    unit, money = unit_of(data.required_usd)
    rows = []
    for done in data.rules:
        sums = (
            scaled(u, unit) for u in (done.fund_paid_usd, done.raised_usd, done.deficit_left_usd)
        )
        burdens = [percent(done.worst_burden), percent(done.least_burden)][: 1 + known]
        rows.append((done.rule, *sums, f"{len(done.accounts):,}", *burdens))
    rows += [(name, *["–"] * (5 + known)) for name in data.unplayed]
    title = (
        f"{data.accounts:,} accounts, {usd(data.required_usd)} USD short, {usd(data.fund_usd)} USD "
        f"in the fund{'' if unit == 1 else f'; below in {money}'}. Worst burden: the largest share "
        "of a profit"
    )
    if known:
        title += "; least: what raising the same could have cost at best, in hindsight"
    columns = ("rule", "fund pays", "users give", "left unpaid", "touched", "worst", "least")
    return table(title, columns if known else columns[:-1], rows[:shown])


def _who(outcome: OutcomeData, shown: int) -> str:
    ordered = sorted(outcome.accounts, key=lambda a: (-a.gave_usd, a.account))
    if not ordered:
        return ""
    rows = [
        (
            clipped(a.account),
            ", ".join(f"{quantity(size)} {what}" for what, size in a.closed.items()) or "–",
            usd(a.gave_usd),
            percent(a.share_of_profit),
        )
        for a in ordered[:shown]
    ]
    price = outcome.closing_price
    title = outcome.rule + (f", closing at the {price}" if price else "")
    if len(ordered) > shown:
        title += f"; the largest {shown} of {len(ordered):,} accounts"
    return table(title, ("account", "closes", "gives USD", "of profit"), rows)


def _remarks(outcome: OutcomeData) -> list[str]:
    said = []
    if not outcome.triggered:
        said.append("users are not called on")
    if outcome.closing_price and outcome.unmatched_contracts:
        left = outcome.unmatched_contracts.items()
        said.append(f"nobody takes {', '.join(f'{quantity(n)} {what}' for what, n in left)}")
    if outcome.new_debt_usd:
        said.append(f"{usd(outcome.new_debt_usd)} USD of debt are new: it bankrupts winners")
    if outcome.surplus_usd:
        said.append(f"{usd(outcome.surplus_usd)} USD more than bankrupt accounts lacked")
    owed = sum(a.owed_usd for a in outcome.accounts)
    if owed:
        said.append(f"{usd(owed)} USD stay owed to those who gave them")
    ties = []
    for tie in outcome.ties:
        names = ", ".join(tie.accounts[:4]) + (" …" if len(tie.accounts) > 4 else "")
        ties.append(f"the tie-break decides among {names} ({tie.where})")
    said += few(ties, REMARKS, "tie")
    if outcome.unpublished:
        said.append(f"unpublished, chosen here: {', '.join(outcome.unpublished)}")
    return [f"{outcome.rule}: {remark}" for remark in said]
