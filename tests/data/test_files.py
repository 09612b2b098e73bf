"""Instance files: what is written reads back bit for bit, and what is broken says where."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from adlopt.data.episodes import october_10, shock
from adlopt.data.files import (
    read_episode,
    read_limits,
    read_round,
    write_episode,
    write_rows,
    write_template,
)
from adlopt.errors import InputError
from adlopt.foundation.arrays import LARGEST_USD
from adlopt.model.episode import Episode
from adlopt.model.loss import Asymmetric, Burden, Empirical, MinMax
from adlopt.model.objective import FewestAccounts, Leximin, TrackingFirst
from adlopt.model.round import Round, RoundOutcome, RoundStart
from adlopt.model.run import Information, Run
from adlopt.optimum.solve import solve

HEAD = "deficit = 90.0\nneeded = 60.0\n"
ALICE = '[[account]]\nid = "alice"\ncapacity = 120.0\n'
BOB = '[[account]]\nid = "bob"\ncapacity = 80.0\n'
USD = st.floats(0.0, LARGEST_USD).filter(lambda x: x == 0 or x > 1e-99)
ID = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name, content):
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def same(left, right):
    assert (left is None) == (right is None)
    if left is not None:
        assert left.tobytes() == right.tobytes()


def assert_same_episode(left, right):
    for name in ("name", "source", "reference", "fairest", "pooled"):
        assert getattr(left, name) == getattr(right, name)
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        for name in ("account", "deficit", "t", "estimate", "signals"):
            assert getattr(a.start, name) == getattr(b.start, name)
        assert a.needed == b.needed
        for name in ("capacity", "equity", "lot"):
            same(getattr(a.start, name), getattr(b.start, name))
        assert set(a.start.features) == set(b.start.features)
        for name, values in a.start.features.items():
            same(values, b.start.features[name])
    assert len(left.recorded) == len(right.recorded)
    for a, b in zip(left.recorded, right.recorded, strict=True):
        assert (a.policy, a.information) == (b.policy, b.information)
        for name in ("haircut", "burden", "touched"):
            same(getattr(a, name), getattr(b, name))


def full_start(t, **changes):
    given = {
        "t": t,
        "account": ["日本🙂", 'a,"b"\n'],
        "capacity": [0.1, 1 / 3],
        "deficit": 0.1 + 0.2,
        "equity": [-1e15, 1e-99],
        "lot": [0.1, 0.7],
        "estimate": 2 / 3,
        "features": {"x": [-0.1, 1e15], "y": [5.0, 6.0]},
        "signals": {"volatility": 0.1, "é-1": -2.0},
    }
    return RoundStart(**given | changes)


def full_episode(*starts, **changes):
    rounds = [Round(start=start, outcome=RoundOutcome(needed=0.1 * start.t)) for start in starts]
    return Episode(**{"name": "full", "rounds": rounds} | changes)


def test_every_number_of_an_episode_comes_back(folder):
    count = [1 / 3, 0.1]
    recorded = [
        Run(policy="live é", information=Information.RECORDED, haircut=count, burden=count),
        Run(policy="b", information=Information.RECORDED_HINDSIGHT, haircut=count, touched=[1, 2]),
    ]
    swapped = full_start(2, features={"y": [1.0, 2.0], "x": [3.0, 4.0]})
    episode = full_episode(
        full_start(1), swapped, recorded=recorded, reference="live é", fairest="live é", source="s"
    )
    written = write_episode(episode, "full.json")
    assert written == [Path("full.accounts.parquet"), Path("full.json")]
    assert_same_episode(read_episode("full.json"), episode)


@pytest.mark.parametrize("make", [october_10, lambda: shock(rounds=3, winners=20, seed=3)])
def test_built_in_episodes_survive_a_round_trip(folder, make):
    write_episode(make(), folder / "e.json")
    assert_same_episode(read_episode(folder / "e.json"), make())


def test_a_pooled_lot_comes_back(folder):
    start = full_start(
        1, account=["all winners"], capacity=[9.0], lot=[0.1], equity=None, features={}
    )
    episode = full_episode(start, pooled=True)
    assert write_episode(episode, "e.json") == [Path("e.json")]
    assert_same_episode(read_episode("e.json"), episode)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    accounts=st.dictionaries(ID, USD, min_size=1, max_size=5),
    deficit=USD,
    needed=USD,
)
def test_any_episode_survives_a_round_trip(tmp_path, accounts, deficit, needed):
    start = RoundStart(account=[*accounts], capacity=[*accounts.values()], deficit=deficit)
    episode = Episode(name="any", rounds=[Round(start=start, outcome=RoundOutcome(needed=needed))])
    write_episode(episode, tmp_path / "any.json")
    assert_same_episode(read_episode(tmp_path / "any.json"), episode)


@pytest.mark.parametrize(
    ("other", "column"),
    [({"equity": None}, "equity"), ({"lot": None}, "lot"), ({"features": {"x": [1, 2]}}, "y")],
)
def test_what_only_some_rounds_have_cannot_be_written(folder, other, column):
    episode = full_episode(full_start(1), full_start(2, **other))
    with pytest.raises(InputError, match=rf"accounts\[round 2\] is '{column}'.*all rounds"):
        write_episode(episode, "e.json")
    assert not list(folder.iterdir())


COLUMNS = {"account": ["alice", "bob"], "capacity": [0.1, 80.0], "equity": [-1.5, 90.0]}
TABLES = {
    "csv": lambda path: pl.DataFrame(COLUMNS | {"leverage": [4.0, 12.5]}).write_csv(path),
    "parquet": lambda path: pl.DataFrame(COLUMNS | {"leverage": [4.0, 12.5]}).write_parquet(path),
}
INLINE = [
    {"id": name, "capacity": c, "equity": e, "features": {"leverage": x}}
    for name, c, e, x in zip(*COLUMNS.values(), [4.0, 12.5], strict=True)
]


@pytest.mark.parametrize("source", ["csv", "parquet", "toml", "json"])
def test_all_formats_say_the_same(folder, source):
    path = Path("round.toml")
    if source in TABLES:
        TABLES[source](f"table.{source}")
        put(path, f'accounts = "table.{source}"\nlot = 0.5\n{HEAD}')
    elif source == "json":
        entry = {"deficit": 90, "needed": 60, "lot": 0.5, "account": INLINE}
        path = put("round.json", json.dumps(entry))
    else:
        lines = [
            f'[[account]]\nid = "{a["id"]}"\ncapacity = {a["capacity"]}\nequity = {a["equity"]}\n'
            f"features = {{ leverage = {a['features']['leverage']} }}\n"
            for a in INLINE
        ]
        put(path, f"lot = 0.5\n{HEAD}{''.join(lines)}")
    round_, loss = read_round(path)
    assert round_.start.account == ("alice", "bob")
    assert round_.start.capacity.tolist() == [0.1, 80.0]
    assert round_.start.equity.tolist() == [-1.5, 90.0]
    assert round_.start.lot.tolist() == [0.5, 0.5]
    assert round_.start.features["leverage"].tolist() == [4.0, 12.5]
    assert (round_.start.deficit, round_.needed) == (90.0, 60.0)
    assert loss == MinMax()


@pytest.mark.parametrize(
    ("entry", "loss"),
    [
        ('kind = "min-max"\nepsilon = 1', MinMax(epsilon=1.0)),
        ('burden = "equity"', MinMax(burden=Burden.EQUITY)),
        (
            'kind = "surrogate"\ntrack = 1\nfair = 2',
            Asymmetric(under=1.0, over=1.0, fair=2.0),
        ),
        (
            'kind = "asymmetric"\nunder = 3\nover = 1\nfair = 2',
            Asymmetric(under=3.0, over=1.0, fair=2.0),
        ),
        (
            'kind = "empirical"\nreference = 0.5\nweight = 2\nexcess_only = true',
            Empirical(reference=0.5, weight=2.0, excess_only=True),
        ),
        ('kind = "empirical"\nreference = 0.5', Empirical(reference=0.5)),
        ('kind = "leximin"\nburden = "equity"', Leximin(burden=Burden.EQUITY)),
        ('kind = "tracking"', TrackingFirst()),
        ('kind = "fewest"\nepsilon = 2', FewestAccounts(epsilon=2.0)),
    ],
)
def test_losses(folder, entry, loss):
    put("round.toml", f"{HEAD}{ALICE}[loss]\n{entry}\n")
    assert read_round("round.toml")[1] == loss


def test_a_level_and_burdens_of_cvar(folder):
    put("round.toml", HEAD + ALICE + '[loss]\nkind = "cvar"\nlevel = 0.9\nburden = "equity"\n')
    for name in (None, "cvar:0.9"):
        cvar = read_round("round.toml", objective=name)[1]
        assert (cvar.level, cvar.burden) == (0.9, Burden.EQUITY)


def test_limits_are_numbers_for_all_or_tables_by_account(folder):
    put("round.toml", HEAD + ALICE + BOB)
    start = read_round("round.toml")[0].start
    assert read_limits("round.toml", start) is None
    put(
        "round.toml",
        HEAD
        + ALICE
        + BOB
        + "[limits]\ncap = 0.5\nfloor = { bob = 3 }\ntier = { bob = 2 }\n"
        + 'weight = { alice = 1, bob = 2 }\nineligible = { alice = "vault" }\n',
    )
    limits = read_limits("round.toml", start)
    assert (limits.cap, limits.floor.tolist(), limits.tier.tolist()) == (0.5, [0.0, 3.0], [1, 2])
    assert (limits.weight.tolist(), dict(limits.ineligible)) == ([1.0, 2.0], {"alice": "vault"})


def test_a_limit_names_a_column_of_the_accounts(folder):
    put("a.csv", "account,capacity,share,size,class\nann,9,0.5,3,1\nbob,8,1,2,2\n")
    limits_ = '[limits]\ncap = "share"\nweight = "size"\ntier = "class"\n'
    put("round.toml", HEAD + 'accounts = "a.csv"\n' + limits_)
    start = read_round("round.toml")[0].start
    limits = read_limits("round.toml", start)
    assert (limits.cap.tolist(), limits.weight.tolist()) == ([0.5, 1.0], [3.0, 2.0])
    assert limits.tier.tolist() == [1, 2]
    put("round.toml", HEAD + 'accounts = "a.csv"\n[limits]\ncap = "sahre"\n')
    with pytest.raises(InputError, match=r"limits\.cap is 'sahre'.*\(share, size, class\)"):
        read_limits("round.toml", start)


BAD_LIMITS = {
    "unknown key": ("caps = 0.5", r"limits\.caps is 0\.5"),
    "cap as text": ('cap = "x"', r"limits\.cap is 'x'"),
    "cap above 1": ("cap = 1.5", r"cap is 1\.5"),
    "unknown account": ("cap = { eve = 0.5 }", r"limits\.cap is 'eve': expected an account"),
    "a weight missing": ("weight = { alice = 1 }", r"limits\.weight\[bob\] is None"),
    "a tier in parts": ("tier = { bob = 1.5 }", r"limits\.tier"),
    "no reason": ('ineligible = { bob = "" }', r"ineligible\[bob\] is ''"),
}


@pytest.mark.parametrize(("content", "message"), BAD_LIMITS.values(), ids=BAD_LIMITS)
def test_bad_limits_name_file_and_place(folder, content, message):
    put("round.toml", HEAD + ALICE + BOB)
    start = read_round("round.toml")[0].start
    put("round.toml", f"{HEAD}{ALICE}{BOB}[limits]\n{content}\n")
    with pytest.raises(InputError, match=message) as caught:
        read_limits("round.toml", start)
    assert "round.toml" in str(caught.value)


ENCODED = {
    "bom": "\ufeff" + HEAD + ALICE,
    "crlf": (HEAD + ALICE).replace("\n", "\r\n"),
    "mixed line ends": HEAD.replace("\n", "\r\n") + ALICE,
    "unicode": HEAD + ALICE.replace("alice", "日本🙂"),
    "whole numbers": (HEAD + ALICE).replace(".0", ""),
}


@pytest.mark.parametrize("text", ENCODED.values(), ids=ENCODED)
def test_encodings_of_a_round(folder, text):
    put("round.toml", text)
    round_, _ = read_round("round.toml")
    assert round_.start.account in {("alice",), ("日本🙂",)}
    assert round_.start.capacity.tolist() == [120.0]


def inline(old, new):
    return (HEAD + ALICE).replace(old, new)


BAD_ROUND = {
    "empty": ("", "deficit is None: expected a value"),
    "truncated": (HEAD + "[[acc", "well-formed TOML"),
    "old Mac line ends": (HEAD.replace("\n", "\r") + ALICE, "well-formed TOML"),
    "latin-1": ((HEAD + ALICE.replace("alice", "é")).encode("latin-1"), "well-formed TOML"),
    "utf-16": ((HEAD + ALICE).encode("utf-16"), "well-formed TOML"),
    "binary": (bytes(range(256)), "well-formed TOML"),
    "too deep": ("x = " + "[" * 5000 + "]" * 5000, "well-formed TOML"),
    "missing key": ("deficit = 90.0\n" + ALICE, "needed is None: expected a value"),
    "missing capacity": (inline("capacity = 120.0", ""), r"account\[0\].capacity is None"),
    "unknown key": (
        "foo = 1\n" + HEAD + ALICE,
        "foo is 1: expected a key that is known: deficit, ",
    ),
    "unknown key of an account": (
        HEAD + ALICE + 'desk = "makers"\n',
        "a key that is known: id, capacity, .*; columns of your own stand in features, or as words",
    ),
    "number for a table": (
        HEAD + ALICE + '[[constraint]]\ngroup = "a"\ngives_at_most = 0.2\n',
        "gives_at_most is 0.2: expected a table of share, usd, got a number",
    ),
    "unknown key of limits": (HEAD + ALICE + "[limits]\ncapp = 1\n", "capp is 1.*mean 'cap'"),
    "unknown key like a path": ('"x - at `$.y" = 1\n' + HEAD + ALICE, "unknown field"),
    "text": (inline("90.0", '"90"'), "deficit is '90': expected a number, got a text"),
    "NaN as text": (inline("120.0", '"NaN"'), r"account\[0\].capacity is 'NaN'"),
    "boolean": (inline("120.0", "true"), r"account\[0\].capacity is True"),
    "date": (inline("120.0", "2025-10-10"), r"account\[0\].capacity is datetime"),
    "numeric id": (inline('"alice"', "7"), r"account\[0\].id is 7: expected a text"),
    "empty id": (inline("alice", ""), r"account\[0\] is ''"),
    "NaN": (inline("90.0", "nan"), "deficit is nan: expected a finite number"),
    "infinite": (inline("120.0", "inf"), r"capacity\[0\] is inf"),
    "1e308": (inline("120.0", "1e308"), r"capacity\[0\] is 1e\+308"),
    "negative": (inline("120.0", "-1.0"), r"capacity\[0\] is -1.0.*max\(PNL, 0\)"),
    "huge integer": (inline("120.0", "1" + "0" * 400), r"account\[0\].capacity is 1000"),
    "monstrous integer": (inline("120.0", "1" + "0" * 5000), "well-formed TOML"),
    "twice the same id": (HEAD + ALICE + ALICE, r"account\[1\] is 'alice'.*merge duplicates"),
    "equity of one": (HEAD + ALICE + "equity = 1.0\n" + BOB, r"equity\[1\] is None.*all accounts"),
    "lot of one": (HEAD + ALICE + BOB + "lot = 1.0\n", r"lot\[0\] is None.*all accounts"),
    "feature of one": (
        HEAD + ALICE + "features = { x = 1.0 }\n" + BOB,
        r"features.x\[1\] is None.*all accounts",
    ),
    "feature named as a column": (
        HEAD + ALICE + "features = { capacity = 1.0 }\n",
        "features is 'capacity'.*rename",
    ),
    "feature as text": (
        HEAD + ALICE + 'features = { x = "y" }\n',
        r"account\[0\].features.x is 'y'",
    ),
    "signal as text": (HEAD + ALICE + '[signals]\n"a-b" = "y"\n', r"signals.a-b is 'y'"),
    "tier as text": (
        HEAD
        + ALICE
        + "[limits.tier]\n"
        + "".join(f"t{i} = 1\n" for i in range(9))
        + '"b.]" = "x"\n',
        r"limits.tier.b.\] is 'x': expected a whole number, got a text",
    ),
    "cap as a table": (HEAD + ALICE + "[limits.cap]\nb = 1.0\na.c = 1.0\n", "cap.a is {'c': 1.0}"),
    "share as text": (
        HEAD + ALICE + '[[constraint]]\n[constraint.where]\nlev = [1.0, "x"]\n',
        r"constraint\[0\].where.lev\[1\] is 'x'",
    ),
    "id with NUL": (HEAD + '[[account]]\nid = "\\u0000"\ncapacity = 1.0\n', "character that shows"),
    "no accounts": (HEAD, "accounts is 'given 0 times'"),
    "no account": ("account = []\n" + HEAD, "at least one winner"),
    "given twice": ("capacity = 9.0\n" + HEAD + ALICE, "accounts is 'given 2 times'"),
    "lot 0": ("lot = 0.0\n" + HEAD + ALICE, r"lot\[0\] is 0.0: expected a number > 0"),
    "absent table": (
        'accounts = "no.csv"\n' + HEAD,
        r"accounts is 'no\.csv': .*that exists",
    ),
    "absent Parquet": (
        'accounts = "no.parquet"\n' + HEAD,
        r"'no\.parquet'.*that exists",
    ),
    "other table": ('accounts = "no.xlsx"\n' + HEAD, r"a \.csv or \.parquet file"),
    "no table": ('accounts = ""\n' + HEAD, r"a \.csv or \.parquet file"),
    "a pattern": ('accounts = "*.csv"\n' + HEAD, r"accounts is '\*\.csv'.*that exists"),
    "NUL in a path": ('accounts = "a\\u0000.csv"\n' + HEAD, "accounts is .*a file that exists"),
    "unknown loss": (HEAD + ALICE + '[loss]\nkind = "x"\n', "loss.kind is 'x': .*min-max"),
    "price missing": (HEAD + ALICE + '[loss]\nkind = "surrogate"\n', "loss.track is None"),
    "price too much": (HEAD + ALICE + "[loss]\nfair = 1.0\n", "loss.fair is 1.0: expected nothing"),
    "price 0": (
        HEAD + ALICE + '[loss]\nkind = "surrogate"\ntrack = 0.0\nfair = 1.0\n',
        "expected a price > 0",
    ),
    "unknown burden": (HEAD + ALICE + '[loss]\nburden = "x"\n', "loss.burden is 'x'"),
}


@pytest.mark.parametrize(("content", "message"), BAD_ROUND.values(), ids=BAD_ROUND)
def test_bad_rounds_name_file_and_place(folder, content, message):
    put("round.toml", content)
    put("other.csv", "account,capacity\na,1\n")
    with pytest.raises(InputError, match=message) as caught:
        read_round("round.toml")
    assert "round.toml" in str(caught.value)


BAD_JSON = {
    "empty": "",
    "truncated": '{"deficit"',
    "NaN": '{"deficit": NaN}',
    "infinite": '{"deficit": 1e400}',
    "monstrous": '{"deficit": 1' + "0" * 5000 + "}",
    "half a surrogate": '{"deficit": "\\ud800"}',
    "too deep": "[" * 100_000,
    "a list": "[]",
    "null": "null",
    "a number": "3",
}


@pytest.mark.parametrize("read", [read_round, read_episode])
@pytest.mark.parametrize("text", BAD_JSON.values(), ids=BAD_JSON)
def test_bad_json_names_the_file(folder, text, read):
    put("bad.json", text)
    with pytest.raises(InputError, match=r"bad\.json.*expected (well-formed JSON|a table)"):
        read("bad.json")


@pytest.mark.parametrize("read", [read_round, read_episode])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.toml", "a file that exists"),
        ("folder.toml", "not a folder"),
        ("round.yaml", r"a \.toml or \.json file"),
        ("round", r"a \.toml or \.json file"),
        ("", r"a \.toml or \.json file"),
        ("n" * 300 + ".toml", "too long|a file that exists"),
    ],
)
def test_what_is_not_a_file_to_read(folder, name, message, read):
    Path("folder.toml").mkdir()
    with pytest.raises(InputError, match=message):
        read(name)


GOOD_CSV = {
    "plain": "account,capacity\na,1\nb,2\n",
    "bom": "\ufeffaccount,capacity\na,1\nb,2\n",
    "crlf": "account,capacity\r\na,1\r\nb,2\r\n",
    "mixed line ends": "account,capacity\r\na,1\nb,2\r\n",
    "no last line end": "account,capacity\na,1\nb,2",
    "quoted": '"account","capacity"\n"a","1"\n"b","2"\n',
    "other order": "capacity,account\n1e0,a\n+2.0,b\n",
    "old Mac line ends": "account,capacity\ra,1\rb,2\r",
    "blank lines": "account,capacity\n\na,1\n , \nb,2\n\n",
    "commas at line ends": "account,capacity,,\na,1,,\nb,2, ,\n",
    "blanks around": "account,capacity\n a , 1\nb\t,2 \n",
}


@pytest.mark.parametrize("text", GOOD_CSV.values(), ids=GOOD_CSV)
def test_dialects_of_csv(folder, text):
    put("t.csv", text)
    put("round.toml", f'accounts = "t.csv"\n{HEAD}')
    start = read_round("round.toml")[0].start
    assert start.account == ("a", "b")
    assert start.capacity.tolist() == [1.0, 2.0]


BAD_CSV = {
    "empty": ("", "a readable table"),
    "semicolons": ("account;capacity\na;1\n", "separated by semicolons: save it with commas"),
    "decimal commas": ("account;capacity\na;1,5\n", "separated by semicolons"),
    "tabs": ("account\tcapacity\na\t1\n", "separated by tabs"),
    "capital letters": ("Account,capacity\na,1\n", "a column `account`; rename 'Account'"),
    "spaces": ("account, capacity\na,1\n", "a column `capacity`; rename ' capacity'"),
    "a decimal comma": ('account,capacity\na,"1,5"\n', "line 2: .*with a point"),
    "thousands": ('account,capacity\na,"1,200.50"\n', "line 2: .*without separators"),
    "header only": ("account,capacity\n", "at least one winner"),
    "negative": ("account,capacity\na,1\nb,-2\n", r"t\.csv line 3: capacity is '-2': .*≥ 0"),
    "NaN": ("account,capacity\na,NaN\n", r"t\.csv line 2: capacity is 'NaN'"),
    "infinite": ("account,capacity\na,1\nb,inf\n", r"t\.csv line 3: capacity is 'inf'"),
    "1e308": ("account,capacity\na,1e308\n", r"t\.csv line 2: capacity is '1e308'"),
    "huge": ("account,capacity\na,1" + "0" * 400 + "\n", r"t\.csv line 2: capacity is '1000"),
    "a word": ("account,capacity\na,many\n", r"t\.csv line 2: capacity is 'many'"),
    "after a blank line": ("account,capacity\na,1\n\nb,x\n", r"t\.csv line 4: capacity is 'x'"),
    "after a line break": ('account,capacity\n"a\nc",1\nb,x\n', r"t\.csv line 4: capacity is 'x'"),
    "after a nameless column": (
        "account,capacity,\na,1,\nb,x,\n",
        r"t\.csv line 3: capacity is 'x'",
    ),
    "more than names": ("account,capacity,\na,1,\nb,2,3\n", r"line 3 is '3': .*name the column"),
    "a float for an id": (
        "account,capacity\n1.5e+18,1\n",
        r"line 2: account is '1.5e\+18': .*digits|float",
    ),
    "short line": ("account,capacity\na\n", r"t\.csv line 2: capacity is None"),
    "long line": ("account,capacity\na,1,2\n", "a readable table"),
    "open quote": ('account,capacity\n"a,1\n', "a readable table"),
    "no equity": ("account,capacity,equity\na,1,5\nb,2,\n", r"t\.csv line 3: equity is None"),
    "a feature of words": ("account,capacity,venue\na,1,x\n", r"t\.csv line 2: venue is 'x'"),
    "no id": ("account,capacity\n,1\n", r"t\.csv line 2: account is None"),
    "a blank id": ("account,capacity\na,1\n \t,2\n", r"t\.csv line 3: account is ' \\t'"),
    "padded twins": ("account,capacity\na,1\n a,2\n", r"account\[1\] is 'a'.*merge"),
    "duplicate ids": ("account,capacity\na,1\na,2\n", r"account\[1\] is 'a'.*merge"),
    "duplicate columns": ("account,capacity,capacity\na,1,2\n", "columns is 'capacity'.*once"),
    "no capacity": ("account,pnl\na,1\n", r"columns is \['account', 'pnl'\]: .*`capacity`"),
    "no account": ("id,capacity\na,1\n", "expected a column `account`"),
    "utf-16": ("account,capacity\na,1\n".encode("utf-16"), "UTF-8 text, not UTF-16"),
    "latin-1": ("account,capacity\né,1\n".encode("latin-1"), "a readable table"),
    "binary": (bytes(range(256)) * 9, "t.csv"),
}


@pytest.mark.parametrize(("content", "message"), BAD_CSV.values(), ids=BAD_CSV)
def test_bad_csv_names_file_and_line(folder, content, message):
    put("t.csv", content)
    put("round.toml", f'accounts = "t.csv"\n{HEAD}')
    with pytest.raises(InputError, match=message) as caught:
        read_round("round.toml")
    assert "round.toml" in str(caught.value)


BAD_PARQUET = {
    "negative": ({"capacity": [1.0, -2.0]}, r"t\.parquet row 2: capacity is -2.0"),
    "NaN": ({"capacity": [1.0, np.nan]}, r"t\.parquet row 2: capacity is nan"),
    "null": ({"capacity": [None, 2.0]}, r"t\.parquet row 1: capacity is None"),
    "booleans": ({"capacity": [True, False]}, "capacity is 'Boolean': expected numbers"),
    "dates": ({"capacity": [dt.date(2025, 10, 10)] * 2}, "capacity is 'Date'"),
    "lists": ({"capacity": [[1.0], [2.0]]}, "capacity is 'List"),
    "structures": ({"x": [{"y": 1}, {"y": 2}]}, "x is .Struct"),
    "bytes": ({"x": [b"1", b"2"]}, "x is 'Binary'"),
    "float ids": ({"account": [1.0, 2.0]}, "account is 'Float64': expected text"),
    "fractions for ids": (
        {"account": pl.Series([1, 2], dtype=pl.Decimal(9, 2))},
        "account is 'Dec",
    ),
    "times for ids": ({"account": [dt.datetime(2025, 10, 10)] * 2}, "account is .Datetime"),
    "no bytes for ids": ({"account": [b"", b"a"]}, r"row 1: account is b''"),
    "lists for ids": ({"account": [["a"], ["b"]]}, "account is 'List"),
    "null id": ({"account": ["a", None]}, r"t\.parquet row 2: account is None"),
    "no rows": ({"account": [], "capacity": []}, "at least one winner"),
}


@pytest.mark.parametrize(("columns", "message"), BAD_PARQUET.values(), ids=BAD_PARQUET)
def test_bad_parquet_names_file_and_row(folder, columns, message):
    good = {"account": ["a", "b"], "capacity": [1.0, 2.0]}
    pl.DataFrame(good | columns).write_parquet("t.parquet")
    put("round.toml", f'accounts = "t.parquet"\n{HEAD}')
    with pytest.raises(InputError, match=message) as caught:
        read_round("round.toml")
    assert "round.toml" in str(caught.value)


@pytest.mark.parametrize(
    "ids",
    [
        [1, 2],
        [" 1", "2 "],
        pl.Series(["1", "2"], dtype=pl.Categorical),
        pl.Series([1, 2], dtype=pl.UInt64),
        pl.Series([1, 2], dtype=pl.Decimal(38, 0)),
    ],
)
def test_whole_numbers_and_categories_are_ids(folder, ids):
    pl.DataFrame({"account": ids, "capacity": [1, 2]}).write_parquet("t.parquet")
    put("round.toml", f'accounts = "t.parquet"\n{HEAD}')
    assert read_round("round.toml")[0].start.account == ("1", "2")


def test_bytes_are_ids_in_hexadecimal(folder):
    pl.DataFrame({"account": [b"\xab\x01", b"\xff"], "capacity": [1, 2]}).write_parquet("t.parquet")
    put("round.toml", f'accounts = "t.parquet"\n{HEAD}')
    assert read_round("round.toml")[0].start.account == ("0xab01", "0xff")


def spoilt(keep):
    def spoil(content):
        return content[:keep]

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [spoilt(0), spoilt(4), spoilt(200), spoilt(-1), lambda c: c[:-200] + bytes(192) + c[-8:]],
)
def test_damaged_parquet(folder, spoil):
    TABLES["parquet"]("t.parquet")
    put("t.parquet", spoil(Path("t.parquet").read_bytes()))
    put("round.toml", f'accounts = "t.parquet"\n{HEAD}')
    with pytest.raises(
        InputError, match=r"round\.toml: accounts is 't\.parquet': .*readable table"
    ):
        read_round("round.toml")


def test_parquet_so_damaged_that_its_reader_panics(folder, monkeypatch):
    def panic(*_, **__):
        raise pl.exceptions.PanicException("index out of bounds")

    monkeypatch.setattr(pl, "read_parquet", panic)
    put("t.parquet", "")
    put("round.toml", f'accounts = "t.parquet"\n{HEAD}')
    with pytest.raises(InputError, match="a readable table"):
        read_round("round.toml")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_folder_is_not_a_table(folder, name):
    Path(name).mkdir()
    put("round.toml", f'accounts = "{name}"\n{HEAD}')
    with pytest.raises(InputError, match="not a folder"):
        read_round("round.toml")


def test_a_folder_with_brackets_is_only_a_folder(folder):
    Path("run[1]").mkdir()
    put("run[1]/t.csv", "account,capacity\na,1\n")
    put("run[1]/round.toml", f'accounts = "t.csv"\n{HEAD}')
    assert read_round("run[1]/round.toml")[0].start.account == ("a",)


def two_rounds(top="", first="", second=""):
    return f"{top}[[round]]\n{HEAD}{first}[[round]]\n{HEAD}{second}"


ROUND_TABLE = "round,account,capacity\n1,a,1\n2,a,2\n2,b,3\n"
TOP = 'accounts = "t.csv"\n'
POOLED = "capacity = 9.0\n"


def test_one_table_for_all_rounds(folder):
    put("t.csv", ROUND_TABLE)
    put("e.toml", two_rounds(TOP))
    episode = read_episode("e.toml")
    assert [r.start.account for r in episode] == [("a",), ("a", "b")]
    assert [r.start.capacity.tolist() for r in episode] == [[1.0], [2.0, 3.0]]
    assert (episode.name, episode.pooled) == ("e", False)


def test_an_episode_is_pooled_if_all_its_rounds_are(folder):
    put("e.toml", two_rounds("", POOLED, POOLED))
    assert read_episode("e.toml").pooled
    put("e.toml", two_rounds("", POOLED, ALICE.replace("account", "round.account")))
    with pytest.raises(InputError, match=r"round 2: capacity is None: .* in every round"):
        read_episode("e.toml")


def test_a_table_of_several_rounds_is_not_one_round(folder):
    put("t.csv", "round,account,capacity\n1,a,5\n2,b,5\n")
    put("r.toml", 'deficit = 5.0\nneeded = 2.0\naccounts = "t.csv"\n')
    with pytest.raises(InputError, match=r"rounds \[1\.0, 2\.0\]"):
        read_round("r.toml")


BAD_EPISODE = {
    "no rounds": ("", None, "round is None: expected a value"),
    "an empty list": ("round = []\n", None, "at least one round"),
    "round 3 of 2": (two_rounds(TOP), ROUND_TABLE + "3,a,1\n", "round is 3.0: .*from 1 to 2"),
    "round 0": (two_rounds(TOP), ROUND_TABLE + "0,a,1\n", "round is 0.0: .*from 1 to 2"),
    "round 1.5": (two_rounds(TOP), ROUND_TABLE + "1.5,a,1\n", "round is 1.5: .*whole number"),
    "round x": (two_rounds(TOP), ROUND_TABLE + "x,a,1\n", r"t\.csv line 5: round is 'x'"),
    "no round": (two_rounds(TOP), "account,capacity\na,1\n", "a column `round`"),
    "a round left out": (
        two_rounds(TOP),
        "round,account,capacity\n1,a,1\n",
        "round 2: accounts is 'given 0 times'",
    ),
    "inline and in the table": (
        two_rounds(TOP, POOLED),
        ROUND_TABLE,
        "round 1: accounts is 'given 2 times'",
    ),
    "id twice in a round": (two_rounds(TOP), ROUND_TABLE + "2,b,1\n", r"round 2: account\[2\]"),
    "bad number": (two_rounds("", POOLED, "capacity = -1.0\n"), None, r"round 2: capacity\[0\]"),
    "wrong type": (two_rounds("", POOLED, "lot = []\n" + POOLED), None, r"round\[1\].lot is \[\]"),
    "short record": (
        two_rounds("", POOLED, POOLED) + '[[recorded]]\npolicy = "x"\nhaircut = [1.0]\n',
        None,
        r"recorded\[x\] is '1 rounds': expected 2",
    ),
    "record NaN": (
        two_rounds("", POOLED, POOLED) + '[[recorded]]\npolicy = "x"\nhaircut = [1.0, nan]\n',
        None,
        r"x: haircut\[1\] is nan",
    ),
    "record twice": (
        two_rounds("", POOLED, POOLED) + '[[recorded]]\npolicy = "x"\nhaircut = [1.0, 2.0]\n' * 2,
        None,
        r"recorded\[1\] is 'x'",
    ),
    "unknown reference": (
        two_rounds('reference = "x"\n', POOLED, POOLED),
        None,
        "reference is 'x'",
    ),
    "a round file": (HEAD + ALICE, None, "is 'a round': expected an episode"),
}


@pytest.mark.parametrize(("text", "table", "message"), BAD_EPISODE.values(), ids=BAD_EPISODE)
def test_bad_episodes_name_file_and_round(folder, text, table, message):
    put("e.toml", text)
    if table is not None:
        put("t.csv", table)
    with pytest.raises(InputError, match=message) as caught:
        read_episode("e.toml")
    assert {"e.toml", "t.csv"} & set(str(caught.value).replace(":", " ").split())


ONE = Round.of(account=["é", "b"], capacity=[0.1, 2.0], deficit=1.0, needed=1.0)
SOLVED = solve(ONE)


@pytest.mark.parametrize(("suffix", "read"), [("csv", pl.read_csv), ("parquet", pl.read_parquet)])
def test_haircuts_are_written_at_full_precision(folder, suffix, read):
    frame = read(write_rows(SOLVED, f"out.{suffix}"))
    assert frame.columns[:3] == ["account", "capacity_usd", "haircut_usd"]
    assert frame["account"].to_list() == ["é", "b"]
    assert frame["haircut_usd"].to_list() == SOLVED.haircut.tolist() == [1 / 21, 20 / 21]
    assert [p.name for p in folder.iterdir()] == [f"out.{suffix}"]


EPISODE = Episode(name="one", rounds=[ONE])
REFUSED = {
    "episode in TOML": lambda: write_episode(EPISODE, "e.toml"),
    "episode nowhere": lambda: write_episode(EPISODE, "no/e.json"),
    "episode without a name": lambda: write_episode(EPISODE, ""),
    "episode over a folder": lambda: write_episode(EPISODE, "folder.json"),
    "episode under a long name": lambda: write_episode(EPISODE, "n" * 300 + ".json"),
    "haircuts in a text": lambda: write_rows(SOLVED, "h.txt"),
    "haircuts nowhere": lambda: write_rows(SOLVED, "no/h.csv"),
    "haircuts over a folder": lambda: write_rows(SOLVED, "folder.csv"),
    "template in JSON": lambda: write_template("round.json"),
    "template nowhere": lambda: write_template("no/round.toml"),
    "template over a folder": lambda: write_template("folder.toml", "round"),
    "name that is not text": lambda: write_episode(Episode(name="\ud800", rounds=[ONE]), "e.json"),
}


@pytest.mark.parametrize("write", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_written_leaves_nothing_behind(folder, write):
    for name in ("folder.json", "folder.csv", "folder.toml"):
        Path(name).mkdir()
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError):
        write()
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("broken", ["parquet", "json"])
def test_a_failed_write_keeps_the_old_files(folder, monkeypatch, broken):
    write_episode(EPISODE, "e.json")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_):
        raise OSError(28, "No space left on device")

    if broken == "parquet":
        monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    else:
        monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(InputError, match="No space left on device"):
        write_episode(shock(rounds=1, winners=3), "e.json")
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(("name", "read"), [("round.toml", read_round), ("e.toml", read_episode)])
def test_templates_read_unchanged(folder, name, read):
    assert write_template(name, None if name == "round.toml" else "episode") == Path(name)
    read(name)
    assert f"adlopt {'solve' if name == 'round.toml' else 'play'} {name}" in Path(name).read_text()
