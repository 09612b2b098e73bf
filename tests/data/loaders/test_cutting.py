"""Rounds from fills: against sums in plain Python, and against what the venue's tables say."""

import itertools
import json
import math
from collections import defaultdict

import pytest
from hypothesis import given, strategies as st
from tiers import examples
from venue_files import DETAIL, T0, block, detail_row, fill, write_blocks, write_detail

from adlopt.data.loaders import (
    Capacity,
    Deficit,
    Rules,
    read_by_user,
    read_detail,
    read_node_fills,
    rounds_of,
)
from adlopt.errors import InputError

USD = st.floats(-1e6, 1e6, allow_subnormal=False)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.sampled_from(["0xa", "0xb", "é"]),
            "coin": st.sampled_from(["BTC", "ETH"]),
            "time": st.integers(0, 30).map(lambda i: T0 + 2_500 * i),
            "total_unrealized_pnl": USD,
            "position_unrealized_pnl": USD,
            "total_equity": USD,
            "liquidated_user": st.sampled_from(["0xy", "0xz"]),
            "liquidated_total_equity": USD,
        }
    ),
    min_size=1,
    max_size=14,
)


def waves(rows, gap, per_coin):
    """Rows by wave, cut by hand."""
    key = (lambda row: row["coin"]) if per_coin else (lambda row: "")
    pieces = []
    for _, group in itertools.groupby(sorted(rows, key=lambda r: (key(r), r["time"])), key=key):
        first, *others = group
        piece = [first]
        for row in others:
            if row["time"] - piece[-1]["time"] > gap:
                pieces.append(piece)
                piece = []
            piece.append(row)
        pieces.append(piece)
    pieces.sort(key=lambda piece: (piece[0]["time"], piece[0]["coin"] if per_coin else ""))
    return dict(enumerate(pieces, start=1))


def lacks(piece):
    worst = defaultdict(lambda: math.inf)
    for row in piece:
        name = row["liquidated_user"]
        worst[name] = min(worst[name], row["liquidated_total_equity"])
    return {name: -value for name, value in worst.items() if value < 0}


def capacity_of(piece, user, mode):
    rows = [row for row in piece if row["user"] == user]
    last = mode in (Capacity.ACCOUNT_MAX, Capacity.POSITION_MAX)
    if mode in (Capacity.ACCOUNT, Capacity.ACCOUNT_MAX):
        values = [row["total_unrealized_pnl"] for row in rows]
        pnl = max(0.0, max(values) if last else values[0])
    else:
        by_coin = defaultdict(list)
        for row in rows:
            by_coin[row["coin"]].append(row["position_unrealized_pnl"])
        pnl = sum(max(0.0, max(v) if last else v[0]) for v in by_coin.values())
    equities = [row["total_equity"] for row in rows]
    return min(pnl, max(0.0, max(equities) if last else equities[0]))


@examples(30)
@given(
    rows=ROWS,
    gap=st.sampled_from([0, 2_499, 2_500, 5_000]),
    per_coin=st.booleans(),
    mode=st.sampled_from(Capacity),
    once=st.booleans(),
)
def test_rounds_are_what_plain_sums_say(tmp_path_factory, rows, gap, per_coin, mode, once):
    rows.sort(key=lambda row: row["time"])
    path = write_detail(tmp_path_factory.mktemp("r") / "d.csv", [detail_row(**r) for r in rows])
    deficit = Deficit.INCREMENT if once else Deficit.PUBLISHED
    rules = Rules(gap_ms=gap, per_coin=per_coin, capacity=mode, deficit=deficit)
    with read_detail(path) as fills:
        loaded = rounds_of(fills, name="d", rules=rules)
    pieces = {w: piece for w, piece in waves(rows, gap, per_coin).items() if lacks(piece)}
    assert loaded.rounds["wave"].to_list() == list(pieces)
    counted = defaultdict(float)
    for row in loaded.rounds.iter_rows(named=True):
        piece = pieces[row["wave"]]
        owed = lacks(piece)
        assert (row["start_ms"], row["end_ms"]) == (piece[0]["time"], piece[-1]["time"])
        fresh = {n: max(0.0, usd - counted[n]) for n, usd in owed.items()}
        counts = fresh if once else owed
        assert row["largest_loss"] == max(counts.values())
        assert row["deficit"] == math.fsum(counts.values())
        assert row["counted_once"] == math.fsum(fresh.values())
        for name, usd in owed.items():
            counted[name] = max(counted[name], usd)
        capacities = {u: capacity_of(piece, u, mode) for u in {r["user"] for r in piece}}
        table = loaded.accounts.filter(loaded.accounts["wave"] == row["wave"])
        assert dict(table.select("account", "capacity").iter_rows()) == pytest.approx(capacities)
        assert row["capacity"] == pytest.approx(math.fsum(capacities.values()))
    assert sum(loaded.rounds["counted_once"]) == pytest.approx(sum(counted.values()))
    assert loaded.reconciled
    debt = loaded.reconciled[0]
    assert (debt.quantity, debt.used) == ("debt", pytest.approx(sum(loaded.rounds["deficit"])))


