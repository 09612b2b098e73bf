"""What strangers' files hold: read, said to be odd with the dollars at stake, or refused."""

import math
import warnings

import pytest

import adlopt as adl
from adlopt.data.loaders import load_table
from adlopt.data.loaders.records import Tally
from adlopt.errors import AdloptError, InputError

T = 1760130964831
FILLS = """kind = "fills"
time_unit = "{unit}"
[columns]
time = "t"
account = "a"
coin = "c"
price = "p"
size = "s"
mark = "m"
loser = "l"
loser_equity = "e"
position_pnl = "g"
"""
HEAD = "t,a,c,p,s,m,l,e,g"
ACCOUNTS = """kind = "accounts"
[columns]
round = "r"
account = "w"
capacity = "u"
deficit = "D"
needed = "B"
"""


ROW = {"t": T, "a": "0xa", "c": "BTC", "p": 90, "s": 2, "m": 95, "l": "0xz", "e": -50, "g": 20}


def row(**cells):
    return ",".join(map(str, (ROW | cells).values()))


MANY = [row(a=f"0x{i:x}", t=T + i % 50) for i in range(1500)]


def fills(folder, rows, unit="ms", head=HEAD):
    (folder / "m.toml").write_text(FILLS.format(unit=unit))
    (folder / "f.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return load_table(folder / "f.csv", folder / "m.toml")


@pytest.mark.parametrize(
    ("rows", "finding", "usd", "deficit"),
    [
        ([row(l="nan"), row(a="0xb", l="NaN", e=-400)], "debt of nobody", 450, 450),
        ([row(l="None"), row(a="0xb", l="None", e=-400)], "debt of nobody", 450, 450),
        ([row(l="<NA>"), row(a="0xb", l="N/A", e=-400)], "debt of nobody", 450, 450),
        ([row(l="null"), row(a="0xb", l="0xy", e=-4)], "debt of nobody", 50, 54),
        ([row(), row(a="0xa\u200b", s=1)], "ids alike", 270, 50),
        ([row(a="Jose\u0301"), row(a="Jos\u00e9")], "ids alike", 360, 50),
        ([row(a="\uff10xa"), row(a="0xa")], "ids alike", 360, 50),
        ([row(l="0xZ"), row(a="0xb", l="0xz")], "ids alike", 100, 100),
        ([row(), row(a="0xb"), row(a="Total", s=4, g=40)], "row of totals", 40, 50),
        ([row(c="btc"), row(a="0xb")], "coins alike", None, 50),
        ([row(e=50), row(a="0xb", l="0xy", e=7)], "nobody owes", None, None),
        ([row(a="0xz")], "own counterparty", None, 50),
        ([row(), row(a="0xb", l="0xy", e="")], "empty cells", 180, 50),
        ([row(), row()], "equal records", 180, 50),
        ([row(m=90), row(a="0xb", m=90)], "needed is nothing", None, 50),
        ([*MANY, ",,,USD,contracts,USD,,USD,USD"], "rejected records", None, 50),
        ([*MANY, row(a="0xq", m=95e6)], "needed beyond deficit", None, 50),
    ],
)  # fmt: skip
def test_what_is_odd_about_fills_is_said_with_its_dollars(tmp_path, rows, finding, usd, deficit):
    loaded = fills(tmp_path, rows)
    said = {each.name: each.usd for each in reversed(loaded.quality())}
    assert finding in said
    assert usd is None or said[finding] == usd
    assert loaded.rounds["deficit"].to_list() == ([] if deficit is None else [deficit])


@pytest.mark.parametrize(
    ("rows", "unit", "head", "expected"),
    [
        ([row(t="1760130964.8")], "ms", HEAD, 'time_unit = "s"'),
        ([row(t="2025-10-10 09:16:04 PM")], "iso", HEAD, "such as 2025-10-10T21:15:00Z"),
        ([row(t="2025-10-10")], "iso", HEAD, "such as 2025-10-10T21:15:00Z"),
        ([row(p="$90")], "ms", HEAD, "line 2 is '\\$90'"),
        ([row(g="20k")], "ms", HEAD, "line 2 is '20k'"),
        ([row(s=-2)], "ms", HEAD, "line 2 is '-2'"),
        ([row(a="nan")], "ms", HEAD, "line 2 is 'nan'"),
        ([row()], "ms", "# exported\n" + HEAD, "expected a column 't'"),
        ([row()], "ms", HEAD.replace(",g", ",e"), "each used once"),
        ([row()], "ms", HEAD.replace(",g", ",pnl"), "a column 'g'"),
        ([*MANY, row(t="", a="Total", s=3000, g=30000)], "ms", HEAD, "hold \\$270,000.00"),
        ([*MANY, row(a="0xq", m=0)], "ms", HEAD, "line 1502 is '0'"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_line(tmp_path, rows, unit, head, expected):
    with pytest.raises(AdloptError, match=expected):
        fills(tmp_path, rows, unit, head)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("7,a,120,90,60\n7,b,80,90,60\n7,Total,200,90,60\n", ("row of totals", 200.0)),
        ("7,a,20,90,6\n7,b,80,90,6\n7,Sub-total,100,90,6\n7,c,9,90,6\n", ("row of totals", 100.0)),
        ("7,a,120,90,160\n", ("needed beyond deficit", 70.0)),
        ("7,a,12,90,60\n", ("needed beyond capacity", None)),
        ("7,ann,120,90,60\n7,ANN,80,90,60\n", ("ids alike", 200.0)),
    ],
)  # fmt: skip
def test_what_is_odd_about_accounts_is_said(tmp_path, rows, said):
    (tmp_path / "m.toml").write_text(ACCOUNTS)
    (tmp_path / "t.csv").write_text("r,w,u,D,B\n" + rows)
    found = load_table(tmp_path / "t.csv", tmp_path / "m.toml").quality()
    assert said in {(each.name, each.usd) for each in found}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("nan,120\nb,80\n", "account is 'nan'"),
        ("a,120%\nb,80\n", "capacity is '120%'"),
        ("a,(120)\nb,80\n", r"capacity is '\(120\)'"),
        ("id,USD\na,120\n", "capacity is 'USD'"),
        ("1.0,120\n2.0,80\n", "a float stands for several"),
        (
            "a,120\nb,80\nSubtotal,200\nc,50\nTotal,250\n",
            "'Subtotal' has .* those before",
        ),
        ("a,120\nb,80\nSum,200\n", "'Sum' has exactly what all others"),
        ("Jos\u00e9,120\nJose\u0301,80\n", "differ from another in case or blanks"),
    ],
)
def test_a_table_of_a_round_is_refused_or_doubted(tmp_path, rows, expected):
    (tmp_path / "r.toml").write_text('deficit = 90.0\nneeded = 60.0\naccounts = "a.csv"\n')
    (tmp_path / "a.csv").write_text("account,capacity\n" + rows, encoding="utf-8")
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises((AdloptError, UserWarning), match=expected),
    ):
        adl.read(tmp_path / "r.toml")


def test_an_unread_record_of_endless_dollars_is_refused_at_any_tolerance():
    tally = Tally("fills.json", tolerance=0.99)
    tally.keep(9, {"notional": 100.0})
    tally.reject(1, -1e308, "a finite number > 0 in 'sz'", {"notional": math.inf}, whole=True)
    with pytest.raises(InputError, match="records that do not parse hold"):
        tally.close()
