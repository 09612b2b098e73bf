"""Constraints and tags in files: read, solved, written as a model, and refused by name."""

import json

import numpy as np
import polars as pl
import pytest

import adlopt as adl

ROUND = """
deficit = 90.0
needed = 60.0
[[account]]
id = "ann"
capacity = 120.0
equity = 200.0
tags = { desk = "makers", owner = "x" }
[[account]]
id = "bob"
capacity = 80.0
equity = 90.0
tags = { owner = "x" }
[[account]]
id = "cat"
capacity = 40.0
equity = 50.0
tags = { desk = "makers" }
"""
CONTRACTS = """
deficit = 500.0
needed = 300.0
[[positions]]
account = "ann"
coin = "ETH"
side = "long"
size = 10.0
value = 40.0
mark = 3000.0
[[positions]]
account = "ann"
coin = "ETH"
side = "short"
size = 3.0
value = 0.0
mark = 3000.0
[[positions]]
account = "bob"
coin = "ETH"
side = "long"
size = 8.0
value = 40.0
mark = 3000.0
[[accounts]]
account = "ann"
capacity = 400.0
tags = { desk = "makers" }
[[accounts]]
account = "bob"
capacity = 320.0
"""


def read(folder, text, name="round.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return adl.read(path)


@pytest.mark.parametrize(
    ("table", "haircut"),
    [
        ('group = "makers"\ngives_at_most = { share = 0.2 }', [9.0, 48.0, 3.0]),
        ('group = "makers"\ngives_at_most = { usd = 16 }', [12.0, 44.0, 4.0]),
        ('tags = { desk = "makers" }\ngives_at_least = { usd = 48 }', [36.0, 12.0, 12.0]),
        ('account = ["bob"]\nkeeps_at_least = 72.0', [39.0, 8.0, 13.0]),
        ("where = { equity = [100, inf] }\ngives_at_most = { usd = 0 }", [0.0, 40.0, 20.0]),
        ("haircut = { ann = 1.0, bob = -1.0 }\nat_most = -20.0", None),
        ('haircut = "equity"\naccount = ["ann"]\nat_most = 2000.0', [10.0, 100 / 3, 50 / 3]),
    ],
)
def test_a_table_of_a_file_is_a_row(table, haircut, tmp_path):
    problem = read(tmp_path, f"{ROUND}\n[[constraint]]\n{table}\n")
    best = adl.solve(problem)
    assert best.optimal
    if haircut is None:
        assert best.haircut[1] - best.haircut[0] >= 20 - 1e-9
    else:
        assert best.haircut.sum() == pytest.approx(60)
        assert best.worst_burden == pytest.approx(max(np.array(haircut) / [120, 80, 40]))


def test_owners_share_a_burden_and_hedges_keep_their_delta(tmp_path):
    owners = read(tmp_path, ROUND + '[[constraint]]\neach = "owner"\nshares_burden = true\n')
    assert adl.solve(owners).worst_burden == pytest.approx(0.25)
    hedges = '[[constraint]]\ngroup = "makers"\ndelta_changes_at_most = 6000.0\n'
    best = adl.solve(read(tmp_path, CONTRACTS + hedges), budget=adl.Budget.at_least())
    assert best.lots[0] - best.lots[1] <= 2
    assert best.raised >= 300


def test_tags_are_columns_of_tables_and_come_back(tmp_path):
    pl.DataFrame(
        {
            "account": ["ann", "bob"],
            "capacity": [120.0, 80.0],
            "tags.desk": ["makers", None],
            "leverage": [3.0, 9.0],
        }
    ).write_csv(tmp_path / "a.csv")
    text = 'deficit = 90.0\nneeded = 60.0\naccounts = "a.csv"\n[[constraint]]\n'
    problem = read(tmp_path, text + 'group = "makers"\ngives_at_most = { usd = 6 }\n')
    start = problem.thing.start
    assert dict(start.tags) == {"desk": ("makers", "")}
    assert list(start.features) == ["leverage"]
    assert adl.solve(problem).haircut == pytest.approx([6.0, 54.0])
    assert start.to_frame()["tags.desk"].to_list() == ["makers", ""]
    episode = adl.Episode(name="one", rounds=[problem.thing])
    adl.write_episode(episode, tmp_path / "e.json")
    assert dict(adl.read(tmp_path / "e.json").rounds[0].start.tags) == dict(start.tags)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('group = "makers"', r"constraint\[0\] is \[\]: expected one of gives_at_most"),
        ("gives_at_most = { usd = 1 }\nkeeps_at_most = 1.0", r"'gives_at_most', 'keeps_at_most'"),
        ("gives_at_most = { }", "either a share"),
        ("haircut = { ann = 1.0 }", "`at_most` or `at_least`"),
        ("haircut = { ann = nan }\nat_most = 1.0", "haircut.ann is nan: expected a finite number"),
        ("haircut = { ann = 1.0 }\nat_most = nan", "at_most is nan: expected a number"),
        (
            "gives_at_most = 5",
            "gives_at_most is 5: expected a table of share, usd, got",
        ),
        ("keeps_at_most = 1.0\nat_most = 2.0", "whose weighted sum"),
        ('grup = "makers"\nkeeps_at_most = 1.0', "grup"),
        ("where = { equity = [2] }\nkeeps_at_most = 1.0", "length 2"),
    ],
)
def test_what_is_no_constraint_is_refused_by_name(table, words, tmp_path):
    with pytest.raises(adl.InputError, match=words):
        read(tmp_path, f"{ROUND}\n[[constraint]]\n{table}\n")


def test_the_verb_writes_the_model_with_its_constraints(run, tmp_path):
    table = '[[constraint]]\ngroup = "makers"\ngives_at_most = { share = 0.2 }\n'
    (tmp_path / "round.toml").write_text(ROUND + table)
    code, out, _ = run("solve", "round.toml", "--write-model", "m.mps", "--json")
    assert code == 0
    assert json.loads(out)["worst_burden"] == pytest.approx(0.6)
    names = json.loads((tmp_path / "m.mps.json").read_text())
    assert "own[makers]" in {row["name"] for row in names["rows"].values()}
    code, _, err = run("solve", "round.toml", "--write-model", "m.txt")
    assert code == 2
    assert ".mps or .lp" in err