def test_a_round_ends_after_a_longer_gap_only_strictly(tmp_path):
    times = [T0, T0 + 5_000, T0 + 10_001]
    path = write_detail(tmp_path / "d.csv", [detail_row(time=t) for t in times])
    with read_detail(path) as fills:
        assert rounds_of(fills, name="d").rounds["fills"].to_list() == [2, 1]


def test_waves_without_a_deficit_keep_their_numbers_free(tmp_path):
    equities = [-5.0, 3.0, -7.0]
    rows = [
        detail_row(time=T0 + 10_000 * i, liquidated_total_equity=e) for i, e in enumerate(equities)
    ]
    with read_detail(write_detail(tmp_path / "d.csv", rows)) as fills:
        loaded = rounds_of(fills, name="d")
    assert loaded.rounds["wave"].to_list() == [1, 3]
    assert loaded.rounds["deficit"].to_list() == [5.0, 7.0]


def both(tmp_path, rows, events):
    detail = write_detail(tmp_path / "d.csv", rows)
    node = write_blocks(tmp_path / "f.json", [block(*events)])
    with read_detail(detail) as fills, read_node_fills([node]) as gaps:
        return rounds_of(fills, name="d", gaps=gaps)


def test_node_fills_say_what_was_needed_and_where_each_figure_came_from(tmp_path):
    rows = [detail_row(), detail_row(user="0xb", time=T0 + 9), detail_row(time=T0 + 90_000)]
    events = [
        fill(),
        fill(user="0xb", time=T0 + 5, tid=2, px="99.5", sz="0.1", side="A"),
        fill(time=T0 + 90_000, tid=3, px="94.75"),
        fill(time=T0 + 50_000, tid=4),
        fill(dir="Open Long", liquidation=None, tid=5),
        fill(coin="@107", tid=6),
    ]
    loaded = both(tmp_path, rows, events)
    expected = [math.fsum([5.0 * 2.0, abs(95.0 - 99.5) * 0.1]), 0.25 * 2.0]
    assert loaded.rounds["needed"].to_list() == expected
    assert loaded.unavailable == {}
    said = {finding.name: finding.text for finding in loaded.findings}
    assert said["fills outside rounds"].startswith("1 deleveraging fills")
    origin = loaded.origins[1]["winners, deficit"][0]
    assert (origin.file, origin.first, origin.last, origin.records) == (
        str(tmp_path / "d.csv"),
        2,
        3,
        2,
    )
    assert dict(loaded.reports[1].skipped) == {"other fills": 1, "spot": 1}
    episode = loaded.episode()
    assert episode.needed.tolist() == expected
    assert episode.rounds[0].start.signals["wave"] == 1.0


def test_a_round_without_marks_has_no_needed_budget_rather_than_none_needed(tmp_path):
    loaded = both(tmp_path, [detail_row(), detail_row(time=T0 + 90_000)], [fill()])
    assert loaded.rounds["needed"].to_list() == [10.0, None]
    with pytest.raises(InputError, match=r"needed is 'unavailable'.*in 1 round: \[2\]"):
        loaded.episode()


