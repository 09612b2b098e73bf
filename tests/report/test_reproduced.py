"""The paper, ours beside theirs: what agrees, what does not, and what there is no data for."""

import csv
import re

import pytest

import adlopt as adl
from adlopt.report.evidence import Evidence
from adlopt.report.reproduced import reproduced_tables

NO_DATA = "queue_instability"


@pytest.fixture(scope="module")
def tables():
    made = reproduced_tables(Evidence(episode=adl.episodes.october_10()))
    return {table.name: table for table in made}


def test_every_figure_agrees_as_printed_where_there_is_data(tables):
    for name, table in tables.items():
        assert set(table.agrees) == {None if name == NO_DATA else True}, name
    assert len(tables["table_2"].rows) == 5 * 4


def test_money_agrees_to_the_cent(tables):
    (row,) = (r for r in tables["table_2"].rows if r[:2] == ("production queue", "tracking_usd"))
    assert round(row[2], 2) == row[3] == 53_782_490.53


def test_another_episode_does_not_agree():
    episode = adl.episodes.october_10()
    half = adl.Episode(
        name="half", rounds=episode.rounds[:8], pooled=True,
    )  # fmt: skip
    first = reproduced_tables(Evidence(episode=half))[0]
    assert first.agrees == [False, False, None, None, None]


def test_a_folder_holds_every_table_and_figure_and_an_index_of_them(run, tmp_path, tables):
    code, out, err = run("reproduce", "-o", "made/here")
    assert (code, err) == (0, "")
    folder = tmp_path / "made" / "here"
    written = {line.removeprefix("wrote ") for line in out.splitlines()}
    assert written == {f"made/here/{path.name}" for path in folder.iterdir()}
    page = (folder / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="([^"#:]+)"', page))
    assert linked == {path.name for path in folder.iterdir()} - {"index.html"}
    assert "://" not in page
    assert "Not drawn" in page
    assert "27 of 27" in page
    for name, table in tables.items():
        rows = list(csv.DictReader((folder / f"{name}.csv").read_text("utf-8").splitlines()))
        assert [row["quantity"] for row in rows] == [each[1] for each in table.rows]
        for row, each in zip(rows, table.rows, strict=True):
            assert row["ours"] == ("" if each[2] is None else repr(each[2]))
        assert r"\toprule" in (folder / f"{name}.tex").read_text(encoding="utf-8")
    assert (folder / "budgets.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.nightly("draws every figure twice: ten seconds")
def test_all_figures_are_drawn_and_the_others_say_why(run, tmp_path):
    code, out, err = run("plot", "october-10", "--all", "-o", "figures")
    assert (code, err) == (0, "")
    drawn = {path.stem for path in (tmp_path / "figures").iterdir()}
    missing = set(re.findall(r"^not drawn: (\w+): \w+", out, re.MULTILINE))
    assert drawn | missing == set(adl.plots.FIGURES)
    assert not drawn & missing
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".pdf"}
    first = (tmp_path / "figures" / "budgets.pdf").read_bytes()
    assert run("plot", "october-10", "budgets", "-o", "again.pdf")[0] == 0
    assert (tmp_path / "again.pdf").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plot", "october-10", "budgets", "--all"], "nothing beside --all"),
        (["plot", "october-10"], "figure is None"),
        (["plot", "--all"], "episode is None"),
        (["reproduce", "-o", "file"], "a folder that can be made"),
    ],
)
def test_what_cannot_be_drawn_or_made_says_so(run, tmp_path, words, message):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
