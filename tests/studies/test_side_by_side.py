"""Production beside rules and optima: all raise the same, and every dollar has an account."""

import json
import math
from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.data.files import write_episode, write_market
from adlopt.show.schema.studies import SideBySideData

CAPACITY = st.lists(st.floats(0.5, 1e5), min_size=2, max_size=6)
MARKET = adl.Market(
    accounts=adl.Accounts(
        account=["A", "B", "C", "D", "E"],
        balance=[2000, 8000, 8000, 3000, 90_000],
        recorded=[0, 1500, 500, 0, 0],
    ),
    coins=adl.Coins(coin=["ETH", "BTC"], mark=[3600, 60_000], lot=[0.01, 0.001]),
    positions=adl.OpenPositions(
        account=["A", "B", "C", "C", "D", "E", "E"],
        coin=["ETH", "ETH", "ETH", "BTC", "ETH", "ETH", "BTC"],
        side=["long", "short", "short", "long", "short", "long", "short"],
        size=[10, 6, 4, 0.24, 0.5, 0.5, 0.24],
        entry=[4000, 4000, 3800, 58_000, 3900, 3600, 60_000],
        recorded=[10, 7.5, 2.5, 0, 0, 0, 0],
    ),
)


def one(capacity, recorded, needed=1.0, **given):
    round_ = adl.Round.of(
        capacity=capacity, deficit=sum(capacity), needed=needed, recorded=recorded, **given
    )
    return adl.Episode(name="one", rounds=[round_])


@given(capacity=CAPACITY, share=st.lists(st.floats(0, 1), min_size=6, max_size=6))
@examples(40)
def test_all_raise_what_production_took_and_what_one_is_spared_others_give(capacity, share):
    recorded = [u * part for u, part in zip(capacity, share, strict=False)]
    found = adl.compare(one(capacity, recorded), ["queue", "pro-rata", adl.MinMax(), "leximin"])
    data, total = found.data(), math.fsum(recorded)
    assert data.sides[0].name == "production"
    for side in data.sides:
        assert side.raised_usd == pytest.approx(total, rel=1e-9, abs=1e-6)
        apart = side.better_off_usd - side.worse_off_usd
        # Whoever is within a cent counts as neither.
        assert apart == pytest.approx(0.0, abs=0.01 * len(capacity) + 1e-6)
    optimum = found["min-max optimum"]
    assert optimum.information == "hindsight"
    assert optimum.worst_burden == pytest.approx(total / sum(capacity), rel=1e-9)
    assert all(optimum.worst_burden <= side.worst_burden * (1 + 1e-9) for side in data.sides)


def test_figures_are_those_of_an_oracle_that_adds_up_account_by_account():
    rng = np.random.default_rng(4)
    rounds = [
        adl.Round.of(
            t=t,
            account=[f"a{k}" for k in rng.permutation(9)],
            capacity=rng.uniform(1, 50, 9),
            deficit=400,
            needed=10,
            recorded=rng.uniform(0, 9, 9) * (rng.random(9) < 0.7),
        )
        for t in (1, 2, 3)
    ]
    found = adl.compare(adl.Episode(name="three", rounds=rounds), ["pro-rata"])
    before, after, worst = {}, {}, 0.0
    for round_ in rounds:
        u, x = round_.start.capacity, round_.outcome.recorded
        for name, ui, xi in zip(round_.start.account, u, x, strict=True):
            before[name] = before.get(name, 0.0) + xi
            after[name] = after.get(name, 0.0) + ui * x.sum() / u.sum()
            worst = max(worst, xi / ui)
    paid = sorted(before.values(), reverse=True)
    pairs = sum(abs(a - b) for a in paid for b in paid)
    production, otherwise = found["production"], found["pro-rata"]
    assert production.gini == pytest.approx(pairs / (2 * 9 * sum(paid)))
    assert production.top_share == pytest.approx({"1": paid[0] / sum(paid), "10": 1.0, "100": 1.0})
    assert production.worst_burden == pytest.approx(worst)
    assert production.touched == sum(x > 0 for x in paid)
    less = [before[name] - after[name] for name in before]
    assert otherwise.better_off == sum(each > 0.01 for each in less)
    assert otherwise.better_off_usd == pytest.approx(sum(each for each in less if each > 0.01))
    frame = found.to_frame().group_by("account").agg(pl.col("production_usd").sum())
    assert dict(frame.iter_rows()) == pytest.approx(before)


def test_where_production_took_more_than_there_was_others_raise_all_there_was():
    found = adl.compare(one([5.0, 5.0], [30.0, 0.0]), ["pro-rata"])
    assert found.data().beyond_capacity == [1]
    assert (found["production"].worst_burden, found["pro-rata"].raised_usd) == (6.0, 10.0)
    assert "more than all capacities" in str(found)


def test_a_protected_account_that_production_touched_is_said():
    side = adl.compare(one([5.0, 0.0], [1.0, 1.0]), ["pro-rata"])["production"]
    assert side.touches_protected
    assert side.worst_burden is None


def test_without_a_record_budgets_are_what_was_needed_and_nobody_is_production():
    data = adl.compare(one([50.0, 50.0], None, needed=8.0), ["pro-rata", adl.MinMax()]).data()
    assert data.budget_is == "needed"
    assert [side.raised_usd for side in data.sides] == pytest.approx([8.0, 8.0])


def test_severities_play_no_part_and_policies_that_split_alike_are_one():
    episode = one([50.0, 50.0], [7.0, 1.0])
    data = adl.compare(episode, ["persistence+queue", "constant:0.5+queue", "queue"]).data()
    assert [side.name for side in data.sides] == ["production", "queue"]


