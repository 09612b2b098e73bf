"""Results that venues publish come out here, or it is said why not."""

import re
import tomllib
from dataclasses import replace
from importlib.resources import files

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

import adlopt as adl
from adlopt.model.market_parts import Accounts, Coins, OpenPositions
from adlopt.rules import VENUES, Rows, rule_named
from adlopt.rules.deleverage import deleverage
from adlopt.rules.vectors import described, vectors
from tests.house.tiers import examples


@pytest.mark.parametrize("vector", vectors(), ids=lambda v: f"{v.rule}: {v.name}")
def test_what_a_venue_publishes_comes_out_or_is_said_to_differ(vector):
    found = vector.found()
    wrong = {k: (v, found[k]) for k, v in vector.expect.items() if found[k] != v}
    assert bool(wrong) == bool(vector.differs), wrong


def test_a_vector_that_is_off_by_a_micro_dollar_fails():
    kept = [v for v in vectors() if not v.differs and v.expect.get("given")]
    for vector in kept:
        name, usd = next(iter(vector.expect["given"].items()))
        off = {**vector.expect, "given": {**vector.expect["given"], name: usd + 1e-6}}
        assert not msgspec.structs.replace(vector, expect=off).passes


def test_every_rule_has_a_source_of_a_date_and_vectors_or_when_none_was_found():
    rules = {rule.rule: rule for rule in described().rules}
    tested = {name for name, rule in rules.items() if rule.vectors}
    assert tested >= {"dydx-v4", "drift-v2", "gmx-v2", "percolator", "bitmex", "bybit", "metaflux"}
    for name, rule in rules.items():
        assert rule.source, name
        assert rule.version, name
        assert bool(rule.vectors) != bool(rule.searched), name
        assert rule.vectors or re.match(r"20\d\d-\d\d-\d\d\b", rule.searched), name
        assert "github.com" not in rule.source or re.search(r"\d{4}|@[0-9a-f]{7}", rule.version)


def test_what_sources_say_is_of_a_rule_and_of_nothing_else():
    """Each entry is a rule's, and each field one of `Rule`."""
    entries = tomllib.loads(files("adlopt.rules").joinpath("sources.toml").read_text("utf-8"))
    assert entries.keys() == VENUES.keys()
    for name, entry in entries.items():
        assert {key: getattr(VENUES[name], key) for key in entry} == {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }


def test_the_table_names_source_date_vectors_and_choices(run):
    code, out, err = run("venues", "drift-v2", "percolator")
    assert (code, err) == (0, "")
    for words in ("2026-04-01", "3 of 3", "2025-10-25", "4 of 5", "principals give 300,000 here"):
        assert words in " ".join(out.split())


@examples(60)
@given(sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=6), gap=st.integers(-50, 50))
def test_dydx_rounds_every_part_in_the_losers_favour(sizes, gap):
    """⌈what is left of the gap · part / what is left of the position⌉, the last takes the rest."""
    names = [f"t{i}" for i in range(len(sizes))]
    market = adl.Market(
        accounts=Accounts(account=["L", *names], balance=[-gap * 1e-6, *[1e9] * len(sizes)]),
        coins=Coins(coin=["X"], mark=[1.0], lot=[1.0]),
        positions=OpenPositions(
            account=["L", *names], coin=["X"] * (1 + len(sizes)),
            side=["long", *["short"] * len(sizes)], size=[sum(sizes), *sizes],
            entry=[1.0] * (1 + len(sizes)),
        ),
    )  # fmt: skip
    done = deleverage(market, rule_named("dydx-v4"), market.shed(["L"]))
    left, open_ = gap, sum(sizes)
    for match in done.matches:
        assert match.paid == -(-left * match.lots // open_)
        left, open_ = left - match.paid, open_ - match.lots
    assert (left, open_) == (0, 0)


@examples(80)
@given(
    units=st.lists(st.integers(0, 50), min_size=1, max_size=7).filter(any),
    budget=st.integers(0, 90),
)
def test_metaflux_floors_and_hands_the_dust_round_by_id(units, budget):
    names = [f"a{i}" for i in range(len(units))]
    rows = Rows(names=names, features={"profit": np.array(units, float)}, most=np.array(units))
    taken = rule_named("metaflux").tiers[0].split.take(rows, budget, 0)
    total, budget = sum(units), min(budget, sum(units))
    wanted = [u * budget // total for u in units]
    while sum(wanted) < budget:
        for i, u in enumerate(units):
            if sum(wanted) < budget and wanted[i] < u:
                wanted[i] += 1
    assert taken.tolist() == wanted


def test_metaflux_takes_from_winners_of_each_coin_before_the_fund_pays():
    """Profits are those of the coin: a loss in another does not shield them."""
    market = adl.Market(
        accounts=Accounts(account=["L", "w", "v"], balance=[0.0, 500.0, 500.0]),
        coins=Coins(coin=["A", "B"], mark=[10.0, 10.0], lot=[1.0, 1.0]),
        positions=OpenPositions(
            account=["L", "w", "w", "v"], coin=["A", "A", "B", "B"],
            side=["long", "short", "long", "short"], size=[10, 10, 10, 10],
            entry=[20.0, 20.0, 30.0, 30.0],
        ),
        fund=1000.0,
    )  # fmt: skip
    done = deleverage(market, rule_named("metaflux"))
    assert done.given.tolist() == [0.0, 100.0, 0.0]
    assert done.fund_paid == 0.0
    short = replace(market, accounts=replace(market.accounts, balance=[-30.0, 500.0, 500.0]))
    done = deleverage(short, rule_named("metaflux"))
    assert (done.raised, done.fund_paid, done.deficit_left) == (100.0, 30.0, 0.0)


@pytest.mark.parametrize(("first", "loss"), [(1.0, 37.0963), (0.5, 31.6334), (0.0, 46.7340)])
def test_the_running_step_loses_more_than_doing_nothing_on_october_10(first, loss):
    board = adl.play(adl.episodes.october_10(), [f"metaflux-ogd:{first}", "do-nothing"])
    lost = {score.policy: score.severity_loss_usd / 1e6 for score in board.data().scores}
    assert next(usd for name, usd in lost.items() if "metaflux" in name) == pytest.approx(
        loss, abs=5e-5
    )
    assert lost["do-nothing+pro-rata"] < loss
