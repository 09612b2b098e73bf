"""What rules did to a market, as text and data of any size; one that cannot act stops no other."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from tiers import examples

import adlopt as adl
from adlopt.data.files import read_market, write_market, write_template
from adlopt.errors import InputError
from adlopt.rules import VENUES, ranking
from adlopt.studies.players import least_burden
from adlopt.studies.rule_comparison import compare_rules

from ..cli.test_cli import folder, run, widest  # noqa: F401
from .test_rules import markets

SCREEN = 24


def crash(accounts, *, gone=5, size=1.0):
    """Longs and shorts in one coin, as many of both; some longs are bankrupt."""
    n, longs = accounts, accounts // 2
    sizes = np.where(np.arange(n) % 7 == 0, 2.0, 1.0) * size
    sizes[-1] += sizes[:longs].sum() - sizes[longs:].sum() + size
    sizes[0] += size
    return adl.Market(
        accounts=adl.Accounts(
            account=[f"0x{i:040x}" for i in range(n)],
            balance=np.where(np.arange(n) < gone, 0.0, sizes * 4_000),
        ),
        coins=adl.Coins(
            coin=["BASKET"],
            mark=[3600],
            lot=[size / 1_000],
            previous_mark=[3650],
            maintenance=[0.02],
        ),
        positions=adl.OpenPositions(
            account=[f"0x{i:040x}" for i in range(n)],
            coin=["BASKET"] * n,
            side=["long"] * longs + ["short"] * (n - longs),
            size=sizes,
            entry=np.full(n, 4000.0),
        ),
        fund=10.0,
    )


@pytest.fixture
def market(tmp_path):
    return read_market(write_template(tmp_path / "market.toml"))


@pytest.mark.parametrize("name", ["hyperliquid", "reya", "vertex", "pro-rata", "persistence"])
def test_names_act_as_what_they_name(market, name):
    from adlopt.policies import grammar

    done, same = adl.deleverage(market, name), adl.deleverage(market, grammar.player(name))
    assert done.called == same.called == grammar.player(name).name
    assert done.transfer.tolist() == same.transfer.tolist()
    if name in VENUES:
        assert done.rule is VENUES[name]


def test_a_misspelt_rule_is_answered_with_the_nearest(market):
    with pytest.raises(InputError, match="did you mean 'hyperliquid'"):
        adl.deleverage(market, "hyperlikwid")


def test_what_must_go_may_be_said(market):
    some = market.shed(["lena"])
    half = replace(some, size=some.size / 2)
    assert adl.deleverage(market, "reya", half).closed.sum() < (
        adl.deleverage(market, "reya", some).closed.sum()
    )


@examples(30)
@given(market=markets())
def test_no_rule_burdens_less_than_the_least_burden(market):
    done = adl.deleverage(market, "percolator")
    best = least_burden(done)
    if best is None:
        winners = market.winners
        net = market.by_account(market.upnl)[winners].sum()
        assert done.raised <= 0 or done.raised > net * (1 - 1e-9)
        return
    assert best.certificate.optimal
    worst = done.data().rules[0].worst_burden
    assert worst is None or worst >= best.worst_burden * (1 - 1e-6)


@pytest.mark.parametrize("accounts", [6, 3_000])
@pytest.mark.parametrize("name", ["hyperliquid", "reya", "dydx-v4", "vertex", "pro-rata"])
def test_what_a_rule_did_is_a_screen(name, accounts):
    done = adl.deleverage(crash(accounts), name)
    text = str(done)
    assert len(text.splitlines()) <= SCREEN
    assert widest(text) <= 80
    assert len(repr(done)) <= 300
    touched = len(done.touched)
    assert f" {touched:,} " in text
    shown = text.split("\n\n")[1].count("0x00")
    assert shown == touched or f"the largest {shown} of {touched:,} accounts" in text


def test_text_of_twenty_thousand_accounts_takes_no_longer_than_the_rule():
    done = adl.deleverage(crash(20_000), "pro-rata")
    assert len(done.touched) > 9_000
    begun = time.process_time()
    data = done.to_dict()
    assert len(data["rules"][0]["accounts"]) == len(done.touched)
    assert "accounts" in str(done)
    assert time.process_time() - begun < 10.0


def test_contracts_are_counted_without_exponents():
    done = adl.deleverage(crash(6, gone=1, size=10_258_000.0), "gte")
    (closed,) = done.data().rules[0].accounts[0].closed.values()
    assert closed > 1e7
    assert f"{closed:,.0f}" in str(done)
    assert "e+0" not in str(done)


def test_a_queue_is_a_screen_that_counts_the_rest():
    ranked = ranking(crash(3_000), VENUES["binance"], "BASKET", adl.Side.SHORT)
    text = str(ranked)
    assert text.startswith("binance: 1,500 positions short BASKET")
    assert len(text.splitlines()) == SCREEN
    shown = text.count("0x00")
    assert f"{1_500 - shown:,} more rows" in text
    assert ranked.data().account == list(ranked.account)


def test_markets_of_any_size_are_a_line():
    assert repr(crash(3_000)).startswith("<Market: 3,000 accounts, 1 coin, 3,000 open positions; ")
    assert len(repr(crash(3_000))) <= 300


def test_one_rule_that_cannot_act_marks_its_row_and_the_others_go_on(run, market, tmp_path):  # noqa: F811
    write_market(market, tmp_path / "market.json")
    greedy = tmp_path / "greedy.py"
    greedy.write_text("def greedy(start):\n    return start.capacity * 2\n")
    names = ["gte", "okx", f"{greedy}:greedy", "pro-rata"]
    words = ["deleverage", "market.json", *(w for name in names for w in ("-r", name))]
    code, text, err = run(*words)
    assert (code, err) == (0, "")
    assert widest(text) <= 80
    told = " ".join(text.split())
    assert "okx – – – – – –" in told
    assert "not played: okx: signal is 'fund_peak'" in told
    assert "not played: greedy: policy 'greedy' takes 4800.0 USD from account 'sam'" in told
    data = json.loads(run(*words, "--json")[1])
    assert data["schema"] == "adlopt/deleveraging/2"
    assert [rule["rule"] for rule in data["rules"]] == ["gte", "constant:1+pro-rata"]
    assert list(data["unplayed"]) == ["okx", "greedy"]
    alone = compare_rules(market, ["pro-rata"]).data().rules[0]
    assert data["rules"][1]["raised_usd"] == alone.raised_usd


def test_where_no_rule_can_act_the_first_refusal_is_raised(market):
    with pytest.raises(InputError, match="signal is 'fund_peak'"):
        compare_rules(market, ["okx", "paradex"])