def test_a_function_decides_as_if_the_budget_were_the_deficit():
    def half(start):
        return start.capacity * (0.5 * start.deficit / start.total_capacity)

    side = adl.compare(one([50.0, 50.0], [7.0, 1.0]), [half])["half"]
    assert side.raised_usd == pytest.approx(4.0)


def test_who_cannot_be_compared_is_named_and_the_others_go_on():
    found = adl.compare(one([50.0, 50.0], [7.0, 1.0]), ["hyperliquid", "pro-rata"])
    assert "price_ratio" in found.unplayed["hyperliquid"]
    assert found["pro-rata"].raised_usd == pytest.approx(8.0)
    with pytest.raises(adl.InputError, match="price_ratio"):
        adl.compare(one([50.0, 50.0], [7.0, 1.0]), ["hyperliquid"])


@pytest.mark.parametrize("bad", [adl.episodes.october_10(), 3, adl.Round.of(
    capacity=[1.0], deficit=1.0, needed=1.0)])  # fmt: skip
def test_pooled_winners_and_other_things_are_refused(bad):
    with pytest.raises(adl.InputError):
        adl.compare(bad, ["pro-rata"])


def test_two_that_take_otherwise_may_not_share_a_name():
    def same(start):
        return np.zeros(2)

    def other(start):
        return start.capacity * 0.01

    other.__name__ = "same"
    with pytest.raises(adl.InputError, match="names that differ"):
        adl.compare(one([50.0, 50.0], [7.0, 1.0]), [same, other])


def test_lots_are_kept():
    found = adl.compare(one([50.0, 50.0], [7.0, 1.0], lot=2.0), ["integer-pro-rata", adl.MinMax()])
    for name in ("integer-pro-rata", "min-max optimum"):
        taken = found.to_frame()[f"{name}_usd"].to_numpy()
        assert (taken % 2 == 0).all()


def test_in_a_market_all_close_at_the_prices_of_what_has_to_go():
    found = adl.compare(MARKET, ["hyperliquid", "queue", "pro-rata", adl.MinMax(), "gte"])
    data = found.data()
    assert [side.raised_usd for side in data.sides] == pytest.approx([2000.0] * 6)
    assert (data.budget_is, data.budget_usd) == ("shed", 2000.0)
    assert found["hyperliquid"].information == "round start"
    assert found["production"].hedges_broken == 1
    assert found["queue"].hedges_broken == 0, "B, who has no hedge, gives all"
    assert found["min-max optimum"].proofs == ["proven optimal (exact)"]


def test_exempt_accounts_give_nothing_whoever_decides():
    spared = replace(MARKET, exempt={"D": "market maker"})
    names = ["hyperliquid", "queue", "pro-rata", adl.MinMax(), "percolator", "gte"]
    found = adl.compare(spared, names).to_frame()
    row = found.row(found["account"].to_list().index("D"), named=True)
    assert {n: usd for n, usd in row.items() if n.endswith("_usd")} == {
        "capacity_usd": 150.0, "production_usd": 0.0, "hyperliquid_usd": 0.0,
        "queue_usd": 0.0, "pro-rata_usd": 0.0, "min-max optimum_usd": 0.0, "percolator_usd": 0.0,
        "gte_usd": 0.0,
    }  # fmt: skip


def test_a_market_in_which_nothing_has_to_go_is_refused():
    calm = replace(MARKET, accounts=replace(MARKET.accounts, balance=[9000, 8000, 8000, 3000, 0.5]))
    with pytest.raises(adl.InputError, match="nobody is bankrupt"):
        adl.compare(calm)


def test_the_command_writes_every_account_and_its_data_fits_the_schema(run, tmp_path):
    write_episode(one([50.0, 30.0], [7.0, 1.0], account=["a", "b"]), tmp_path / "e.json")
    code, out, _ = run("compare", "e.json", "-r", "queue", "-r", "min-max", "-o", "rows.csv")
    assert code == 0
    assert "min-max optimum" in out
    rows = pl.read_csv(tmp_path / "rows.csv")
    assert rows["production_usd"].to_list() == [7.0, 1.0]
    code, out, _ = run("compare", "e.json", "-r", "queue", "--json")
    data = msgspec.json.decode(out.encode(), type=SideBySideData)
    assert data.sides[1].better_off_usd == 1.0
    write_market(MARKET, tmp_path / "m.json")
    code, out, _ = run("compare", "m.json", "--json")
    assert code == 0
    assert json.loads(out)["sides"][0]["hedges_broken"] == 1


def test_a_market_reads_back_with_what_was_done_and_who_is_spared(tmp_path):
    gone = MARKET.shed()
    forced = replace(gone, size=gone.size / 2, price=gone.price * 1.01)
    market = replace(MARKET, forced=forced, exempt={"D": "child vault"})
    write_market(market, tmp_path / "m.json")
    back = adl.read_market(tmp_path / "m.json")
    assert back.accounts.recorded.tolist() == [0, 1500, 500, 0, 0]
    assert back.positions.recorded.tolist() == [10, 7.5, 2.5, 0, 0, 0, 0]
    assert (back.shed().size.tolist(), back.shed().price.tolist()) == (
        forced.size.tolist(),
        forced.price.tolist(),
    )
    assert dict(back.exempt) == {"D": "child vault"}
    assert adl.deleverage(back, "gte").closed.sum() == 1000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exempt": {"Z": "?"}}, "exempt"),
        ({"exempt": {"B": " "}}, "a reason"),
        ({"forced": replace(MARKET.shed(), size=[11.0])}, "at most the 10 contracts"),
        ({"forced": replace(MARKET.shed(), mark=[3601.0])}, "the market's mark"),
    ],
)
def test_what_has_to_go_must_be_there_and_exemptions_have_reasons(change, said):
    with pytest.raises(adl.InputError, match=said):
        replace(MARKET, **change)
