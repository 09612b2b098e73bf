"""Rules of venues: worked examples of their own, conservation, order, ties, bad input."""

import numpy as np
import pytest

import adlopt as adl
from adlopt.market import Accounts, Coins, Market, OpenPositions
from adlopt.rules import VENUES, Chosen, deleverage, rule_named


def market(accounts, positions, *, coins=None, fund=0.0, signals=None, **features):
    """Accounts by (id, balance), positions by (account, side, size, entry[, coin])."""
    rows = [(*row, "ETH")[:5] for row in positions]
    columns = {} if "opened" not in features else {"opened": features.pop("opened")}
    return Market(
        accounts=Accounts(
            account=[a for a, _ in accounts],
            balance=[b for _, b in accounts],
            features=features,
            **columns,
        ),
        coins=coins or Coins(coin=["ETH"], mark=[3600.0], lot=[1.0]),
        positions=OpenPositions(
            account=[r[0] for r in rows],
            side=[r[1] for r in rows],
            size=[r[2] for r in rows],
            entry=[r[3] for r in rows],
            coin=[r[4] for r in rows],
        ),
        fund=fund,
        signals=signals or {},
    )


def given(done):
    return dict(zip(done.market.accounts.account, done.given.tolist(), strict=True))


def test_ethereal_top_short_gives_up_2000():
    short = [("A", 2000.0), ("B", 9000.0), ("C", 50_000.0)]
    held = [("A", "long", 10, 4000.0), ("B", "short", 10, 4000.0), ("C", "short", 10, 4000.0)]
    held.append(("D", "long", 10, 3500.0))
    case = market([*short, ("D", 9000.0)], held, opened=[1, 2, 3, 4])
    case.check_open_interest()
    done = deleverage(case, rule_named("ethereal"))
    assert given(done) == {"A": 0.0, "B": 2000.0, "C": 0.0, "D": 0.0}
    assert (done.required, done.raised, done.deficit_left) == (2000.0, 2000.0, 0.0)
    assert done.matches[0].price == 3800.0


@pytest.mark.parametrize("rule", ["hyperliquid", "binance", "bitmex", "gte"])
def test_dan_robinson_top_long_of_one_eth_eats_750(rule):
    coins = Coins(
        coin=["ETH"], mark=[4000.0], lot=[1.0], previous_mark=[3250.0], maintenance=[0.05]
    )
    case = market(
        [("loser", 500.0), ("top", 100.0), ("next", 9000.0)],
        [("loser", "short", 2, 3000.0), ("top", "long", 1, 3000.0), ("next", "long", 1, 3000.0)],
        coins=coins,
    )
    done = deleverage(case, rule_named(rule))
    assert done.required == 1500.0
    assert given(done) == {"loser": 0.0, "top": 750.0, "next": 750.0}
    assert done.closed.tolist() == [2, 1, 1]
