"""A trader's view: closed forms, conservation over accounts, distributions, and bad input."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import by_day, examples

import adlopt as adl
from adlopt.data.files import read, read_market, write_template
from adlopt.errors import InputError
from adlopt.rules import VENUES, ranking, wealth_round
from adlopt.rules.deleverage import deleverage
from adlopt.show.exposure import render
from adlopt.studies.exposure import budgets, exposure
from adlopt.studies.exposure.account_exposure import LEVELS

from ..cli.test_cli import folder, run, strict_json, widest  # noqa: F401
from ..rules.test_rules import markets

START = adl.RoundStart(
    account=["a", "b", "c"],
    capacity=[60, 40, 20],
    deficit=100,
    features={"leverage": [1, 10, 5]},
)
GRID = 0.6
"""USD: half a step of 200 budgets up to 120 USD, and a little."""


@pytest.fixture
def market(tmp_path):
    return read_market(write_template(tmp_path / "market.toml"))


def _one(account, rule, budget="uniform", where=START):
    return exposure(account, where, [rule], budget=budget).to_dict()["rules"][0]


@pytest.mark.parametrize(
    ("account", "ahead", "capacity"), [("b", 0, 40), ("c", 40, 20), ("a", 60, 60)]
)
@pytest.mark.parametrize("high", [30.0, 50.0, 90.0, 120.0])
def test_a_queue_under_a_uniform_budget_has_a_closed_form(account, ahead, capacity, high):
    seen = _one(account, "queue:leverage", f"uniform:{high}")
    into, past = max(high - ahead, 0.0), max(high - ahead - capacity, 0.0)
    assert seen["probability"] == pytest.approx(into / high, abs=1 / LEVELS)
    assert seen["mean_usd"] == pytest.approx((into**2 - past**2) / (2 * high), abs=0.01)
    assert seen["most_usd"] == pytest.approx(min(into, capacity), abs=GRID)
    if into:
        assert seen["least_budget_usd"] == pytest.approx(ahead, abs=2 * GRID)
    else:
        assert seen["least_budget_usd"] is None
        assert seen["mean_if_hit_usd"] is None


def test_pro_rata_takes_a_share_of_every_budget():
    for account, share in (("a", 1 / 2), ("b", 1 / 3), ("c", 1 / 6)):
        seen = _one(account, "pro-rata")
        assert seen["probability"] == 1.0
        assert seen["mean_usd"] == pytest.approx(share * 50)
        assert seen["quantile_95_usd"] == pytest.approx(share * 95, abs=GRID)


@examples(30)
@given(market=markets(), high=st.floats(1.0, 500.0))
@pytest.mark.parametrize(
    "rule", by_day(3, ["hyperliquid", "percolator", "pro-rata", "bitmex", "gte", "okx", "reya"])
)
def test_what_accounts_may_lose_sums_to_the_budgets(rule, market, high):
    wins = (market.by_account(market.upnl) > 0) & (market.equity > 0)
    if not wins.any():
        with pytest.raises(InputError, match="a solvent account has a profit"):
            exposure("a0", market, [rule], budget=f"uniform:{high}")
        return
    seen = [
        exposure(name, market, [rule], budget=f"uniform:{high}") for name in market.accounts.account
    ]
    haircuts = np.array([each.rules[0].haircut for each in seen])
    wanted = np.minimum(seen[0].budgets.values, seen[0].total)
    if rule in ("percolator", "pro-rata") or _queues(market) == 1:
        assert haircuts.sum(axis=0) == pytest.approx(wanted, abs=1e-4)
    assert (haircuts.sum(axis=0) <= wanted + 1e-4).all()
    assert (np.diff(haircuts, axis=1) >= -1e-6).all()
    assert (haircuts.max(axis=1) <= np.array([each.profit for each in seen]) + 1e-6).all()


def _queues(market):
    """How many coins and sides have a profit to give, as far as anybody is bankrupt in them."""
    net = market.by_account(market.upnl)
    gives = (market.upnl > 0) & (net > 0)[market.owner] & (market.equity > 0)[market.owner]
    held = market.positions
    return len({(held.coin[r], held.side[r]) for r in np.flatnonzero(gives)})


def test_each_coin_gives_for_its_own_debt():
    """Lena owes 300 USD in ETH, so nobody in BTC gives, whatever the rank there."""
    market = adl.Market(
        accounts=adl.Accounts(account=["lena", "sam", "bo", "al"], balance=[100, 900, 50, 500]),
        coins=adl.Coins(coin=["ETH", "BTC"], mark=[60, 60], lot=[1, 1], maintenance=[0.1, 0.1]),
        positions=adl.OpenPositions(
            account=["lena", "sam", "bo", "al"],
            coin=["ETH", "ETH", "BTC", "BTC"],
            side=["long", "short", "short", "long"],
            size=[10, 10, 10, 10],
            entry=[100, 100, 100, 100],
        ),
    )
    assert market.required == 300.0
    assert _one("sam", "hyperliquid", where=market)["mean_usd"] == pytest.approx(150.0)
    assert _one("bo", "hyperliquid", where=market)["most_usd"] == 0.0
    solvent = replace(market, accounts=replace(market.accounts, balance=[900, 900, 50, 500]))
    for name in ("sam", "bo"):
        seen = _one(name, "hyperliquid", "uniform:300", solvent)
        assert seen["mean_usd"] == pytest.approx(75.0, abs=0.01)


def test_places_are_those_of_the_venue(market):
    for rule in ("binance", "hyperliquid", "whitebit", "bluefin"):
        ranked = ranking(market, VENUES[rule], "ETH", adl.Side.SHORT)
        for place, name in enumerate(ranked.account):
            seen = _one(name, rule, where=market)["places"][0]
            assert (seen["place"], seen["of"]) == (place + 1, len(ranked.account))
            assert seen["ahead"] == ranked.ahead[place]
            assert seen["light"] == (None if ranked.light is None else ranked.light[place])


def test_an_account_without_profit_gives_nothing_and_stands_nowhere(market):
    seen = exposure("lena", market)
    assert seen.profit == 0.0
    assert not any(each.haircut.any() for each in seen.rules)
    losing = replace(market, accounts=replace(market.accounts, balance=[90_000, 9_000, 3_000]))
    seen = exposure("lena", losing, budget="uniform:1000")
    assert [each.rule for each in seen.rules if each.haircut.any()] == ["drift-v2", "vertex"]
    hyperliquid = next(each for each in seen.rules if each.rule == "hyperliquid")
    assert hyperliquid.places[0].place is None


def test_the_budget_at_hand_agrees_with_the_rule_on_the_market(market):
    """At the bankruptcy price a queue takes from contracts what it takes from dollars."""
    rule = VENUES["gte"]
    done = deleverage(replace(market, fund=0.0), rule)
    given = dict(zip(market.accounts.account, done.given.tolist(), strict=True))
    budget = f"quantiles:{done.raised}:{done.raised}"
    assert _one("sam", "gte", budget, market)["most_usd"] >= given["sam"]


def test_every_venue_is_played_or_said_to_be_not(market):
    seen = exposure("sam", market)
    assert {each.rule for each in seen.rules} | set(seen.unplayed) == set(VENUES)
    means = [each.haircut.mean() for each in seen.rules]
    assert means == sorted(means, reverse=True)
    assert all("feature" in why or "signal" in why for why in seen.unplayed.values())
    with pytest.raises(InputError, match="feature is 'withdrawal'"):
        exposure("sam", market, ["paradex"])


def two_coins(**balances):
    """Debts of 60 USD in BTC and 10 in ETH; unsettled profits for Bullish."""
    held = [
        ("x", "BTC", "long", 2, 130),
        ("y", "ETH", "long", 2, 15),
        ("b", "BTC", "short", 3, 130),
        ("e", "ETH", "short", 1, 15),
        ("c", "BTC", "long", 1, 130),
        ("c", "ETH", "short", 1, 15),
    ]
    owned = {"x": 0, "y": 0, "b": 1e3, "e": 1e3, "c": 1e3} | balances
    account, coin, side, size, entry = zip(*held, strict=True)
    return adl.Market(
        accounts=adl.Accounts(
            account=list(owned),
            balance=list(owned.values()),
            features={"unsettled_profit": [0, 0, 30, 50, 9]},
        ),
        coins=adl.Coins(coin=["BTC", "ETH"], mark=[100, 10], lot=[1, 1], initial=[0.1, 0.1]),
        positions=adl.OpenPositions(account=account, coin=coin, side=side, size=size, entry=entry),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "gives"),
    [
        ("vertex", {"b": 45.0, "e": 5.0, "c": 20.0}),
        ("drift-v2", {"b": 45.0, "e": 5.0, "c": 20.0}),
        ("bullish", {"b": 20.0, "e": 50.0, "c": 0.0}),
    ],
)
def test_what_a_rule_of_haircuts_takes_is_what_it_would_take_in_the_market(rule, gives):
    """60 over four contracts of BTC, 10 over two of ETH; 50, 10 and 4.5 unsettled a contract."""
    market = two_coins()
    done = deleverage(market, VENUES[rule])
    given = dict(zip(market.accounts.account, done.given.tolist(), strict=True))
    assert given == pytest.approx({"x": 0, "y": 0, **gives})
    for name, usd in gives.items():
        assert _one(name, rule, "quantiles:70:70", market)["most_usd"] == pytest.approx(usd)
        assert not _one(name, rule, "quantiles:70:70", market)["at_mark"]


def test_without_a_bankrupt_a_charge_by_coin_follows_open_interest():
    """600 USD are open in BTC, 40 in ETH: x holds 2 of 6 contracts, e one of 4."""
    market = two_coins(x=1e3, y=1e3)
    seen = {name: _one(name, "vertex", "quantiles:64:64", market) for name in "xe"}
    assert seen["x"]["most_usd"] == pytest.approx(60 * 2 / 6)
    assert seen["e"]["most_usd"] == pytest.approx(4 * 1 / 4)


def test_a_draw_is_drawn_anew_at_each_budget():
    """Five alike, each of whom can bear it: a fifth of the draws each, and one who survives not."""
    names = ["gone", *"abcde"]
    market = adl.Market(
        accounts=adl.Accounts(account=names, balance=[100, 900, 900, 900, 900, 900]),
        coins=adl.Coins(coin=["ETH"], mark=[60], lot=[1]),
        positions=adl.OpenPositions(
            account=names,
            coin=["ETH"] * 6,
            side=["long", *["short"] * 5],
            size=[10, 2, 2, 2, 2, 2],
            entry=[100] * 6,
        ),
    )
    seen = [exposure(a, market, ["dydx-v4"], budget="quantiles:40:40").rules[0] for a in "abcde"]
    haircuts = np.array([each.haircut for each in seen])
    assert haircuts.sum(axis=0) == pytest.approx(np.full(LEVELS, 40.0))
    assert all(0.1 < (row > 0).mean() < 0.3 for row in haircuts)
    poor = replace(
        market, accounts=replace(market.accounts, balance=[100, -79, 900, 900, 900, 900])
    )
    assert poor.equity[1] == 1.0
    assert exposure("a", poor, ["dydx-v4"]).rules[0].haircut.max() == 0.0


def test_closing_at_the_mark_leaves_the_profit(market):
    signals = {"fund_peak": 5000.0}
    seen = exposure("sue", replace(market, signals=signals), ["okx", "binance"]).data()
    assert {rule.rule: rule.at_mark for rule in seen.rules} == {
        "okx": True, "binance": False,
    }  # fmt: skip
    text = render(seen)
    assert "worst for this account: binance\n" in text
    assert "its profit stays: okx" in text.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("rule", "place", "ahead", "light"),
    [
        ("queue:leverage", 3, 60.0, None),
        ("binance", 3, 60.0, 1.0),
        ("bluefin", 3, 60.0, 1.0),
        ("bitmex", 3, 60.0, None),
        ("pro-rata", None, None, None),
    ],
)
def test_in_a_round_of_dollars_places_are_in_one_queue(rule, place, ahead, light):
    columns = {"pnl_percent": [1, 2, 3], "margin_ratio": [0.1, 0.2, 0.3], "side": [1, 1, 1],
               "index": [2, 4, 6], "entry": [1, 1, 1], "notional": [1, 1, 1],
               "maintenance": [1, 1, 1], "entry_return": [1, 2, 3],
               "effective_leverage": [1, 2, 3]}  # fmt: skip
    equity = [1, 1, 1]
    start = replace(START, features={"leverage": [1, 10, 5], **columns}, equity=equity)
    places = _one("a", rule, where=start)["places"]
    assert len(places) == (place is not None)
    for seen in places:
        assert (seen["place"], seen["of"], seen["ahead"], seen["light"]) == (place, 3, ahead, light)


def test_a_policy_is_shown_the_budget_as_its_deficit():
    half = exposure("a", START, ["constant:0.5+pro-rata"]).to_dict()["rules"][0]
    assert half["rule"] == "constant:0.5+pro-rata"
    assert half["mean_usd"] == pytest.approx(0.5 * _one("a", "pro-rata")["mean_usd"])


def test_unless_given_budgets_end_at_what_the_fund_leaves(market):
    assert exposure("sam", market, ["gte"]).budgets.values.max() == pytest.approx(1496.25)
    rich = replace(market, fund=1e6)
    with pytest.raises(InputError, match=r"up to 0 USD.*more than 0; give uniform"):
        exposure("sam", rich, ["gte"])
    assert exposure("sam", rich, ["gte"], budget="uniform:10").rules
    assert wealth_round(rich).deficit == 2000.0


def test_budgets_follow_their_distribution():
    from scipy import stats

    level = (np.arange(LEVELS) + 0.5) / LEVELS
    lognormal = budgets("lognormal:70:1.5", 0.0).values
    assert lognormal == pytest.approx(stats.lognorm(s=1.5, scale=70).ppf(level))
    assert budgets("uniform:8", 0.0).values == pytest.approx(stats.uniform(0, 8).ppf(level))
    given = budgets("quantiles:1:2:10", 0.0).values
    assert given.mean() == pytest.approx((1.5 + 6) / 2)
    beyond = exposure("a", START, ["pro-rata"], budget="uniform:240").to_dict()["budgets"]
    assert beyond["beyond_all_profits"] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "normal:1:2",
        "uniform:x",
        "uniform:1:2",
        "uniform:0",
        "uniform:-1",
        "uniform:nan",
        "uniform:inf",
        "lognormal",
        "lognormal:0:1",
        "lognormal:5:0",
        "lognormal:5:6",
        "lognormal:5",
        "quantiles:5",
        "quantiles:5:4",
        "quantiles:1::2",
        "quantiles:1:1e300",
    ],
)
def test_bad_budgets_are_named(text):
    with pytest.raises(InputError, match=r"^budget"):
        budgets(text, 100.0)


def test_unknown_accounts_get_close_names(market):
    with pytest.raises(InputError, match=r"'samm': expected one of 'sam'.*mean 'sam'\?"):
        exposure("samm", market)
    with pytest.raises(InputError, match=r"'zz': expected one of 'a', 'b', 'c'$"):
        exposure("zz", START)
    with pytest.raises(InputError, match="policy is 'hope'"):
        exposure("a", START, ["hope"])


def test_the_command_line(run, folder):  # noqa: F811
    run("new", "market.toml")
    assert isinstance(read("market.toml"), adl.Market)
    assert isinstance(read("round.toml").thing, adl.Round)
    code, out, _ = run("exposure", "sam", "market.toml")
    assert code == 0
    assert widest(out) <= 80
    assert "worst for this account: gte, xcoin" in out
    assert "quantile 0–4 by count" in out
    code, text, _ = run("exposure", "sam", "market.toml", "--json")
    data = strict_json(text)
    assert code == 0
    assert data["account"] == "sam"
    assert data["rules"][0]["mean_usd"] == 750.0
    assert "paradex" in data["unplayed"]
    code, out, _ = run("exposure", "alice", "round.toml", "-r", "pro-rata", "-r", "percolator")
    assert code == 0
    assert "worst for this account: constant:1+pro-rata, percolator" in out
    code, out, _ = run("exposure", "lena", "market.toml", "-r", "hyperliquid")
    assert "nothing is taken" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["alcie", "round.toml"], "did you mean 'alice'?"),
        (["alice", "absent.toml"], "absent.toml"),
        (["alice", "bad.toml"], "well-formed TOML"),
        (["alice", "round.toml", "-r", "hope"], "policy is 'hope'"),
        (["alice", "round.toml", "-r", "hyperliquid"], "feature is 'price_ratio'"),
        (["alice", "round.toml", "--budget", "normal"], "budget is 'normal'"),
    ],
)
def test_the_command_line_names_bad_input(run, words, message):  # noqa: F811
    code, out, err = run("exposure", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_the_guide_shows_what_the_command_prints(run):  # noqa: F811
    text = (Path(adl.__file__).parents[1] / "examples/guide/rules.md").read_text(encoding="utf-8")
    command, _, rest = text.partition("$ adlopt exposure ")[2].partition("\n")
    run("new", "market.toml")
    code, out, _ = run("exposure", *command.split())
    assert code == 0
    assert out.rstrip() == rest.partition("\n```")[0]


def test_one_rule_that_cannot_be_played_does_not_stop_the_others(market):
    seen = exposure("sam", market, ["paradex", "gte", "bullish"])
    assert [each.rule for each in seen.rules] == ["gte"]
    assert list(seen.unplayed) == ["paradex", "bullish"]
    assert "not played: paradex: feature is 'withdrawal'" in " ".join(str(seen).split())


def test_names_of_rules_stay_whole_beside_figures_of_any_size():
    rich = replace(START, capacity=[6e9, 4.5e9, 2e3], deficit=1e10)
    names = ["gated-persistence+integer-pro-rata", "persistence+pro-rata", "queue:leverage"]
    seen = exposure("a", rich, names)
    for text in (str(seen), render(seen.data())):
        assert widest(text) <= 80
        words = {word for line in text.splitlines() for word in line.split()}
        assert {"gated-persistence", "integer-pro-rata", "queue:leverage"} <= words
        assert "$M" in text
