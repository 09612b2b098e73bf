"""Rounds in contracts, with the venue's lots."""

import json

import pytest
from venue_files import T0, block, detail_row, fill, write_blocks, write_detail

import adlopt as adl
from adlopt.data.loaders import (
    contract_round,
    load,
    published_round,
    read_detail,
    read_node_fills,
    read_size_decimals,
    rounds_of,
)
from adlopt.errors import InputError

META = {"universe": [{"name": "BTC", "szDecimals": 1}, {"name": "ETH", "szDecimals": 0}]}
EVENTS = [
    fill(sz="1.0"),
    fill(sz="1.0", startPosition="-1.0", px="91.0", tid=2),
    fill(user="0xb", coin="ETH", side="A", sz="3", startPosition="7", px="97", tid=3),
    fill(time=T0 + 90_000, tid=4),
]


@pytest.fixture
def loaded(tmp_path):
    rows = [detail_row(), detail_row(user="0xb", coin="ETH"), detail_row(time=T0 + 90_000)]
    node = write_blocks(tmp_path / "f.json", [block(*EVENTS)])
    with (
        read_detail(write_detail(tmp_path / "d.csv", rows)) as detail,
        read_node_fills([node]) as fills,
    ):
        yield fills, rounds_of(detail, name="d", gaps=fills)


def test_positions_lots_and_values_are_those_of_the_round(loaded):
    fills, rounds = loaded
    round_ = contract_round(fills, rounds, 1, {"BTC": 1, "ETH": 0})
    positions = round_.positions
    assert positions.account == ("0xa", "0xb")
    assert [side.value for side in positions.side] == ["short", "long"]
    assert positions.size.tolist() == [2.0, 7.0]
    assert positions.lot.tolist() == [0.1, 1.0]
    assert positions.value.tolist() == [(5.0 + 4.0) / 2, 2.0]
    assert (round_.start.deficit, round_.outcome.needed) == (50.0, 15.0)
    best = adl.solve(round_, budget=adl.Budget.at_least())
    assert 15.0 <= best.haircut.sum() < 17.0


def test_what_is_not_known_is_named(loaded):
    fills, rounds = loaded
    with pytest.raises(InputError, match="size_decimals is 'ETH'"):
        contract_round(fills, rounds, 1, {"BTC": 1})
    with pytest.raises(InputError, match="wave is 3"):
        contract_round(fills, rounds, 3, {"BTC": 1})


def test_size_decimals_come_from_the_venue_or_a_plain_table(tmp_path):
    path = tmp_path / "meta.json"
    for given in (META, {"BTC": 1, "ETH": 0}):
        path.write_text(json.dumps(given))
        assert read_size_decimals(path) == {"BTC": 1, "ETH": 0}


@pytest.mark.parametrize(
    "given",
    ["[", "[]", '{"BTC": 1.5}', '{"BTC": -1}', '{"BTC": true}', '{"BTC": 99}', '{"universe": [1]}',
     json.dumps({"universe": META["universe"] * 2})],
)  # fmt: skip
def test_bad_size_decimals_are_refused(tmp_path, given):
    path = tmp_path / "meta.json"
    path.write_text(given)
    with pytest.raises(InputError, match=r"meta.json"):
        read_size_decimals(path)


POSITIONS = """wave,t_start_ms,user,coin,size_contracts,abs_size_contracts
1,1760131000000,0xa,BTC,-2.5,2.5
1,1760131000000,0xa,DOGE,9,9
1,1760131000000,0xb,BTC,-4,4
1,1760131000000,0xb,ETH,7,7
2,1760131090000,0xb,ETH,1,1
"""
GAPS = """wave,t_start_ms,t_end_ms,coin,gap_usd_x_qty,qty_contracts,gap_per_contract_usd
1,1760131000000,1760131000000,BTC,9,2,4.5
1,1760131000000,1760131000000,ETH,6,3,2
"""
BY_WAVE = """wave,t_start_ms,t_end_ms,deficit_usd,max_loss_usd,budget_needed_usd,budget_prod_usd
1,1760131000000,1760131000000,50,50,15,40
"""
HAIRCUTS = """wave,user,equity_start_usd,pnl_start_usd,haircut_prod_usd
1,0xa,90,30,10
1,0xb,20,60,30
"""
BASE = "eval_horizon_sweep/gap_ms=5000/horizon_ms=0"


