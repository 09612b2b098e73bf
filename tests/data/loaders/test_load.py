"""`adlopt load`: what it reads, writes, prints, and how it fails."""

import json
import pkgutil
import sys
from pathlib import Path

import lz4.frame
import polars as pl
import pytest
from venue_files import DETAIL, T0, block, detail_row, fill, write_blocks, write_detail

from adlopt import loaders
from adlopt.data.files import read_episode

ROWS = [detail_row(), detail_row(user="\u202e\x1b日本", time=T0 + 90_000)]
EVENTS = [fill(), fill(user="\u202e\x1b日本", time=T0 + 90_000, tid=2)]


def test_every_public_name_resolves_and_no_module_hides_one():
    modules = {module.name for module in pkgutil.iter_modules(loaders.__path__)}
    assert not modules & set(loaders.__all__)
    for name in loaders.__all__:
        assert getattr(loaders, name).__doc__, name
    with pytest.raises(AttributeError):
        _ = loaders.nonsense


@pytest.fixture
def checkout(tmp_path):
    """A checkout of HyperReplay with one fill in each of two hours."""
    root = tmp_path / "HyperReplay"
    write_detail(root / "data/canonical/adl_detailed_analysis_REALTIME.csv", ROWS)
    for hour, event in zip(("20", "21"), EVENTS, strict=True):
        write_blocks(root / f"data/raw/{hour}_fills.json", [block(event)])
    return root


def test_a_checkout_becomes_an_episode_that_plays(run, checkout):
    code, out, err = run("load", "hyperreplay", str(checkout), "-o", "e.json")
    assert (code, err.count("wrote")) == (0, 3)
    wide = [line.strip() for line in out.splitlines() if len(line) > 80]
    assert all(Path(line).is_file() for line in wide), "nothing but a path is wider"
    assert "\x1b" not in out
    assert "Looks ahead" in out
    episode = read_episode("e.json")
    assert episode.needed.tolist() == [10.0, 10.0]
    assert episode.rounds[1].start.account == ("\u202e\x1b日本",)
    report = json.loads(Path("e.load.json").read_text())
    files = [Path(each["file"]).name for each in report["files"]]
    assert files == ["adl_detailed_analysis_REALTIME.csv", "20_fills.json", "21_fills.json"]
    assert report["origins"]["2"]["needed"][0]["first"] == 1
    assert run("play", "e.json")[0] == 0


def test_a_plain_checkout_joins_the_published_figures_and_plays(run, tmp_path):
    """The table of 17 columns knows no debts: the published folder states them by time."""
    root = tmp_path / "HyperReplay"
    write_detail(root / "data/canonical/adl_detailed_analysis_REALTIME.csv", ROWS, DETAIL)
    out = tmp_path / "analysis/out/eval_horizon_sweep/gap_ms=5000/horizon_ms=0"
    out.mkdir(parents=True)
    (out / "two_pass_equity_delta_by_wave.csv").write_text(
        "wave,t_start_ms,t_end_ms,deficit_usd,max_loss_usd,budget_needed_usd,budget_prod_usd\n"
        f"1,{T0},{T0},50,50,10,12\n2,{T0 + 90_000},{T0 + 90_000},20,20,5,6\n"
    )
    code, said, err = run("load", "hyperreplay", str(root))
    assert (code, "deficit: the files lack loser_equity" in " ".join(said.split())) == (0, True)
    code, said, err = run("load", "hyperreplay", str(root), "analysis", "-o", "e.json")
    assert (code, err.count("wrote")) == (0, 3), err
    assert "deficit of 2 of 2 rounds is that of" in " ".join(said.split())
    episode = read_episode("e.json")
    assert episode.deficit.tolist() == [50.0, 20.0]
    assert episode.needed.tolist() == [10.0, 5.0]
    assert episode.rounds[0].start.account == ("0xa",)
    assert run("play", "e.json")[0] == 0
    words = ("--deficit-from", str(out / "two_pass_equity_delta_by_wave.csv"))
    data = json.loads(run("load", "hyperreplay", str(root), *words, "--json")[1])
    assert [row["deficit"] for row in data["rounds"]] == [50.0, 20.0]
    assert [row["needed"] for row in data["rounds"]] == [None, None]


def test_an_hour_missing_from_a_checkout_is_named(run, checkout):
    (checkout / "data/raw/20_fills.json").unlink()
    code, _, err = run("load", "hyperreplay", str(checkout), "-o", "e.json")
    assert code == 2
    assert "expected both 20_fills.json and 21_fills.json" in err
    table = checkout / "data/canonical/adl_detailed_analysis_REALTIME.csv"
    assert run("load", "hyperreplay", str(table), str(checkout / "data/raw/21_fills.json"))[0] == 0


