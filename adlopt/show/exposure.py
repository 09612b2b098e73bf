"""An exposure as text of 80 columns."""

from __future__ import annotations

from adlopt.show.schema.studies import ExposureData
from adlopt.show.table import few, joined, notes, rest, screen, table, why_not
from adlopt.show.words import clipped, percent, quantity, scaled, unit_of, usd

CENT = 0.01
"""USD. Means closer than half of it count as equal."""


def render(data: ExposureData) -> str:
    """Lay out what `ExposureData` holds."""
    return joined([_haircuts(data, len(data.rules)), _places(data), notes(_remarks(data))])


def summary(data: ExposureData) -> str:
    """Lay out of the same what a screen takes: haircuts, the worst first."""
    said, rules = notes(few(_remarks(data), 3, "remark")), len(data.rules)
    return screen(lambda rows: f"{_haircuts(data, rows)}{rest(rules - rows)}{said}", rules)


def _haircuts(data: ExposureData, shown: int) -> str:
    unit, money = unit_of(max((rule.most_usd for rule in data.rules), default=0.0))
    rows = []
    for rule in data.rules[:shown]:
        usual = rule.mean_usd, rule.mean_if_hit_usd, rule.quantile_95_usd, rule.most_usd
        dollars = (scaled(each, unit) for each in usual)
        rows.append((rule.rule, percent(rule.probability), *dollars, percent(rule.most_of_profit)))
    spread = data.budgets
    title = (
        f"{clipped(data.account)}: {usd(data.profit_usd)} USD of profit may be taken, of "
        f"{usd(data.all_profits_usd)} in all. What users have to give: "
        f"{spread.distribution}, at {spread.count} equally likely budgets. Haircuts, "
        f"{money}, worst rule first"
    )
    columns = ("rule", "hit", "mean", "if hit", "95 %", "most", "of profit")
    return table(title, columns, rows)


def _places(data: ExposureData) -> str:
    rows = [
        (
            rule.rule,
            f"{place.side} {place.coin}".strip() or "–",
            f"{place.place or '–'} of {place.of:,}",
            "not served" if place.ahead is None else quantity(place.ahead),
            "–" if place.light is None else f"{place.light:g} ({place.shown})",
        )
        for rule in data.rules
        for place in rule.places
    ]
    if not rows:
        return ""
    in_coins = any(place.coin for rule in data.rules for place in rule.places)
    served = "contracts closed" if in_coins else "USD given"
    title = f"Places in the queues: {served} before it is the account's turn"
    return table(title, ("rule", "position", "place", "ahead", "shown to the trader"), rows)


def _remarks(data: ExposureData) -> list[str]:
    said, rules = [], [rule for rule in data.rules if not rule.at_mark]
    if rules and rules[0].mean_usd > 0:
        worst = [r.rule for r in rules if r.mean_usd > rules[0].mean_usd - CENT / 2]
        said.append(f"worst for this account: {', '.join(worst)}")
    if not any(r.most_usd for r in rules):
        said.append("nothing is taken from this account in dollars")
    at_mark = [r.rule for r in data.rules if r.at_mark and r.most_usd]
    if at_mark:
        names = ", ".join(at_mark)
        said.append(f"closing at the mark, where the position goes and its profit stays: {names}")
    beyond = data.budgets.beyond_all_profits
    if beyond:
        said.append(f"{percent(beyond)} of the budgets exceed all profits: all of them are taken")
    return said + why_not(data.unplayed)
