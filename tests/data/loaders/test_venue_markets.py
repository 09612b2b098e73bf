"""Markets from venue data: what a venue's rule met, put together from its own files."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from test_both_legs import ENTRY, MARKET, START, Venue
from tiers import examples
from venue_files import write_snapshot

import adlopt as adl
from adlopt.data.loaders import info_market, node_market, read_meta

META = {
    "universe": [
        {"name": "BTC", "szDecimals": 0, "maxLeverage": 40},
        {"name": "ETH", "szDecimals": 0, "maxLeverage": 20},
    ]
}


@given(
    coins=st.sampled_from([["BTC"], ["BTC", "ETH"]]),
    winners=st.integers(1, 4),
    gap=st.sampled_from([-3.0, 0.5, 4.0]),
    seed=st.integers(0, 999),
)
@examples(12)
def test_a_made_up_venue_is_found_as_its_books_say(tmp_path_factory, coins, winners, gap, seed):
    folder = tmp_path_factory.mktemp("venue")
    venue = Venue(coins, winners, gap, ids=True, dice=random.Random(seed))
    venue.run(folder)
    got = node_market(folder)
    market = got.market
    assert not [each.name for each in got.findings]
    sizes = {(f"0xw{i}", c): s for c, each in venue.sizes.items() for i, s in enumerate(each)}
    held = dict(zip(market.positions.account, market.positions.size, strict=True))
    assert set(held) >= {"0xz", *(name for name, _ in sizes)}
    assert dict(zip(market.coins.coin, market.coins.mark, strict=True)) == {
        c: MARKET[c] for c in market.coins.coin
    }
    loser = market.accounts.account.index("0xz")
    assert market.equity[loser] == pytest.approx(-10.0)
    assert sum(market.shed().size) == sum(sizes.values())
    taken = {}
    for (name, _), size in sizes.items():
        taken[name] = taken.get(name, 0.0) + size * gap
    recorded = dict(zip(market.accounts.account, market.accounts.recorded, strict=True))
    assert {name: recorded[name] for name in taken} == pytest.approx(taken)
    closed = dict(zip(market.positions.account, market.positions.recorded, strict=True))
    assert closed["0xz"] == 0.0
    market.check_open_interest()


def a_venue(tmp_path, gap=4.0):
    venue = Venue(["BTC", "ETH"], 3, gap, ids=True, dice=random.Random(5))
    venue.run(tmp_path)
    (tmp_path / "meta.json").write_text(json.dumps(META))
    return tmp_path


def test_every_rule_the_optimum_exposure_and_comparison_start_from_it(tmp_path, run):
    folder = a_venue(tmp_path)
    code, out, _ = run("market", "node", str(folder), "-o", "m.json", "--exempt", "0xw0=maker")
    assert code == 0
    assert "has to go: what the venue shed" in out
    market = adl.read_market(tmp_path / "m.json")
    assert dict(market.exempt) == {"0xw0": "maker"}
    assert market.coins.initial.tolist() == [1 / 40, 1 / 20]
    for rule in ("gte", "hyperliquid", "pro-rata"):
        done = adl.deleverage(market, rule)
        assert "0xw0" not in done.touched
    for verb in (["deleverage", "m.json", "-r", "gte"], ["exposure", "0xw1", "m.json", "-r", "gte"],
                 ["compare", "m.json", "-r", "gte", "-r", "queue"]):  # fmt: skip
        assert run(*verb)[0] == 0, verb
    free = replace(market, exempt={})
    assert adl.solve(free).raised == pytest.approx(float((free.shed().size * 4.0).sum()))
    sides = adl.compare(free, ["gte", "queue", adl.MinMax()]).data().sides
    assert [side.raised_usd for side in sides] == pytest.approx([sides[0].raised_usd] * 4)


def test_who_is_shed_can_be_chosen(tmp_path):
    folder = a_venue(tmp_path)
    market = node_market(folder, shed=["0xw1", "0xz"]).market
    assert set(market.shed().loser) == {"0xw1", "0xz"}
    with pytest.raises(adl.InputError, match="an account of the market"):
        node_market(folder, shed=["0xnobody"])
    with pytest.raises(adl.InputError, match="exempt"):
        node_market(folder, exempt={"0xnobody": "?"})
    with pytest.raises(adl.InputError, match="a round from 1 to 1"):
        node_market(folder, wave=2)


def test_what_the_snapshot_does_not_know_is_a_finding_with_its_dollars(tmp_path):
    folder = a_venue(tmp_path)
    for path in folder.glob("*snapshot*"):
        path.unlink()
    for path in folder.glob("perp*"):
        path.unlink()
    held = {"BTC": [("0xw0", -1, ENTRY["BTC"], ENTRY["BTC"])]}
    write_snapshot(folder, START, {"0xw0": 1e6, "0xn": 1e6}, held)
    got = node_market(folder)
    names = {each.name: each for each in got.findings}
    assert names["shed without a position"].usd > 0
    assert names["given by others"].usd > 0
    assert names["unknown accounts"].usd > 0
    assert "is left out" in str(got)


def state(value, *held, time=1_760_130_900_000):
    positions = [
        {
            "type": "oneWay",
            "position": {
                "coin": coin,
                "szi": str(size),
                "leverage": {"type": "cross", "value": 20},
                "entryPx": str(entry),
                "positionValue": str(abs(size) * mark),
                "unrealizedPnl": str(size * (mark - entry)),
                "returnOnEquity": "0.1",
                "liquidationPx": None,
                "marginUsed": "1.0",
                "maxLeverage": 20,
            },
        }
        for coin, size, entry, mark in held
    ]
    summary = {"accountValue": str(value), "totalNtlPos": "1.0", "totalRawUsd": "1.0"}
    return {"marginSummary": summary, "assetPositions": positions, "time": time}


def responses(folder, states):
    (folder / "meta.json").write_text(json.dumps(META))
    for name, each in states.items():
        (folder / f"{name}.json").write_text(json.dumps(each))
    return folder


STATES = {
    "0xa": state(-50.0, ("BTC", 10, 100, 90)),
    "0xb": state(400.0, ("BTC", -10, 100, 90), ("ETH", 2, 50, 47)),
    "0xc": state(300.0, ("ETH", -2, 50, 47)),
}


def test_saved_responses_become_a_market(tmp_path, run):
    got = info_market(responses(tmp_path, STATES))
    market = got.market
    assert got.findings == ()
    assert market.accounts.balance.tolist() == [50.0, 306.0, 294.0]
    assert market.equity.tolist() == [-50.0, 400.0, 300.0]
    assert market.required == 50.0
    assert market.coins.mark.tolist() == [90.0, 47.0]
    assert adl.deleverage(market, "gte").raised == pytest.approx(50.0)
    lines = [json.dumps({"user": name, "state": each}) for name, each in STATES.items()]
    for name in STATES:
        (tmp_path / f"{name}.json").unlink()
    (tmp_path / "all.jsonl").write_text("\n".join(lines) + "\n")
    assert info_market(tmp_path).market.equity.tolist() == market.equity.tolist()
    code, out, _ = run("market", "info", str(tmp_path), "--json")
    assert code == 0
    assert json.loads(out)["required_usd"] == 50.0


@pytest.mark.parametrize(
    "change",
    [
        {"marginSummary": {}},
        {"time": None},
        {"time": 1_760_130_900},
        {"assetPositions": [{"position": {"coin": "BTC", "szi": "x"}}]},
        {"assetPositions": [{"position": 3}]},
        {"assetPositions": STATES["0xa"]["assetPositions"] * 2},
        {"marginSummary": {"accountValue": "NaN"}},
    ],
)
def test_a_response_that_is_none_is_refused_with_its_file(tmp_path, change):
    responses(tmp_path, STATES | {"0xa": STATES["0xa"] | change})
    with pytest.raises(adl.InputError, match=r"0xa\.json"):
        info_market(tmp_path)


def test_odd_responses_are_findings(tmp_path):
    off = json.loads(json.dumps(STATES["0xc"]))
    off["assetPositions"][0]["position"]["unrealizedPnl"] = "90"
    off["time"] += 60_000
    names = {each.name for each in info_market(responses(tmp_path, STATES | {"0xc": off})).findings}
    assert names == {"several moments", "profits disagree"}


def test_coins_that_are_not_listed_and_folders_without_responses_are_refused(tmp_path):
    with pytest.raises(adl.InputError, match="clearinghouseState"):
        info_market(responses(tmp_path, {}))
    responses(tmp_path, {"0xa": state(1.0, ("DOGE", 1, 1, 1))})
    with pytest.raises(adl.InputError, match="DOGE"):
        info_market(tmp_path)


def test_what_is_listed_is_read_with_its_leverage(tmp_path):
    (tmp_path / "meta.json").write_text(json.dumps(META))
    listed = read_meta(tmp_path / "meta.json")
    assert (listed["BTC"].lot, listed["ETH"].maxLeverage) == (1.0, 20)


def test_winners_of_a_market_are_matched_on_the_command_line(tmp_path, run):
    assert run("market", "node", str(a_venue(tmp_path)), "-o", "m.json")[0] == 0
    code, out, _ = run("match", "m.json", "--goal", "keep-hedges", "-o", "trades.csv")
    assert code == 0
    assert "proven optimal" in out
    assert (tmp_path / "trades.csv").is_file()
