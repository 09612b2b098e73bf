"""Results as dataframes and as tables in a notebook."""

import importlib.util
from html.parser import HTMLParser

import polars as pl
import pytest

import adlopt as adl
from adlopt import frames
from adlopt.frames import SHOWN
from adlopt.table import Table

HOSTILE = "<script>alert('1')</script>"
EPISODE = adl.episodes.shock(rounds=3, winners=25, seed=1)
BOARD = adl.play(adl.episodes.october_10())
ROUND = adl.Round.of(
    account=[HOSTILE, "b", "c"], capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0
)
RESULTS = {
    "episode": EPISODE,
    "start": EPISODE.rounds[0].start,
    "run": BOARD.runs[0],
    "board": BOARD,
    "solution": adl.solve(ROUND),
    "limited": adl.solve(ROUND, limits=adl.Limits(cap=0.9)),
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_frames_hold_the_numbers(result):
    frame = result.to_frame()
    assert isinstance(frame, pl.DataFrame)
    columns = result._columns()
    assert frame.columns == list(columns)
    for name, values in columns.items():
        assert frame[name].to_list() == list(values), name


def test_a_board_has_a_row_a_policy_at_full_precision():
    frame = BOARD.to_frame()
    assert frame["policy"].to_list() == [run.policy for run in BOARD.runs]
    row = frame.row(by_predicate=pl.col("policy") == "production queue", named=True)
    score = BOARD["production queue"]
    assert row["tracking_usd"] == score.tracking
    assert row["total_usd_by_weight: 1"] == score.total()
    assert row["regret_usd: per-round optimum"] == score.severity_loss


def test_a_board_with_a_loss_has_columns_for_its_regret():
    loss = adl.Asymmetric(under=2.0, over=1.0, fair=10.0)
    frame = adl.play(EPISODE, loss=loss).to_frame()
    assert frame["loss"].null_count() == 0
    assert {"loss_regret: per-round optimum", "loss_regret: coupled optimum"} <= {*frame.columns}


def test_columns_of_features_never_hide_others():
    start = adl.RoundStart(
        account=["a"], capacity=[1.0], deficit=1.0, features={"capacity_usd": [7.0]}
    )
    frame = start.to_frame()
    assert frame["capacity_usd"].to_list() == [1.0]
    assert frame["features.capacity_usd"].to_list() == [7.0]


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_pandas_gets_the_same(result):
    frame = result.to_frame(adl.Library.PANDAS)
    assert type(frame).__module__.startswith("pandas")
    same = result.to_frame()
    assert list(frame.columns) == same.columns
    first = same.columns[0]
    assert frame[first].tolist() == same[first].to_list()


def test_a_library_that_is_absent_is_named(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(frames, "import_module", absent)
    with pytest.raises(adl.InputError, match=r"library is 'pandas'.*pip install pandas"):
        EPISODE.to_frame(adl.Library.PANDAS)
    with pytest.raises(adl.InputError, match="library is 'pandas': expected Library"):
        EPISODE.to_frame("pandas")


class Cells(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_notebooks_show_tables(result):
    page = Cells(result._repr_html_())
    assert "table" in page.tags
    assert {"script", "img"}.isdisjoint(page.tags)


def test_long_tables_count_what_they_leave_out():
    html = EPISODE.rounds[0].start._repr_html_()
    assert html.count('<th scope="row">') == SHOWN
    assert "5 more rows; to_frame() has all" in html


def test_hostile_names_are_words():
    html = ROUND.start._repr_html_()
    assert "<script" not in html
    assert HOSTILE in Cells(html).words
    cells = Cells(Table(HOSTILE, (HOSTILE,), [(HOSTILE,)], HOSTILE)._repr_html_())
    assert cells.words.count(HOSTILE) == 4


def test_text_and_html_have_the_same_cells():
    table = Table("t", ("who", "USD"), [("alice", "1.00"), ("bob", "20.00")], "a note")
    words = [word for word in Cells(table._repr_html_()).words if word.strip()]
    assert words == ["t", "who", "USD", "alice", "1.00", "bob", "20.00", "a note"]
    assert all(word in str(table) for word in words)