def published(tmp_path, **texts):
    """An `out/` folder in the schema of the authors' package, with some tables instead."""
    given = {"winner_start_positions": POSITIONS, "coin_gap_per_contract": GAPS,
             "prod_haircuts": HAIRCUTS} | texts  # fmt: skip
    folder = tmp_path / BASE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "two_pass_equity_delta_by_wave.csv").write_text(BY_WAVE)
    for name, text in given.items():
        path = folder / f"two_pass_wave_{name}.csv"
        path.unlink(missing_ok=True) if text is None else path.write_text(text)
    return tmp_path


def test_published_positions_make_a_round_in_contracts(tmp_path):
    """By hand: DOGE was not closed in the round; capacities are the least of PNL and equity."""
    out = published(tmp_path)
    round_ = published_round(out, 1, {"BTC": 1, "ETH": 0})
    held = round_.positions
    rows = zip(held.account, held.coin, held.side, held.size, held.value, held.lot, strict=True)
    assert [(a, c, s.value, *numbers) for a, c, s, *numbers in rows] == [
        ("0xa", "BTC", "short", 2.5, 4.5, 0.1),
        ("0xb", "BTC", "short", 4.0, 4.5, 0.1),
        ("0xb", "ETH", "long", 7.0, 2.0, 1.0),
    ]
    assert (round_.start.account, round_.start.capacity.tolist()) == (("0xa", "0xb"), [30.0, 20.0])
    assert (round_.start.equity.tolist(), round_.start.deficit) == ([90.0, 20.0], 50.0)
    assert round_.outcome.needed == 15.0
    best = adl.solve(round_, budget=adl.Budget.at_least())
    assert 15.0 <= best.haircut.sum() < 17.0


def test_without_winners_capacity_is_what_positions_are_worth(tmp_path):
    round_ = published_round(published(tmp_path, prod_haircuts=None), 1, {"BTC": 1, "ETH": 0})
    assert round_.start.capacity.tolist() == [2.5 * 4.5, 4 * 4.5 + 7 * 2.0]


@pytest.mark.parametrize(
    ("texts", "wave", "expected"),
    [
        ({}, 2, "wave is 2"),
        ({"winner_start_positions": None}, 1, "a folder with two_pass_wave_winner_start"),
        ({"coin_gap_per_contract": None}, 1, "a folder with two_pass_wave_coin_gap"),
        ({"winner_start_positions": POSITIONS + "1,1,0xa,BTC,-1,1\n"}, 1, "line 7.*once"),
        ({"coin_gap_per_contract": GAPS + "1,1,1,BTC,9,2,4.5\n"}, 1, "line 4.*coin once"),
        ({"winner_start_positions": POSITIONS + "1,1,0xc,BTC,-1,1\n"}, 1, "capacity"),
        ({"winner_start_positions": POSITIONS + "1,1,0xc,BTC,none,1\n"}, 1, "do not parse"),
        ({"winner_start_positions": POSITIONS.replace("ETH,7", "SOL,7")}, 1, None),
    ],
)
def test_positions_that_contradict_are_refused_by_name(tmp_path, texts, wave, expected):
    out = published(tmp_path, **texts)
    if expected is None:
        assert "SOL" not in published_round(out, wave, {"BTC": 1, "ETH": 0}).positions.coin
        return
    with pytest.raises(InputError, match=expected):
        published_round(out, wave, {"BTC": 1, "ETH": 0})


def test_files_that_are_known_and_not_read_are_named(tmp_path):
    out = published(tmp_path)
    (out / "two_time").mkdir()
    for name in ("per_shock_metrics_queue.csv", "positions_FINAL.csv"):
        (out / name).write_text("coin,cluster_id\n")
    said = [each.text for each in load("published", [out]).findings if each.name == "not read"]
    assert [text.split(" is not read")[0] for text in said] == [
        "per_shock_metrics_queue.csv", "two_time", "positions_FINAL.csv",
    ]  # fmt: skip
    checkout = tmp_path / "replay"
    (checkout / "results").mkdir(parents=True)
    write_detail(checkout / "adl_detailed_analysis_REALTIME.csv", [detail_row()])
    (checkout / "results" / "adl_net_volume_full_12min.csv").write_text("ticker\n")
    said = [each.text for each in load("hyperreplay", [checkout]).findings]
    assert any("volume and PNL by coin" in text for text in said)