def test_parquet_names_the_accounts_and_csv_the_rounds(run, checkout):
    code, _, err = run("load", "hyperreplay", str(checkout), "-o", "e.parquet")
    assert (code, err.count("wrote")) == (0, 3)
    assert pl.read_parquet("e.parquet")["round"].to_list() == [1, 2]
    assert read_episode("e.json").deficit.tolist() == [50.0, 50.0]
    assert run("load", "hyperreplay", str(checkout), "-o", "r.csv")[0] == 0
    assert pl.read_csv("r.csv")["needed"].to_list() == [10.0, 10.0]
    code, _, err = run("load", "hyperreplay", str(checkout), "-o", "e.xlsx")
    assert (code, "output is 'e.xlsx'" in err) == (2, True)


def test_rules_are_options(run, checkout):
    words = ("load", "hyperreplay", str(checkout), "--json", "--deficit", "increment")
    data = json.loads(run(*words, "--gap-ms", "100000", "--capacity", "position")[1])
    assert [row["deficit"] for row in data["rounds"]] == [50.0]
    assert data["rules"]["capacity"] == "position"
    data = json.loads(run(*words)[1])
    assert [row["deficit"] for row in data["rounds"]] == [50.0, 0.0]
    assert run("load", "hyperreplay", str(checkout), "--gap-ms", "1.5")[0] == 2
    assert run("load", "hyperreplay", str(checkout), "--capacity", "all")[0] == 2


def test_packed_fills_load_like_plain_ones(run, tmp_path):
    plain = write_blocks(tmp_path / "21.json", [block(*EVENTS)])
    (tmp_path / "21.lz4").write_bytes(lz4.frame.compress(plain.read_bytes()))
    texts = [run("load", "fills", name, "--json")[1] for name in ("21.json", "21.lz4")]
    first, second = (json.loads(text) for text in texts)
    assert first["rounds"] == second["rounds"]
    assert "deficit" in first["unavailable"]
    code, _, err = run("load", "fills", "21.json", "-o", "e.json")
    assert (code, "deficit is 'unavailable'" in err) == (2, True)
    assert run("load", "fills", "21.json", "-o", "r.csv")[0] == 0


def test_lz4_is_asked_for_where_it_is_missing(run, tmp_path, monkeypatch):
    (tmp_path / "21.lz4").write_bytes(lz4.frame.compress(b"{}\n"))
    monkeypatch.setitem(sys.modules, "lz4.frame", None)
    code, _, err = run("load", "fills", "21.lz4")
    assert (code, "pip install 'adlopt[lz4]'" in err) == (2, True)


@pytest.mark.parametrize("rounds", [1, 5, 2_000])
def test_a_load_is_an_answer_of_a_screen(tmp_path, rounds):
    text = "round,who,profit,owed,needed\n" + "".join(
        f"{t},{who},{10 + t},5,3\n" for t in range(1, rounds + 1) for who in ("ann", "bob")
    )
    (tmp_path / "t.csv").write_text(text)
    columns = 'round = "round"\naccount = "who"\ncapacity = "profit"\ndeficit = "owed"\n'
    (tmp_path / "m.toml").write_text(f'kind = "accounts"\n[columns]\n{columns}needed = "needed"\n')
    got = loaders.load_table(tmp_path / "t.csv", tmp_path / "m.toml")
    lines = str(got).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert f"t: {rounds:,} round" in lines[0]
    assert any("debt" in line and f"{5.0 * rounds:,.2f}" in line for line in lines)
    assert len(repr(got)) <= 300
    assert got.to_frame().height == rounds
    data = got.to_dict()
    assert data["schema"] == "adlopt/load/2"
    assert json.loads(json.dumps(data, allow_nan=False)) == json.loads(json.dumps(data))
    assert len(got.episode()) == len(data["rounds"]) == rounds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "kind is None"),
        (["venue", "x"], "kind is 'venue'"),
        (["fills"], "paths is []"),
        (["fills", "absent.json"], "absent.json"),
        (["hyperreplay", "."], "adl_detailed_analysis_REALTIME.csv"),
        (["published", "."], "a folder with eval_horizon_sweep"),
        (["published", ".", "."], "one folder"),
        (["node", "."], "a folder with *_fills.json"),
        (["node", "absent"], "a folder with *_fills.json"),
        (["published", ".", "--per-coin"], "rules is 'given'"),
        (["t.csv", "--map", "absent.toml"], "absent.toml"),
        (["--map", "m.toml"], "words is []"),
        (["t.csv", "--map", "m.toml", "--per-coin"], "--per-coin"),
        (["fills", "x", "--tolerance", "1"], "tolerance"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(run, words, said, tmp_path):
    (tmp_path / "x").write_text("")
    code, out, err = run("load", *words)
    assert (code, out, said in err) == (2, "", True), err
    assert err.count("\n") == 1


def test_too_many_bad_records_fail_and_a_stated_share_passes(run, tmp_path):
    write_detail(tmp_path / "d.csv", [*ROWS, detail_row(adl_price="NaN")], DETAIL)
    code, out, err = run("load", "hyperreplay", "d.csv")
    assert (code, out) == (2, "")
    assert "d.csv line 4 is 'NaN'" in err
    code, out, _ = run("load", "hyperreplay", "d.csv", "--tolerance", "0.5")
    assert code == 0
    assert "Records that do not parse" in out
    assert "Unavailable" in out