def test_the_plain_table_says_what_it_cannot_tell(tmp_path):
    with read_detail(write_detail(tmp_path / "d.csv", [detail_row()], DETAIL)) as fills:
        loaded = rounds_of(fills, name="d")
    assert set(loaded.unavailable) == {"deficit", "needed"}
    assert "loser_equity" in loaded.unavailable["deficit"]
    assert loaded.rounds["deficit"].to_list() == [None]
    assert loaded.rounds["capacity"].to_list() == [30.0]
    with pytest.raises(InputError, match="d: deficit is 'unavailable'"):
        loaded.episode()


STATED = "wave,t_start_ms,t_end_ms,deficit_usd,budget_needed_usd\n"


@pytest.mark.parametrize("key", ["times", "numbers"])
def test_what_a_table_lacks_another_states(tmp_path, key):
    rows = [detail_row(time=t) for t in (T0, T0 + 9, T0 + 60_000, T0 + 90_000)]
    text = STATED + f"1,{T0},{T0 + 9},70,7\n3,{T0 + 90_000},{T0 + 90_000},20.5,4\n"
    text += f"9,{T0 + 500_000},{T0 + 500_000},1000,1\n"
    if key == "numbers":
        text = text.replace("t_start_ms", "began")
    (tmp_path / "waves.csv").write_text(text)
    stated = tmp_path / "waves.csv"
    with read_detail(write_detail(tmp_path / "d.csv", rows, DETAIL)) as fills:
        rules = Rules(deficit_from=stated, needed_from=stated)
        loaded = rounds_of(fills, name="d", rules=rules)
    assert loaded.unavailable == {}
    assert loaded.rounds["wave"].to_list() == [1, 3]
    assert loaded.episode().deficit.tolist() == [70.0, 20.5]
    assert loaded.episode().needed.tolist() == [7.0, 4.0]
    said = {finding.name: finding.text for finding in loaded.findings}
    assert said["deficit joined"] == (
        f"deficit of 2 of 3 rounds is that of waves.csv, by {key}, $90.50; 1 of its rows, "
        "$1,000.00, lie in no round"
    )
    assert loaded.to_dict()["rules"]["deficit_from"] == str(stated)


def test_a_table_that_states_nothing_of_rounds_is_refused(tmp_path):
    (tmp_path / "waves.csv").write_text("wave,debt\n1,2\n")
    rules = Rules(deficit_from=tmp_path / "waves.csv")
    with (
        read_detail(write_detail(tmp_path / "d.csv", [detail_row()], DETAIL)) as fills,
        pytest.raises(InputError, match=r"a column of .*deficit_usd.*, and one of"),
    ):
        rounds_of(fills, name="d", rules=rules)


def test_node_fills_alone_know_positions_at_the_mark(tmp_path):
    """Short 2 from 100, half of it closed at 90 for 10 USD: at the mark of 95, 10 USD were open."""
    events = [
        fill(sz="1.0", closedPnl="10.0"),
        fill(sz="1.0", closedPnl="10.0", startPosition="-1.0", tid=2),
        fill(user="0xc", side="A", startPosition="3.0", closedPnl="-20.0", tid=3),
    ]
    node = write_blocks(tmp_path / "f.json", [block(*events)])
    for mode in (Capacity.POSITION, Capacity.POSITION_MAX):
        with read_node_fills([node]) as fills:
            loaded = rounds_of(fills, name="f", rules=Rules(capacity=mode))
        table = loaded.accounts.select("account", "capacity")
        assert dict(table.iter_rows()) == {"0xa": 10.0, "0xc": 0.0}
        assert any("capacity" in each for each in loaded.look_ahead) == mode.looks_ahead
    assert "equity" in loaded.unavailable


def test_accounts_of_unknown_pnl_are_left_out_and_counted(tmp_path):
    rows = [detail_row(), detail_row(user="0xb", total_unrealized_pnl="")]
    with read_detail(write_detail(tmp_path / "d.csv", rows)) as fills:
        loaded = rounds_of(fills, name="d")
    assert loaded.accounts["account"].to_list() == ["0xa"]
    assert "unknown winners" in [finding.name for finding in loaded.findings]


