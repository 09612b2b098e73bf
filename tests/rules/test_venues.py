"""Worked examples that venues and their critics publish, to the cent."""

from dataclasses import replace

import numpy as np
import pytest

import adlopt as adl
from adlopt.errors import InputError, PolicyError
from adlopt.model.market import Market
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.policies.by_rule import ByRule
from adlopt.rules import Chosen, RandomStart, account_rows, ranking, rule_named
from adlopt.rules.deleverage import deleverage


def market(accounts, positions, *, coins=None, opened=None, fund=0.0, signals=None, **features):
    """Accounts by (id, balance), positions by (account, side, size, entry[, coin])."""
    rows = [(*row, "ETH")[:5] for row in positions]
    return Market(
        accounts=Accounts(
            account=[a for a, _ in accounts],
            balance=[b for _, b in accounts],
            opened=opened,
            features=features,
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
    return {
        a: g for a, g in zip(done.market.accounts.account, done.given.tolist(), strict=True) if g
    }


def contracts(done):
    return {
        done.market.positions.account[row]: float(lots * done.market.lot[row])
        for row, lots in enumerate(done.closed.tolist())
        if lots
    }


def bitmex_example(**changes):
    """bitmex.com/app/autoDeleveragingExamples: six longs (quantity, rank), a short of 20 at 650.

    All enter at 500; balances are chosen so that the effective leverage follows the rank.
    """
    longs = {1: (10, 3), 2: (10, 6), 3: (20, 1), 4: (30, 4), 5: (20, 5), 6: (10, 2)}
    accounts = [(str(i), 400.0 * size / rank) for i, (size, rank) in longs.items()]
    positions = [(str(i), "long", size, 500.0) for i, (size, _) in longs.items()]
    accounts += [("short", 20 * 50.0), ("rest", 1e6)]
    positions += [("short", "short", 20, 600.0), ("rest", "short", 80, 500.0)]
    coins = Coins(coin=["ETH"], mark=[700.0], lot=[1.0], **changes)
    return market(accounts, positions, coins=coins)


def test_bitmex_closes_10_of_account_2_and_10_of_account_5_at_650():
    case = bitmex_example()
    case.check_open_interest()
    done = deleverage(case, rule_named("bitmex"))
    assert contracts(done) == {"short": 20.0, "2": 10.0, "5": 10.0}
    assert {match.price for match in done.matches} == {650.0}
    assert given(done) == {"2": 500.0, "5": 500.0}
    assert (done.required, done.deficit_left) == (1000.0, 0.0)


@pytest.mark.parametrize(
    ("rule", "lights"),
    [
        ("bitmex", [20, 40, 60, 80, 80, 100]),
        ("binance", [4, 4, 3, 2, 1, 0]),
        ("aster", [4, 4, 3, 2, 1, 0]),
        ("whitebit", [4, 3, 3, 2, 1, 0]),
        ("bluefin", [1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1]),
        ("okx", [5, 5, 4, 3, 2, 1]),
        ("bybit", [5, 5, 4, 3, 2, 1]),
        ("bitget", [1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]),
        ("lighter", None),
    ],
)
def test_how_others_show_the_queue(rule, lights):
    case = bitmex_example(maintenance=[0.01], index=[700.0])
    placed = ranking(case, rule_named(rule), "ETH", adl.Side.LONG)
    assert placed.light is lights or placed.light.tolist() == pytest.approx(lights)
    assert placed.rank.tolist() == [1, 2, 3, 4, 5, 6]
    assert placed.rating.tolist() == [5, 5, 4, 3, 2, 1]
    assert placed.percentage.tolist() == pytest.approx([100 * k / 6 for k in (6, 5, 4, 3, 2, 1)])


@pytest.mark.parametrize("rule", ["binance", "aster", "bybit", "okx", "bitget", "whitebit"])
def test_equals_are_shown_the_same_and_losers_no_quantile(rule):
    """Two winners alike, one behind them, and two losers alike: whatever they are called."""
    coins = Coins(coin=["ETH"], mark=[3600.0], lot=[1.0], maintenance=[0.01])
    balance = {"z": 5000.0, "b": 5000.0, "mid": 90_000.0, "l": 9000.0, "k": 9000.0}
    entry = {"z": 3000.0, "b": 3000.0, "mid": 3500.0, "l": 3900.0, "k": 3900.0}
    held = [(name, "long", 1, price) for name, price in entry.items()]
    placed = ranking(market(list(balance.items()), held, coins=coins), rule_named(rule), "ETH",
                     adl.Side.LONG)  # fmt: skip
    seen = dict(zip(placed.account, placed.light.tolist(), strict=True))
    assert placed.rank.tolist() == [1, 1, 3, 4, 4]
    assert placed.account == ("b", "z", "mid", "k", "l")
    assert seen["z"] == seen["b"] > seen["mid"]
    if rule in ("binance", "aster"):
        assert np.isnan([seen["l"], seen["k"]]).all()
        assert (seen["b"], seen["mid"]) == (4, 1)
        assert [placed.data().light[-1], placed.data().light[0]] == [None, 4]
        assert "–" in str(placed)
    else:
        assert seen["l"] == seen["k"] < seen["mid"] or rule == "whitebit"


def test_only_queues_have_ranks():
    with pytest.raises(InputError, match="closes positions in an order"):
        ranking(bitmex_example(), rule_named("reya"), "ETH", adl.Side.LONG)


def test_bitmex_ranks_losers_behind_winners_the_most_leveraged_first():
    """Losers' returns are divided by the leverage: they come after all winners."""
    case = market(
        [("S", 100.0), ("win", 5000.0), ("safe", 9000.0), ("risky", 200.0)],
        [("S", "short", 2, 3000.0), ("win", "long", 1, 3500.0), ("safe", "long", 1, 3700.0),
         ("risky", "long", 1, 3700.0)],
    )  # fmt: skip
    placed = ranking(case, rule_named("bitmex"), "ETH", adl.Side.LONG)
    assert placed.account == ("win", "risky", "safe")


@pytest.mark.parametrize(
    ("fund", "peak", "users"),
    [(1e6, 1e6, 50_000.0), (8e5, 1e6, 250_000.0), (7e5, 1e6, 350_000.0), (0.0, 1e6, 350_000.0),
     (5e6, 5e6, 0.0)],
)  # fmt: skip
def test_bybit_users_cover_what_exceeds_the_drawdown(fund, peak, users):
    """Example 1 of adl-alert: a loss of 350k on a fund of 1M leaves 50k to users."""
    case = market(
        [("L", 50_000.0), ("W", 900_000.0)],
        [("L", "long", 1000, 4000.0), ("W", "short", 1000, 4000.0)],
        fund=fund,
        signals={"fund_peak": peak},
    )
    assert case.required == 350_000.0
    done = deleverage(case, rule_named("bybit"))
    assert done.raised == users
    assert done.fund_paid == 350_000.0 - users
    assert done.triggered == (users > 0)


def test_bitget_stops_later_than_it_starts():
    case = market(
        [("L", 1900.0), ("W", 9000.0)],
        [("L", "long", 5, 4000.0), ("W", "short", 5, 4000.0)],
        fund=1000.0,
        signals={"fund_peak": 1000.0, "deleveraging": 0.0},
    )
    assert deleverage(case, rule_named("bitget")).raised == 0.0
    under_way = replace(case, signals={"fund_peak": 1000.0, "deleveraging": 1.0})
    done = deleverage(under_way, rule_named("bitget"))
    assert not done.triggered
    deeper = replace(case.accounts, balance=[1800.0, 9000.0])
    assert deleverage(replace(case, accounts=deeper), rule_named("bitget")).raised == 0.0
    assert deleverage(replace(under_way, accounts=deeper), rule_named("bitget")).raised == 120.0


def test_ethereal_orders_by_leverage_profit_balance_and_age():
    """B and C are equal in leverage and profit and balance; the newer goes first."""
    held = [("A", "long", 3, 4000.0)] + [(x, "short", 1, 4000.0) for x in "BCD"]
    case = market(
        [("A", 600.0), ("B", 5000.0), ("C", 5000.0), ("D", 5001.0)], held, opened=[0, 1, 2, 3]
    )
    placed = ranking(case, rule_named("ethereal"), "ETH", adl.Side.SHORT)
    assert placed.account == ("C", "B", "D")
    done = deleverage(case, rule_named("ethereal"))
    assert done.ties == ()


def test_ethereal_closes_at_the_mark_before_bankruptcy():
    case = market(
        [("A", 6000.0), ("B", 9000.0)],
        [("A", "long", 10, 4000.0), ("B", "short", 10, 4000.0)],
        opened=[1, 2],
    )
    done = deleverage(case, rule_named("ethereal"), case.shed(["A"]))
    assert done.matches[0].price == 3600.0
    assert given(done) == {}


@pytest.mark.parametrize("rule", ["hyperliquid", "binance", "bitmex", "gte", "lighter", "bluefin"])
def test_dan_robinson_top_long_of_one_eth_eats_750(rule):
    """A deficit of 1,500 over 2 ETH."""
    coins = Coins(
        coin=["ETH"], mark=[4000.0], lot=[1.0], previous_mark=[3250.0], maintenance=[0.05],
        index=[4000.0],
    )  # fmt: skip
    case = market(
        [("loser", 500.0), ("top", 100.0), ("next", 9000.0), ("last", 99_000.0)],
        [("loser", "short", 2, 3000.0)] + [(x, "long", 1, 3000.0) for x in ("top", "next", "last")],
        coins=coins,
    )
    done = deleverage(case, rule_named(rule))
    assert done.required == 1500.0
    assert given(done) == {"top": 750.0, "next": 750.0}


def test_hyperliquid_closes_winners_only_at_the_previous_mark():
    coins = Coins(coin=["ETH"], mark=[3600.0], lot=[1.0], previous_mark=[3700.0])
    case = market(
        [("L", 2000.0), ("W", 9000.0), ("loses", 9000.0)],
        [("L", "long", 10, 4000.0), ("W", "short", 6, 4000.0), ("loses", "short", 4, 3500.0)],
        coins=coins,
    )
    done = deleverage(case, rule_named("hyperliquid"))
    assert contracts(done) == {"L": 6.0, "W": 6.0}
    assert given(done) == {"W": 600.0}
    assert done.unmatched.tolist() == [4]
    assert done.deficit_left == 1400.0
    assert "tie-break" in rule_named("hyperliquid").unpublished


@pytest.mark.parametrize("rule", ["okx", "aevo"])
def test_at_the_mark_users_lose_nothing_and_the_fund_pays(rule):
    coins = Coins(coin=["ETH"], mark=[3600.0], lot=[1.0], maintenance=[0.01])
    case = market(
        [("L", 2000.0), ("W", 9000.0)],
        [("L", "long", 10, 4000.0), ("W", "short", 10, 4000.0)],
        coins=coins,
        fund=1500.0,
        signals={"fund_peak": 5000.0},
    )
    done = deleverage(case, rule_named(rule))
    assert done.triggered
    assert given(done) == {}
    assert (done.fund_paid, done.deficit_left) == (1500.0, 500.0)
    assert "W" in done.touched


def tex_market():
    """Five accounts with equities 10, 5, 1, −3, −12 and profits 8, 4, ½; half of D is insured."""
    equity, profit = [10, 5, 1, -3, -12], [8, 4, 0.5, -10, -2.5]
    return market(
        [(str(i + 1), e - p) for i, (e, p) in enumerate(zip(equity, profit, strict=True))],
        [("1", "long", 8, 99.0), ("2", "long", 4, 99.0), ("3", "long", 1, 99.5),
         ("4", "short", 10, 99.0), ("5", "short", 3, 100 - 2.5 / 3)],
        coins=Coins(coin=["ETH"], mark=[100.0], lot=[1.0]),
        fund=7.5,
    )  # fmt: skip


def test_tex_five_accounts_pro_rata():
    """arXiv 2512.01112: h = 0.6, x = (4.8, 2.4, 0.3), e' = (5.2, 2.6, 0.7)."""
    case = tex_market()
    case.check_open_interest()
    done = deleverage(case, rule_named("zenex"))
    assert given(done) == {"1": 4.8, "2": 2.4, "3": 0.3}
    assert (done.value_after / 1e6).tolist() == [5.2, 2.6, 0.7, 0.0, 0.0]
    assert (done.required, done.fund_paid, done.deficit_left) == (15.0, 7.5, 0.0)


def test_tex_five_accounts_queue():
    """arXiv 2512.01112: served 2, 1, 3: h = (0.4375, 1, 0), x = (3.5, 4, 0), e' = (6.5, 1, 1)."""
    start = adl.RoundStart(
        account=["1", "2", "3"], capacity=[8, 4, 0.5], deficit=15, equity=[10, 5, 1],
        features={"leverage": [1, 9, 0.1]},
    )  # fmt: skip
    taken = ByRule(rule_named("gte")).allocate(None, start, 7.5)
    assert taken.tolist() == [3.5, 4.0, 0.0]
    assert (taken / start.capacity).tolist() == [0.4375, 1.0, 0.0]
    assert (start.equity - taken).tolist() == [6.5, 1.0, 1.0]


@pytest.mark.parametrize(
    ("loss", "factor"), [(50.0, 0.25), (200.0, 1.0), (300.0, 1.0), (1.0, 0.005)]
)
def test_vmgh_cuts_gains_by_one_factor(loss, factor):
    """min(1, L / Σ gains of the period), flat on positive gains."""
    gains = np.array([100.0, 60.0, 40.0])
    case = market(
        [("defaulter", 3600.0 - loss - 400.0), *((x, 10_000.0) for x in "abc")],
        [("defaulter", "long", 1, 3600.0 + 3600.0 - 400.0), ("a", "short", 1, 3600.0)],
        vm_gain=[0.0, *gains],
    )
    assert case.required == loss
    done = deleverage(case, rule_named("vmgh"))
    assert done.given[1:].tolist() == (factor * gains).tolist()
    assert done.deficit_left == max(loss - 200.0, 0.0)


def test_drift_rounds_the_charge_on_a_contract_up():
    """δ = ⌈|loss| / (|long| + |short|)⌉ in micro-dollars, from both sides, losers included."""
    case = market(
        [("gone", 399.0), ("long", 9000.0), ("short", 9000.0)],
        [("gone", "long", 1, 4000.0), ("long", "long", 1, 4000.0), ("short", "short", 2, 4000.0)],
    )
    assert case.required == 1.0
    done = deleverage(case, rule_named("drift-v2"))
    assert done.haircut.tolist() == [0, 333_334, 666_668]
    assert (done.deficit_left, done.fund_paid) == (0.0, -2e-6)
    assert done.closed.sum() == 0


def test_drift_keeps_the_last_unit_of_its_fund():
    case = market(
        [("gone", 0.0), ("short", 9000.0)],
        [("gone", "long", 1, 4000.0), ("short", "short", 1, 4000.0)],
        fund=100.0,
    )
    done = deleverage(case, rule_named("drift-v2"))
    assert done.fund_after == 1e-6
    assert done.raised == 300.000001


@pytest.mark.parametrize(
    ("signals", "paid"),
    [
        ({}, 99.999999),
        ({"insurance_cap": 30.0}, 30.0),
        ({"insurance_cap": 0.0}, 0.0),
        ({"insurance_cap": 30.0, "fee_pool": 20.0}, 50.0),
        ({"insurance_cap": 500.0, "fee_pool": 20.0}, 99.999999),
        ({"fee_pool": 100.0}, 100.0),
    ],
)
@pytest.mark.parametrize("holders", [1, 0])
def test_drift_pays_within_the_cap_of_the_market_and_then_from_its_fee_pool(signals, paid, holders):
    """min(fund − 1 unit, quote_max_insurance − settled), then the fee pool, then users."""
    case = market(
        [("gone", 0.0), ("short", 9000.0)],
        [("gone", "long", 1, 4000.0), ("short", "short", 1, 4000.0)][: 1 + holders],
        fund=100.0,
        signals=signals,
    )
    done = deleverage(case, rule_named("drift-v2"))
    assert done.fund_paid == pytest.approx(paid, abs=1e-9)
    assert done.raised == pytest.approx((400.0 - paid) * holders)
    assert done.deficit_left == pytest.approx((400.0 - paid) * (1 - holders))


def test_a_fee_pool_is_part_of_the_fund():
    case = market([("a", 0.0)], [("a", "long", 1, 4000.0)], signals={"fee_pool": 1.0}, fund=0.5)
    with pytest.raises(InputError, match=r"signals\.fee_pool is 1\.0: .* fund of 0\.5 USD"):
        deleverage(case, rule_named("drift-v2"))


@pytest.mark.parametrize("rule", ["vertex", "drift-v2"])
def test_without_open_interest_nothing_is_charged_and_the_debt_stays(rule):
    """The contract divides by the open interest and reverts; here the debt is left, in sight."""
    case = market([("gone", 0.0), ("flat", 500.0)], [("gone", "long", 1, 4000.0)])
    done = deleverage(case, rule_named(rule))
    assert (done.raised, done.deficit_left) == (0.0, 400.0)
    assert done.touched == ()


@pytest.mark.parametrize("rule", ["vertex", "drift-v2"])
def test_a_debt_without_a_position_is_charged_by_open_interest(rule):
    """300 USD are open in BTC, 100 in ETH: of a debt of 40, BTC bears 30."""
    case = market(
        [("gone", -40.0), ("b", 500.0), ("e", 500.0)],
        [("b", "long", 3, 100.0, "BTC"), ("e", "short", 10, 10.0, "ETH")],
        coins=Coins(coin=["ETH", "BTC"], mark=[10.0, 100.0], lot=[1.0, 1.0]),
    )
    done = deleverage(case, rule_named(rule))
    assert given(done) == {"b": 30.0, "e": 10.0}
    assert done.deficit_left == 0.0


def test_each_coin_bears_its_own_debt():
    """Two bankruptcies in two coins: holders of one are not charged for the other."""
    coins = Coins(coin=["BTC", "ETH"], mark=[100.0, 10.0], lot=[1.0, 1.0])
    case = market(
        [("x", 0.0), ("y", 0.0), ("b", 1000.0), ("e", 1000.0)],
        [("x", "long", 1, 130.0, "BTC"), ("y", "long", 1, 15.0, "ETH"),
         ("b", "short", 1, 130.0, "BTC"), ("e", "short", 1, 15.0, "ETH")],
        coins=coins,
    )  # fmt: skip
    assert given(deleverage(case, rule_named("vertex"))) == {"b": 30.0, "e": 5.0}


@pytest.mark.parametrize(
    ("debtor", "rich", "paid"), [(0.0, 0.0, 0.0), (-100.0, 0.0, 40.0), (-100.0, 400.0, 10.0)]
)
def test_paradex_charges_at_most_all_of_a_withdrawal(debtor, rich, paid):
    """Where nobody owes, nothing is divided by what nobody holds; 100 / (0 + 100) is all of it."""
    accounts = [("x", debtor), ("y", rich), ("z", 0.0)]
    case = market(accounts, [("x", "long", 1, 3600.0)], withdrawal=[0.0, 0.0, 40.0])
    assert deleverage(case, rule_named("paradex")).raised == paid
    rows = account_rows(case)
    with np.errstate(all="raise"):
        factor = rule_named("paradex").haircut.tiers[0].limit.values(rows)
    assert factor.tolist() == [0.0, 0.0, paid]


def test_reya_spreads_over_every_opposite_trader_and_spares_winning_legs():
    """Covers: 100 of balance, 40 of the winning leg, 50 of the fund for a loss of 300."""
    coins = Coins(coin=["BTC", "ETH"], mark=[1000.0, 100.0], lot=[1.0, 1.0])
    case = market(
        [("L", 100.0), ("p", 9000.0), ("q", 9000.0), ("r", 9000.0)],
        [("L", "long", 1, 960.0, "BTC"), ("L", "long", 10, 130.0, "ETH"),
         ("p", "short", 6, 90.0, "ETH"), ("q", "short", 4, 130.0, "ETH"),
         ("r", "short", 1, 960.0, "BTC")],
        coins=coins,
        fund=50.0,
    )  # fmt: skip
    done = deleverage(case, rule_named("reya"))
    assert given(done) == {"p": 66.0, "q": 44.0}
    assert (done.fund_paid, done.deficit_left) == (50.0, 0.0)
    assert contracts(done)["r"] == 1.0


def dydx_case(**balances):
    accounts = [("L", 1000.0), *((x, balances.get(x, 50_000.0)) for x in "abcde")]
    held = [("L", "long", 5, 4000.0), *((x, "short", 2, 3500.0) for x in "abcde")]
    return market(accounts, held)


def test_dydx_takes_losers_too_from_a_seeded_place():
    case = dydx_case()
    assert (case.upnl[1:] < 0).all()
    rule = rule_named("dydx-v4")
    first = deleverage(case, rule)
    assert contracts(first) == contracts(deleverage(case, rule))
    assert sum(v for k, v in contracts(first).items() if k != "L") == 5.0
    starts = set()
    for seed in range(40):
        tier = replace(rule.close.tiers[0], split=RandomStart(seed=seed))
        done = deleverage(case, replace(rule, close=replace(rule.close, tiers=(tier,))))
        names = [k for k in contracts(done) if k != "L"]
        assert len(names) == 3
        starts.add(tuple(names))
    assert len(starts) == 5


def test_dydx_skips_bankruptcy_prices_that_do_not_overlap_and_gives_up_in_time():
    """The loser's price is 3,800: a short that is bankrupt at 3,750 cannot take it."""
    case = dydx_case(a=500.0, b=500.0)
    done = deleverage(case, rule_named("dydx-v4"))
    assert {"a", "b"}.isdisjoint(contracts(done))
    assert done.unmatched.sum() == 0
    rule = rule_named("dydx-v4")
    tier = replace(rule.close.tiers[0], split=RandomStart(most_tried=1))
    done = deleverage(case, replace(rule, close=replace(rule.close, tiers=(tier,))))
    assert done.unmatched.sum() == 3
    unwilling = dydx_case(a=500.0, b=500.0, c=500.0, d=500.0)
    willing = rule.close.tiers[0].split.willing
    found = 0
    for seed in range(30):
        split = RandomStart(seed=seed, most_tried=1, willing=willing)
        tier = replace(rule.close.tiers[0], split=split)
        once = replace(rule, close=replace(rule.close, tiers=(tier,)))
        found += contracts(deleverage(unwilling, once)).get("e", 0.0) == 2.0
    assert 0 < found < 30


def test_gte_serves_the_largest_bad_debt_first():
    case = market(
        [("a", 700.0), ("z", 100.0), ("W", 9000.0)],
        [("a", "long", 2, 4000.0), ("z", "long", 2, 4000.0), ("W", "short", 3, 4000.0)],
    )
    done = deleverage(case, rule_named("gte"))
    assert contracts(done) == {"z": 2.0, "a": 1.0, "W": 3.0}
    assert done.unmatched.tolist() == [1, 0]


def test_bullish_takes_unsettled_profit_by_tier_and_owes_it():
    coins = Coins(coin=["ETH"], mark=[3600.0], lot=[1.0], initial=[0.1])
    case = market(
        [("L", 2000.0), ("opposite", 9000.0), ("flat", 9000.0), ("same", 9000.0)],
        [("L", "long", 10, 4000.0), ("opposite", "short", 12, 4000.0), ("same", "long", 2, 3500.0)],
        coins=coins,
        unsettled_profit=[0.0, 1500.0, 800.0, 5000.0],
    )
    done = deleverage(case, rule_named("bullish"))
    assert given(done) == {"opposite": 1500.0, "flat": 500.0}
    assert done.owed.tolist() == [0.0, 1500.0, 500.0, 0.0]
    assert contracts(done) == {"L": 10.0, "opposite": 10.0}


def pool_case(**changes):
    signals = {
        "pool_usd": 1000.0, "max_pnl_factor": 0.5, "min_pnl_factor": 0.3, "pool_liquidity": 100.0,
        "initial_premium": 0.01,
    } | changes  # fmt: skip
    return market(
        [("pool", 1000.0), ("a", 500.0), ("b", 500.0), ("c", 500.0)],
        [("pool", "short", 9, 60.0), ("a", "long", 4, 20.0), ("b", "long", 4, 50.0),
         ("c", "long", 1, 110.0)],
        coins=Coins(coin=["ETH"], mark=[100.0], lot=[1.0], index=[100.0]),
        signals=signals,
        pool=[1.0, 0.0, 0.0, 0.0],
    )  # fmt: skip


def with_choice(units):
    rule = rule_named("gmx-v2")
    tier = replace(rule.close.tiers[0], split=Chosen(units))
    return replace(rule, close=replace(rule.close, tiers=(tier,)))


def test_gmx_lets_the_keeper_choose_but_not_overcorrect():
    """Profits of 320, 200 and −10 on a pool of 1,000: 0.51 is above 0.5; not below 0.3."""
    case = pool_case()
    done = deleverage(case, rule_named("gmx-v2"))
    assert contracts(done) == {"pool": 2.0, "a": 2.0}
    assert given(done) == {}
    assert contracts(deleverage(case, with_choice({"b": 4}))) == {"pool": 4.0, "b": 4.0}
    with pytest.raises(PolicyError, match="pnl was overcorrected"):
        deleverage(case, with_choice({"a": 3}))
    with pytest.raises(PolicyError, match="the pnl factor stays"):
        deleverage(case, with_choice({"c": 1}))
    calm = deleverage(pool_case(max_pnl_factor=0.6), rule_named("gmx-v2"))
    assert not calm.triggered
    assert not calm.closed.any()


def test_tradoor_reduces_the_largest_exposure_of_its_pool():
    done = deleverage(pool_case(), rule_named("tradoor"))
    assert contracts(done)["pool"] == 9.0
    assert {match.price for match in done.matches} == {101.0}
    assert given(done) == {"a": -4.0, "b": -4.0, "c": -1.0, "pool": 9.0}
    assert not deleverage(pool_case(pool_liquidity=5000.0), rule_named("tradoor")).triggered


def test_a_venue_without_exactly_one_pool_is_refused():
    case = pool_case()
    for flags in ([0.0] * 4, [1.0, 1.0, 0.0, 0.0]):
        accounts = replace(case.accounts, features={"pool": flags})
        with pytest.raises(InputError, match=r"features\.pool"):
            deleverage(replace(case, accounts=accounts), rule_named("gmx-v2"))


def test_zenex_cuts_all_winners_when_the_vault_cannot_pay():
    """The vault is an account: its loss beyond its balance is borne in proportion to profits."""
    case = market(
        [("vault", 500.0), ("a", 1000.0), ("b", 1000.0), ("c", 1000.0)],
        [("vault", "short", 4, 3450.0), ("a", "long", 2, 3300.0), ("b", "long", 1, 3400.0),
         ("c", "long", 1, 3800.0)],
    )  # fmt: skip
    done = deleverage(case, rule_named("zenex"))
    assert done.required == 100.0
    assert given(done) == {"a": 75.0, "b": 25.0}


def test_kraken_assigns_before_it_unwinds():
    case = market(
        [("L", 2000.0), ("W", 9000.0)],
        [("L", "long", 10, 4000.0), ("W", "short", 10, 4000.0)],
        fund=1000.0,
    )
    done = deleverage(case, rule_named("kraken"))
    assert [(match.position, match.lots) for match in done.matches] == [(None, 5), (1, 5)]
    assert {match.price for match in done.matches} == {3800.0}
