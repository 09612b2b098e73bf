"""Rounds in contracts, with the venue's lots."""

import json

import pytest
from venue_files import T0, block, detail_row, fill, write_blocks, write_detail

import adlopt as adl
from adlopt.data.loaders import (
    contract_round,
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