def test_values_that_never_move_are_called_end_state(tmp_path):
    rows = [
        detail_row(user=user, time=T0 + 10_000 * i) for i in range(3) for user in ("0xa", "0xb")
    ]
    for moved in (False, True):
        rows[-1]["total_equity"] = 100.0 + moved
        with read_detail(write_detail(tmp_path / "d.csv", rows)) as fills:
            loaded = rounds_of(fills, name="d")
        names = [finding.name for finding in loaded.findings]
        assert ("end state" in names) != moved
        assert "losers counted several times" in names


WRONG = {
    "price": {"px": "NaN"},
    "zero size": {"sz": "0"},
    "side": {"side": "C"},
    "time": {"time": "soon"},
    "time in text": {"time": str(T0)},
    "no mark": {"liquidation": {"liquidatedUser": "0xz"}},
    "no liquidation": {"liquidation": None},
    "liquidation of no kind": {"liquidation": 3},
    "coin": {"coin": ""},
    "position": {"startPosition": None},
    "pnl": {"closedPnl": "1e308"},
    "boolean": {"px": True},
    "trade": {"tid": "x"},
    "user": {"user": 7},
    "underscores": {"px": "9_0"},
}


@pytest.mark.parametrize("name", WRONG)
def test_malformed_fills_are_counted_and_the_others_read(tmp_path, name):
    node = write_blocks(
        tmp_path / "f.json", [block(fill()), block(fill(**WRONG[name]), fill(tid=7))]
    )
    with read_node_fills([node], tolerance=0.5) as fills:
        assert (fills.reports[0].kept, fills.reports[0].rejected) == (2, 1)
        assert fills.reports[0].shown[0].line == 2
    with pytest.raises(InputError, match=r"f.json line 2"):
        read_node_fills([node])


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"events": 3}', '{"events": [3]}', '"x"'])
def test_blocks_that_are_none_are_counted(tmp_path, text):
    path = tmp_path / "f.json"
    path.write_text(json.dumps(block(fill())) + "\n" + text + "\n")
    with read_node_fills([path], tolerance=0.5) as fills:
        assert fills.reports[0].rejected == 1


def test_a_fill_that_is_read_twice_counts_once(tmp_path):
    one = write_blocks(tmp_path / "1.json", [block(fill())])
    two = write_blocks(tmp_path / "2.json", [block(fill(), fill(tid=2), fill(user="0xb"))])
    with read_node_fills([one, two], tolerance=0.5) as fills:
        assert [report.rejected for report in fills.reports] == [0, 1]
        loaded = rounds_of(fills, name="f", rules=Rules(capacity=Capacity.POSITION))
    assert loaded.rounds["needed"].to_list() == [30.0]


def test_a_file_is_not_read_twice_packed_or_not(tmp_path):
    node = write_blocks(tmp_path / "1.json", [block(fill())])
    (tmp_path / "link.json").symlink_to(node)
    for again in (node, tmp_path / "1.json.lz4", tmp_path / "link.json"):
        with pytest.raises(InputError, match="read once"):
            read_node_fills([node, again])


def test_by_user_tables_have_one_row_an_account(tmp_path):
    header = "user,adl_notional,closed_pnl,leverage_realtime,pnl_percent,account_value_realtime"
    head = header + ",is_negative_equity,num_adl_events\n"
    path = tmp_path / "adl_by_user_REALTIME.csv"
    path.write_text(head + "a,5,1,2,3,4,False,2\nb,5,1,,3,4,False,2\na,6,1,2,3,4,False,2\n")
    table, report = read_by_user(path, tolerance=0.5)
    assert table["account"].to_list() == ["a", "b"]
    assert table["leverage"].to_list() == [2.0, None]
    assert (report.kept, report.rejected, report.shown[0].line) == (2, 1, 4)


@pytest.mark.parametrize(
    "bad", [{"gap_ms": -1}, {"gap_ms": 1.5}, {"deficit": "x"}, {"capacity": 1}]
)
def test_rules_are_checked(bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        Rules(**bad)
