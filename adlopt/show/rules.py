"""Rules, and what they did to a market: as data for machines, and as text of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from adlopt.errors import InfeasibleRound
from adlopt.model.round import Round, RoundOutcome
from adlopt.optimum.dollars.least_loss import Solution
from adlopt.optimum.lots.lot_grid import MICRO
from adlopt.optimum.solve import solve
from adlopt.rules.deleveraging import Deleveraging
from adlopt.rules.market_rounds import wealth_round
from adlopt.rules.matches import Match
from adlopt.rules.rows import account_rows
from adlopt.rules.rule import ALWAYS, Rule
from adlopt.rules.venues import VENUES
from adlopt.show.table import WIDTH, table
from adlopt.show.words import percent, printable

SHOWN = 10
"""Accounts that are printed for each rule; the rest are counted."""


def list_rules() -> list[dict[str, Any]]:
    """Every rule that ships, ready for JSON."""
    return [_rule(rule) for rule in VENUES.values()]


def render_rules(rules: Sequence[dict[str, Any]]) -> str:
    """Lay out the rules, where they come from, and what their sources leave open."""
    rows = [
        (
            rule["rule"],
            "; ".join(
                [
                    *([f"losers by {rule['losers']}"] if rule["losers"] else []),
                    *rule["closes"],
                    *(f"USD, {text}" for text in rule["takes"]),
                ]
            ),
            rule["closing_price"] or "–",
            "; if ".join([rule["fund_pays_first"], *rule["trigger"]]),
        )
        for rule in rules
    ]
    columns = ("rule", "who gives, in what order", "at", "fund pays first")
    return "\n".join([table("Rules of venues", columns, rows), *map(_origin, rules)])


def summarise(done: Sequence[Deleveraging], names: Sequence[str] = ()) -> dict[str, Any]:
    """Collect what rules did to the same market, at full precision, ready for JSON.

    Names are those of the rules unless given.
    """
    market = done[0].market
    called = names or [each.rule.name for each in done]
    return {
        "accounts": len(market.accounts.account),
        "required_usd": done[0].required,
        "fund_usd": market.fund,
        "rules": [_outcome(each) | {"rule": name} for each, name in zip(done, called, strict=True)],
    }


def render(data: dict[str, Any]) -> str:
    """Lay out what `summarise` collected."""
    parts = [_overview(data)]
    for outcome in data["rules"]:
        parts += [_who(outcome), _notes(outcome)]
    return "\n".join(part for part in parts if part)


def least_burden(done: Deleveraging) -> Solution | None:
    """The least worst burden at which winners could have raised the same, in *hindsight*.

    None where nothing was raised, or more than all profits together.
    """
    if done.raised <= 0:
        return None
    start = wealth_round(done.market)
    try:
        return solve(Round(start=start, outcome=RoundOutcome(needed=done.raised)))
    except InfeasibleRound:
        return None


def _origin(rule: dict[str, Any]) -> str:
    lines = [f"{rule['rule']}: {rule['venue']} ({rule['family']})", f"  {rule['source']}"]
    if rule["unpublished"]:
        lines.append(f"  unpublished, chosen here: {', '.join(rule['unpublished'])}")
    return "\n".join(_filled(line) for line in lines)


def _filled(line: str) -> str:
    indent = "    " if line.startswith("  ") else "  "
    return fill(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _family(rule: Rule) -> str:
    parts = [
        *(rule.close.tiers if rule.close else ()),
        *(rule.haircut.tiers if rule.haircut else ()),
    ]
    names = dict.fromkeys(tier.split.family for tier in parts)
    both = "two-sided " if rule.close and rule.close.losers.keys else ""
    return both + ", ".join(names) + (", owed later" if rule.haircut and rule.haircut.owed else "")


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "venue": rule.venue,
        "family": _family(rule),
        "closes": [tier.text for tier in rule.close.tiers] if rule.close else [],
        "losers": rule.close.losers.text if rule.close and rule.close.losers.keys else None,
        "closing_price": rule.close.price.text if rule.close else None,
        "takes": [tier.text for tier in rule.haircut.tiers] if rule.haircut else [],
        "owed_later": bool(rule.haircut and rule.haircut.owed),
        "fund_pays_first": rule.fund.text,
        "fund_pays_in_all": rule.residual.text,
        "trigger": [] if rule.trigger is ALWAYS else [rule.trigger.text],
        "tie_break": [*(key.text for key in rule.tie_break), "account id"],
        "shown_to_traders": rule.light.text if rule.light else None,
        "unpublished": list(rule.unpublished),
        "source": rule.source,
    }


def _outcome(done: Deleveraging) -> dict[str, Any]:
    market, best = done.market, least_burden(done)
    names, profit = market.accounts.account, account_rows(market).feature("capacity")
    accounts: list[dict[str, Any]] = []
    index = {name: i for i, name in enumerate(names)}
    for name in done.touched:
        i = index[name]
        gave = float(done.given[i])
        accounts.append(
            {
                "account": name,
                "gave_usd": gave,
                "share_of_profit": gave / float(profit[i]) if profit[i] else None,
                "closed": _closed(done, i),
                "owed_usd": float(done.owed[i]),
            }
        )
    shares = [a["share_of_profit"] for a in accounts if a["gave_usd"] > 0]
    return {
        **_rule(done.rule),
        "triggered": done.triggered,
        "required_usd": done.required,
        "fund_paid_usd": done.fund_paid,
        "raised_usd": done.raised,
        "deficit_left_usd": done.deficit_left,
        "new_debt_usd": done.new_debt,
        "surplus_usd": done.surplus,
        "unmatched_contracts": _unmatched(done),
        "worst_burden": None if None in shares else max(shares, default=0.0),
        "least_burden": None if best is None else best.worst_burden,
        "least_burden_proof": None if best is None else str(best.certificate),
        "ties": [{"where": tie.where, "accounts": list(tie.accounts)} for tie in done.ties],
        "accounts": accounts,
        "matches": [_match(done, match) for match in done.matches],
    }


def _match(done: Deleveraging, match: Match) -> dict[str, Any]:
    shed, market = done.shed, done.market
    coin = shed.coin[match.shed]
    lot = float(market.coins.lot[market.coins.coin.index(coin)])
    taker = None if match.position is None else market.positions.account[match.position]
    return {
        "loser": shed.loser[match.shed],
        "side": shed.side[match.shed].value,
        "coin": coin,
        "taker": taker,
        "contracts": match.lots * lot,
        "price": match.price,
        "paid_usd": match.paid / MICRO,
    }


def _closed(done: Deleveraging, account: int) -> dict[str, float]:
    market = done.market
    rows = np.flatnonzero((market.owner == account) & (done.closed > 0)).tolist()
    held = market.positions
    return {
        f"{held.side[r].value} {held.coin[r]}": float(done.closed[r] * market.lot[r]) for r in rows
    }


def _unmatched(done: Deleveraging) -> dict[str, float]:
    left: dict[str, float] = {}
    lot = dict(zip(done.market.coins.coin, done.market.coins.lot.tolist(), strict=True))
    for row, lots in enumerate(done.unmatched.tolist()):
        if lots:
            coin = done.shed.coin[row]
            key = f"{done.shed.side[row].value} {coin}"
            left[key] = left.get(key, 0.0) + lots * lot[coin]
    return left


def _overview(data: dict[str, Any]) -> str:
    rows = [
        (
            outcome["rule"],
            f"{outcome['fund_paid_usd']:,.2f}",
            f"{outcome['raised_usd']:,.2f}",
            f"{outcome['deficit_left_usd']:,.2f}",
            f"{len(outcome['accounts']):,}",
            percent(outcome["worst_burden"]),
            percent(outcome["least_burden"]),
        )
        for outcome in data["rules"]
    ]
    title = (
        f"{data['accounts']:,} accounts, {data['required_usd']:,.2f} USD short, "
        f"{data['fund_usd']:,.2f} USD in the fund. Worst burden: the largest share of a profit; "
        "least: what raising the same could have cost at best, in hindsight"
    )
    columns = ("rule", "fund pays", "users give", "left unpaid", "touched", "worst", "least")
    return table(title, columns, rows)


def _who(outcome: dict[str, Any]) -> str:
    ordered = sorted(outcome["accounts"], key=lambda a: (-a["gave_usd"], a["account"]))
    if not ordered:
        return ""
    rows = [
        (
            a["account"],
            ", ".join(f"{size:g} {what}" for what, size in a["closed"].items()) or "–",
            f"{a['gave_usd']:,.2f}",
            percent(a["share_of_profit"]),
        )
        for a in ordered[:SHOWN]
    ]
    price = outcome["closing_price"]
    title = outcome["rule"] + (f", closing at the {price}" if price else "")
    if len(ordered) > SHOWN:
        title += f"; largest {SHOWN} of {len(ordered):,} accounts, --json has all"
    return table(title, ("account", "closes", "gives USD", "of profit"), rows)


def _notes(outcome: dict[str, Any]) -> str:
    notes = []
    if not outcome["triggered"]:
        notes.append("users are not called on")
    if outcome["closing_price"] and outcome["unmatched_contracts"]:
        left = ", ".join(f"{n:g} {what}" for what, n in outcome["unmatched_contracts"].items())
        notes.append(f"nobody takes {left}")
    if outcome["new_debt_usd"]:
        notes.append(f"{outcome['new_debt_usd']:,.2f} USD of debt are new: it bankrupts winners")
    if outcome["surplus_usd"]:
        notes.append(f"{outcome['surplus_usd']:,.2f} USD more than bankrupt accounts lacked")
    owed = sum(a["owed_usd"] for a in outcome["accounts"])
    if owed:
        notes.append(f"{owed:,.2f} USD stay owed to those who gave them")
    for tie in outcome["ties"]:
        names = ", ".join(tie["accounts"][:4]) + (" …" if len(tie["accounts"]) > 4 else "")
        notes.append(f"the tie-break decides among {names} ({tie['where']})")
    if outcome["unpublished"]:
        notes.append(f"unpublished, chosen here: {', '.join(outcome['unpublished'])}")
    named = [printable(f"{outcome['rule']}: {note}") for note in notes]
    lines = [fill(note, WIDTH, subsequent_indent="  ") for note in named]
    return "\n".join(lines) + "\n" if lines else ""
