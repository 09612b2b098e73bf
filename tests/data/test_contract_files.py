"""Rounds in contracts from files: what is read is what was written, and mistakes are named."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import adlopt as adl
from adlopt.data.files import (
    read,
    read_contract_round,
    write_contract_round,
    write_template,
)
from adlopt.data.files.aims import matched
from adlopt.errors import InputError

HEAD = "deficit = 900.0\nneeded = 900.0\n"
POSITION = '[[positions]]\naccount = "a"\ncoin = "ETH"\nside = "short"\nsize = 9.0\n'
SHED = '[[shed]]\nloser = "x"\ncoin = "ETH"\nside = "long"\nsize = 6.0\nprice = 110\nmark = 100\n'
TABLES = {
    "positions.csv": "account,coin,side,size,entry,mark\n"
    "a,ETH,short,9,130,100\nb,ETH,short,5,90,100\n",
    "shed.csv": "loser,coin,side,size,price,mark\nx,ETH,long,6,110,100\n",
    "accounts.csv": "account,capacity,equity\nb,50,70\na,270,900\n",
}
NAMED = 'positions = "positions.csv"\nshed = "shed.csv"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def run(folder, run):
    """Run the command line among the files of the folder."""
    return run


def sides(problem: adl.Problem):
    """Winners, and what losers shed, if they do."""
    thing = problem.thing
    two = isinstance(thing, adl.TwoSidedRound)
    return (thing.winners, thing.losers) if two else (thing, None)


def same(one: adl.Problem, other: adl.Problem):
    (mine, shed), (their, shed_there) = sides(one), sides(other)
    for name in ("account", "coin", "side"):
        assert getattr(mine.positions, name) == getattr(their.positions, name)
    for name in ("size", "lot", "value", "mark"):
        ours, theirs = (getattr(each.positions, name) for each in (mine, their))
        assert (ours is None and theirs is None) or ours.tolist() == theirs.tolist()
    for name in ("capacity", "equity"):
        ours, theirs = (getattr(each.start, name) for each in (mine, their))
        assert (ours is None and theirs is None) or ours.tolist() == theirs.tolist()
    assert mine.start.account == their.start.account
    assert mine.needed == their.needed
    assert (shed is None) == (shed_there is None)
    if shed is not None:
        assert shed.value.tolist() == shed_there.value.tolist()
        assert shed.loser == shed_there.loser
    for name in ("objective", "whole_lots", "method"):
        assert getattr(one, name) == getattr(other, name)


def test_tables_and_inline_entries_say_the_same(folder):
    (folder / "c.toml").write_text(HEAD + NAMED)
    case = read_contract_round("c.toml")
    winners, _ = sides(case)
    assert winners.start.account == ("a", "b")
    assert winners.start.capacity.tolist() == [270, 0]
    assert winners.positions.value.tolist() == [10, 10]
    (folder / "d.toml").write_text(HEAD + NAMED + 'accounts = "accounts.csv"\n')
    assert sides(read_contract_round("d.toml"))[0].start.account == ("b", "a")
    for name in ("positions", "shed"):
        pl.read_csv(f"{name}.csv").write_parquet(f"{name}.parquet")
    (folder / "e.toml").write_text((HEAD + NAMED).replace(".csv", ".parquet"))
    same(read_contract_round("e.toml"), case)


@pytest.mark.parametrize("shed", [True, False])
def test_what_is_written_is_read_back(folder, shed):
    path = write_template("contracts.toml")
    case = read_contract_round(path)
    if not shed:
        case = adl.Problem(thing=case.thing.winners)
    written = write_contract_round(case, folder / "copy.json")
    assert [p.name for p in written][-1] == "copy.json"
    same(read("copy.json"), case)
    same(read_contract_round("copy.json"), case)
    with pytest.raises(adl.InputError, match=r"\.json"):
        write_contract_round(case, folder / "copy.toml")


MISTAKES = {
    "no positions": (HEAD + "positions = []\n" + SHED, "positions|account"),
    "nan": (HEAD + POSITION.replace("9.0", "nan") + SHED, r"size\[0\] is nan"),
    "negative": (HEAD + POSITION.replace("9.0", "-1") + SHED, r"size\[0\] is -1"),
    "side": (HEAD + POSITION.replace("short", "up") + SHED, r"side\[0\] is 'up'"),
    "text": (HEAD + POSITION.replace("9.0", '"x"') + SHED, r"positions\[0\]\.size"),
    "unknown key": (HEAD + POSITION + "sise = 1\n" + SHED, "sise"),
    "missing key": (HEAD + POSITION.replace('coin = "ETH"\n', "") + SHED, "coin"),
    "some marks": (
        HEAD + POSITION + "mark = 100\n" + POSITION.replace('"a"', '"b"') + SHED,
        r"positions\.mark\[1\]",
    ),
    "twice": (HEAD + POSITION + POSITION + SHED, "merge duplicates"),
    "no value": (HEAD + POSITION, r"positions\.value"),
    "a bad price": (HEAD + POSITION + SHED.replace("110", "90"), r"price\[0\] is 90"),
    "a goal": (HEAD + POSITION + SHED + '[match]\ngoal = "best"\n', "goal is 'best'.*leximin"),
    "lots": (HEAD + POSITION + SHED + '[match]\nlots = "all"\n', "lots is 'all'.*rounded"),
    "a table": (HEAD + 'positions = "none.csv"\n' + SHED, "none.csv"),
    "a kind": (HEAD + 'positions = "none.txt"\n' + SHED, "a .csv or .parquet"),
    "stranger": (
        HEAD + POSITION + '[[accounts]]\naccount = "z"\ncapacity = 1\n' + SHED,
        r"positions\.account\[0\] is 'a'",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(folder, name):
    text, message = MISTAKES[name]
    (folder / "c.toml").write_text(text)
    with pytest.raises(adl.InputError, match=message) as caught:
        read_contract_round("c.toml")
    if name not in ("a table", "a kind"):
        assert "c.toml" in str(caught.value)


TABLE_MISTAKES = {
    "a cell": ("positions.csv", ("9,130", "nine,130"), r"positions\.csv line 2: size is 'nine'"),
    "nan": ("shed.csv", ("110", "nan"), r"shed\.csv line 2: price"),
    "a column": ("shed.csv", ("price", "prise"), "a column `price`"),
    "more columns": (
        "shed.csv",
        ("mark\n", "mark,x\n"),
        "columns is .x.: expected one of|readable table",
    ),
    "nobody": ("positions.csv", ("a,ETH", ",ETH"), "account"),
}


@pytest.mark.parametrize("name", TABLE_MISTAKES)
def test_mistakes_in_tables_are_named(folder, name):
    file, (old, new), message = TABLE_MISTAKES[name]
    (folder / file).write_text(TABLES[file].replace(old, new))
    (folder / "c.toml").write_text(HEAD + NAMED)
    with pytest.raises(adl.InputError, match=message):
        read_contract_round("c.toml")


def test_the_command_line_matches(run):
    assert run("new", "contracts.toml")[0] == 0
    for goal, criterion in (
        ("least-burden", "worst burden"), ("leximin", "worst burden"),
        ("keep-hedges", "net delta changed"), ("least-leverage", "worst leverage"),
        ("fewest-accounts", "accounts touched"),
    ):  # fmt: skip
        code, out, err = run("match", "contracts.toml", "--goal", goal)
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) <= 80
        assert criterion in out
        assert "alice" in out
    code, out, _ = run("match", "contracts.toml", "--json", "-o", "trades.csv")
    data = json.loads(out, parse_constant=pytest.fail)
    assert data["certificate"]["optimal"]
    assert data["orders"]["matched"] == [6]
    assert sum(data["haircut_usd"]) == pytest.approx(900)
    trades = pl.read_csv("trades.csv")
    assert trades["contracts"].to_list() == data["trades"]["contracts"]
    assert set(trades["account"]) == {"alice", "bob"}


def test_the_command_line_says_what_is_wrong(run, folder):
    run("new", "contracts.toml")
    (folder / "round.toml").write_text(
        'deficit = 9\nneeded = 1\n[[account]]\nid = "a"\ncapacity = 2\n'
    )
    (folder / "bare.toml").write_text(HEAD + POSITION + "value = 1.0\n")
    for words, message in (
        (("match", "contracts.toml", "--goal", "best"), "least-burden"),
        (("solve", "contracts.toml", "--objective", "leximin"), "adlopt match has goals"),
        (("solve", "contracts.toml", "-o", "t.txt"), ".csv or .parquet"),
        (("match", "bare.toml"), "what losers shed"),
        (("match", "contracts.toml", "-o", "t.txt"), ".csv or .parquet"),
        (("play", "contracts.toml"), "contracts.toml"),
        (("match", "contracts.toml", "--method", "highs"), "--method"),
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert message in err
    short = HEAD + POSITION + SHED + '[[accounts]]\naccount = "a"\ncapacity = 1.0\n'
    (folder / "short.toml").write_text(short)
    code, _, err = run("match", "short.toml")
    assert code == 1
    assert "profits" in err


def test_a_large_book_prints_in_eighty_columns(run, folder):
    n = 60
    names = [f"0x{i:040x}" for i in range(n)]
    coins = [f"COIN{i % 30}" for i in range(n)]
    pl.DataFrame(
        {"account": names, "coin": coins, "side": ["short"] * n, "size": np.arange(1, n + 1) * 1e7}
    ).write_csv("positions.csv")
    pl.DataFrame(
        {
            "loser": [f"l{i}" for i in range(30)],
            "coin": [f"COIN{i}" for i in range(30)],
            "side": ["long"] * 30,
            "size": [1.23456789e9] * 30,
            "price": [0.0001235] * 30,
            "mark": [0.000123] * 30,
        }
    ).write_csv("shed.csv")
    (folder / "c.toml").write_text(HEAD + NAMED)
    code, out, err = run("match", "c.toml")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert "largest 20 of 30 books" in out


def test_the_command_line_closes_whole_lots(run, folder):
    lines = [
        "account,coin,side,size,lot,value",
        "ann,ETH,long,10,1,40",
        "ann,BTC,short,3,1,90",
        "bob,ETH,long,8,1,40.0000001",
    ]
    (folder / "p.csv").write_text("\n".join(lines))
    (folder / "c.toml").write_text('deficit = 500\nneeded = 305\npositions = "p.csv"\n')
    code, _, err = run("solve", "c.toml")
    assert code == 1
    assert "use Budget" in err
    code, out, err = run("solve", "c.toml", "--extra", "inf", "-o", "lots.csv")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    said = " ".join(out.split())
    assert "2 winners give 320.00 USD from 2 positions, worst burden 35.82 %" in said
    assert "proven optimal (exact)" in said
    assert pl.read_csv("lots.csv")["lots"].to_list() == [6, 0, 2]
    data = json.loads(run("solve", "c.toml", "--extra", "inf", "--json")[1])
    assert data["certificate"]["trust"] == "exact"
    assert data["rounding_usd"] == pytest.approx(8e-7)


LIMITED = """\
deficit = 900.0
needed = 200.0
positions = "p.csv"
accounts = "a.csv"
shed = "shed.csv"
[limits]
ineligible = { cat = "market maker" }
cap = "share"
weight = "size"
tier = "class"
floor = { bob = 10.0 }
"""
LIMITED_TABLES = {
    "p.csv": "account,coin,side,size,lot,value,mark,closable\n"
    "ann,ETH,short,10,1,40,100,4\nbob,ETH,short,8,1,40,100,8\ncat,ETH,short,8,1,40,100,8\n"
    "dan,ETH,short,8,1,40,100,8\n",
    "a.csv": "account,capacity,equity,share,size,class\n"
    "ann,400,500,0.9,400,1\nbob,320,90,1,100,1\ncat,320,400,1,100,1\ndan,320,400,0.5,50,2\n",
}


@pytest.fixture
def limited(folder):
    for name, text in LIMITED_TABLES.items():
        (folder / name).write_text(text)
    (folder / "c.toml").write_text(LIMITED)
    return folder


def test_limits_of_contracts_are_columns_tables_or_numbers(limited):
    case = read_contract_round("c.toml")
    limits = case.limits
    assert limits.cap.tolist() == [0.9, 1.0, 1.0, 0.5]
    assert limits.weight.tolist() == [400.0, 100.0, 100.0, 50.0]
    assert limits.tier.tolist() == [1, 1, 1, 2]
    assert limits.floor.tolist() == [0.0, 10.0, 0.0, 0.0]
    assert limits.lots.tolist() == [4, 8, 8, 8]
    write_contract_round(case, limited / "copy.json")
    copy = read_contract_round("copy.json")
    same(copy, case)
    for name in ("cap", "weight", "tier", "floor", "lots"):
        assert getattr(copy.limits, name).tolist() == getattr(limits, name).tolist()
    assert copy.limits.ineligible == limits.ineligible


def test_the_command_line_keeps_limits(run, limited):
    code, out, err = run("solve", "c.toml", "--extra", "inf")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert "market maker" in " ".join(out.split())
    data = json.loads(run("solve", "c.toml", "--extra", "inf", "--json")[1])
    assert data["haircut_usd"] == [160.0, 40.0, 0.0, 0.0]
    assert data["reason"] == ["lots", "worst burden", "ineligible: market maker", ""]
    assert data["stages"] == []
    text = LIMITED.replace("needed = 200", "needed = 300")
    (limited / "d.toml").write_text(text)
    data = json.loads(run("solve", "d.toml", "--extra", "inf", "--json")[1])
    assert data["haircut_usd"] == [160.0, 80.0, 0.0, 80.0]
    assert [stage["criterion"] for stage in data["stages"]] == ["tier 2"]
    code, out, _ = run("solve", "d.toml", "--extra", "inf")
    assert "tier 2 " in out
    (limited / "e.toml").write_text(LIMITED.replace("needed = 200", "needed = 900"))
    code, _, err = run("solve", "e.toml", "--extra", "inf")
    assert code == 1
    assert "limits hold back" in err


def test_a_match_on_the_command_line_keeps_limits(run, limited):
    (limited / "shed.csv").write_text("loser,coin,side,size,price,mark\nx,ETH,long,14,110,100\n")
    code, out, err = run("match", "c.toml")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    data = json.loads(run("match", "c.toml", "--json")[1])
    assert data["haircut_usd"] == [40.0, 80.0, 0.0, 20.0]
    assert data["reason"] == ["lots", "floor", "ineligible: market maker", "worst burden"]
    assert data["criterion"] == "worst burden"
    assert [stage["criterion"] for stage in data["stages"]] == ["tier 2, worst burden"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"share"', '"shares"', r"a\.csv: columns is 'share': expected one of"),
        (
            'tier = "class"\nfloor = { bob = 10.0 }',
            'tier = "share"\nfloor = "class"',
            r"limits\.tier\[0\] is 0\.9: expected a whole number",
        ),
        ("bob = 10.0", "eve = 10.0", r"limits\.floor is 'eve': expected an account"),
        ('accounts = "a.csv"\n', "", r"limits\.cap is 'share'.*a column of the accounts \(none\)"),
        ('cap = "share"', "caps = 1", r"limits\.caps is 1"),
    ],
)
def test_bad_limits_of_contracts_name_file_and_place(limited, old, new, message):
    assert old in LIMITED
    (limited / "c.toml").write_text(LIMITED.replace(old, new))
    with pytest.raises(adl.InputError, match=message):
        read_contract_round("c.toml")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("4.5", r"positions\.closable\[0\] is 4\.5: expected a whole number"),
        ("-4", r"lots\[0\] is -4: expected a number ≥ 0"),
        ("nan", r"p\.csv line 2: closable is 'nan'"),
    ],
)
def test_lots_that_may_be_closed_are_whole(limited, cell, message):
    (limited / "p.csv").write_text(LIMITED_TABLES["p.csv"].replace(",4\n", f",{cell}\n"))
    with pytest.raises(adl.InputError, match=message):
        read_contract_round("c.toml")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("mood", "match.mood is 1: expected a key that is known: goal, lots, burden, "),
        ("goall", "match.goall is 1: expected a key that is known; did you mean 'goal'?"),
    ],
)
def test_an_unknown_key_of_match_is_answered_by_those_that_it_has(key, said):
    with pytest.raises(InputError) as refused:
        matched({key: 1}, None)
    assert str(refused.value).startswith(said)
