"""Tables follow the screen: at any width no name is broken, and no count has an exponent."""

import re

import pytest

from adlopt.show.table import table, width

from ..cli.test_cli import folder, run, widest  # noqa: F401

VERBS = {
    "exposure": ["exposure", "sam", "market.toml", "-r", "gte", "-r", "reya", "-r", "binance"],
    "deleverage": ["deleverage", "market.toml", "-r", "hyperliquid", "-r", "percolator"],
    "diagnose": ["diagnose", "shock.json", "-p", "persistence+pro-rata", "-p", "estimate+queue"],
    "venues": ["venues", "drift-v2", "percolator", "metaflux"],
    "simulate": ["simulate", "--seeds", "1", "--accounts", "40", "-p", "hyperliquid", "-p", "reya"],
}
AT_60 = """\
sam: 2,400.00 USD of profit may be taken, of 3,600.00 in
all. What users have to give: uniform up to 1,500.00 USD, at
200 equally likely budgets. Haircuts, USD, worst rule first
  gte
    hit 100 %, mean 750.00, if hit 750.00, 95 % 1,421.62,
    most 1,496.25, of profit 62.34 %
  reya
    hit 100 %, mean 450.00, if hit 450.00, 95 % 852.97,
    most 897.75, of profit 37.41 %
  binance
    hit 20 %, mean 30.00, if hit 150.00, 95 % 221.62,
    most 296.25, of profit 12.34 %

Places in the queues: contracts closed before it is the
account's turn
  rule     position   place   ahead  shown to the trader
 ───────────────────────────────────────────────────────────
  gte      short ETH  1 of 2      0  –
  binance  short ETH  2 of 2      4  2 (quantile 0–4 by
                                     count)

worst for this account: gte
"""


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("verb", VERBS)
def test_words_are_whole_at_every_width(run, folder, monkeypatch, verb, columns):  # noqa: F811
    run("new", "market.toml")
    run("new", "shock.json", "--shock", "--rounds", "3", "--winners", "10")

    def words(wide):
        monkeypatch.setenv("COLUMNS", str(wide))
        code, out, err = run(*VERBS[verb])
        assert (code, err) == (0, "")
        assert verb == "venues" or widest(out) <= wide
        assert not re.search(r"\d[eE]\+\d", out)
        if (verb, wide) == ("exposure", 60):
            assert out == AT_60
        return {word.strip(",;:") for word in re.split(r"[\s─]+", out)}

    assert words(1000) - words(columns) <= {"rule", "policy"}  # heads of names above their figures


@pytest.mark.parametrize(("told", "used"), [("60", 60), ("200", 200), ("7", 40), ("", 80)])
def test_columns_say_how_wide_a_screen_is(monkeypatch, told, used):
    monkeypatch.setenv("COLUMNS", told)
    assert width() == used or not told


def test_a_name_longer_than_the_screen_stays_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    name = "0x" + "a" * 70
    text = table("accounts", ("account", "gives USD"), [(name, "1,234.00"), ("b", "5.00")])
    assert f"  {name}\n    gives USD 1,234.00\n" in text
