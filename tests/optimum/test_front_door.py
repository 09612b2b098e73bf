"""One door for all that is solved: options, objectives and files lead to the same answers."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.data.files import write_contract_round, write_episode
from adlopt.data.files.aims import table_of, worded
from adlopt.optimum import objective_registry as registry
from adlopt.optimum.dollars.least_loss import least_loss
from adlopt.optimum.former import Goal, match, solve_coupled
from adlopt.rules.market_rounds import contract_round

from .test_matching import instance, one_underlying

OBJECTIVES = {
    "min-max": adl.MinMax(epsilon=2.0),
    "surrogate:1:50": adl.surrogate(track=1.0, fair=50.0),
    "asymmetric:2:1:50": adl.Asymmetric(under=2.0, over=1.0, fair=50.0),
    "empirical:0.5:2:true": adl.Empirical(reference=0.5, weight=2.0, excess_only=True),
    "leximin:equity": adl.Leximin(burden=adl.Burden.EQUITY),
    "tracking": adl.TrackingFirst(),
    "fewest": adl.FewestAccounts(),
    "cvar:0.9": adl.CVaR(0.9),
    "keep-hedges": adl.KeepHedges(),
    "least-leverage": adl.LeastLeverage(),
}
"""Every objective in words, and as the object that they stand for."""


def identical(one, other):
    """Whether two answers have the same bits."""
    ours, theirs = one.to_dict(), other.to_dict()
    return repr(ours) == repr(theirs)


def dollars(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    capacity = np.round(rng.lognormal(4, 2, n), 2) + 0.01
    return adl.Round.of(
        capacity=capacity, equity=capacity * rng.uniform(1, 3, n), deficit=capacity.sum(),
        needed=float(np.round(0.6 * capacity.sum(), 2)),
    )  # fmt: skip


@examples(30)
@given(st.integers(0, 2**32 - 1))
def test_a_market_is_solved_as_its_winners_against_its_losers(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    market = adl.Market(
        accounts=adl.Accounts(
            account=["lena", *(f"w{i}" for i in range(n))], balance=[1.0, *[500.0] * n]
        ),
        coins=adl.Coins(coin=["ETH"], mark=[100.0], lot=[0.1]),
        positions=adl.OpenPositions(
            account=["lena", *(f"w{i}" for i in range(n))], coin=["ETH"] * (n + 1),
            side=["long", *["short"] * n], size=[float(n), *[1.0] * n],
            entry=[110.0, *(130.0 + 20.0 * rng.random(n)).tolist()],
        ),
    )  # fmt: skip
    mine = adl.TwoSidedRound.of_market(market)
    theirs = adl.TwoSidedRound(contract_round(market), market.shed())
    assert identical(adl.solve(market), adl.solve(mine))
    assert identical(adl.solve(mine), adl.solve(theirs))


@examples(30)
@given(st.integers(0, 2**32 - 1))
def test_former_doors_lead_to_the_same_answers(seed):
    round_, shed = instance(np.random.default_rng(seed))
    both = adl.TwoSidedRound(round_, shed)
    assert identical(match(round_, shed), adl.solve(both))
    assert identical(match(round_, shed, Goal.LEXIMIN), adl.solve(both, adl.Leximin()))
    episode = adl.episodes.shock(rounds=2, winners=9, seed=seed)
    assert identical(solve_coupled(episode), adl.solve(episode))


def test_what_is_solved_by_default_is_the_worst_burden():
    for thing in (
        dollars(1), adl.ContractRound.of_wealth(dollars(2)).rounded(),
        adl.TwoSidedRound(*instance(np.random.default_rng(3))),
        adl.episodes.shock(rounds=2, winners=9, seed=4),
    ):  # fmt: skip
        options = {"budget": adl.Budget.at_least()} if isinstance(thing, adl.ContractRound) else {}
        assert identical(adl.solve(thing, **options), adl.solve(thing, adl.MinMax(), **options))


@pytest.mark.parametrize("words", OBJECTIVES)
def test_words_and_tables_of_files_say_what_objects_are(words):
    objective = OBJECTIVES[words]
    name = words.partition(":")[0]
    where = "two_sides" if name in ("keep-hedges", "least-leverage") else "dollars"
    said = worded(words, {"epsilon": objective.worst.epsilon}, where)
    table = table_of(objective)
    for made in (said, worded(table["kind"], table, where)):
        assert type(made) is type(objective)
        for field in fields(objective):
            assert getattr(made, field.name) == getattr(objective, field.name)


def test_every_objective_has_a_line_here():
    assert {words.partition(":")[0] for words in OBJECTIVES} == set(registry.OBJECTIVES)


def test_a_problem_is_solved_as_its_parts_say():
    round_, limits = dollars(5), adl.Limits(cap=0.9)
    problem = adl.Problem(thing=round_, objective=adl.Leximin(), limits=limits)
    assert identical(adl.solve(problem), adl.solve(round_, adl.Leximin(), limits=limits))
    assert identical(
        adl.solve(problem, adl.MinMax(), limits=adl.Limits()),
        adl.solve(round_, limits=adl.Limits()),
    )
    both = adl.TwoSidedRound(*instance(np.random.default_rng(6), lots=True))
    for method in (adl.Method.AUTO, adl.Method.HIGHS):
        problem = adl.Problem(thing=both, whole_lots=True, method=method)
        assert identical(adl.solve(problem), adl.solve(both, whole_lots=True, method=method))


def test_what_is_read_is_what_was_written(tmp_path):
    round_, shed = instance(np.random.default_rng(7))
    keep = adl.KeepHedges(underlying=one_underlying(round_))
    both = adl.TwoSidedRound(round_, shed)
    problem = adl.Problem(thing=both, objective=keep)
    path = write_contract_round(problem, tmp_path / "c.json")[-1]
    assert identical(adl.solve(adl.read(path)), adl.solve(both, keep))
    assert identical(adl.solve(adl.read(path, objective="leximin")), adl.solve(both, adl.Leximin()))
    episode = adl.episodes.shock(rounds=3, winners=9, seed=8)
    path = write_episode(episode, tmp_path / "e.json")[-1]
    assert identical(adl.solve(adl.read(path)), adl.solve(episode))
    loss = adl.surrogate(track=1.0, fair=1e6)
    assert identical(
        adl.solve(adl.read(path, objective="surrogate:1:1e6")), adl.solve(adl.read(path), loss)
    )


def test_a_file_is_parsed_once(tmp_path, monkeypatch):
    from adlopt.cli import main as cli
    from adlopt.data.files import decoding

    parsed = []
    parse = decoding.parse
    monkeypatch.setattr(decoding, "parse", lambda path: parsed.append(path) or parse(path))
    monkeypatch.chdir(tmp_path)
    for name, verbs in {
        "round.toml": [["solve"], ["exposure", "alice"]],
        "contracts.toml": [["solve"], ["match"]],
        "episode.toml": [["solve"], ["couple"]],
        "market.toml": [["solve"], ["deleverage"], ["exposure", "sam"]],
    }.items():
        cli.app(["new", name], result_action="return_value")
        for verb in verbs:
            parsed.clear()
            rule = ["--rule", "hyperliquid"] if verb[0] == "deleverage" else []
            cli.app([*verb, name, *rule], result_action="return_value")
            assert [path.name for path in parsed] == [name], verb


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareOfBurden:
    """An objective of one's own: half the price of its worst burden."""

    scale: float
    burden: adl.Burden = adl.Burden.CAPACITY

    @property
    def worst(self):
        return adl.MinMax(burden=self.burden)


def test_an_objective_of_ones_own_is_a_class_and_a_line(tmp_path, monkeypatch):
    """Its parameters are those of files and of the command line, and every door finds it."""
    line = registry.Known(
        SquareOfBurden, dollars=lambda problem, _, search: least_loss(problem, search)
    )
    monkeypatch.setitem(registry.OBJECTIVES, "square", line)
    assert identical(adl.solve(dollars(9), SquareOfBurden(scale=2.0)), adl.solve(dollars(9)))
    path = tmp_path / "round.toml"
    entry = (
        'deficit = 90.0\nneeded = 60.0\n[[account]]\nid = "a"\ncapacity = 120.0\nequity = 80.0\n'
    )
    path.write_text(entry + '[loss]\nkind = "square"\nscale = 3.0\nburden = "equity"\n')
    assert adl.read(path).objective == SquareOfBurden(scale=3.0, burden=adl.Burden.EQUITY)
    assert adl.solve(adl.read(path)).worst_burden == 0.75
    assert adl.read(path, objective="square:4").objective.scale == 4.0
    with pytest.raises(adl.InputError, match="objective is 'square': expected square:SCALE"):
        worded("square", {})
    with pytest.raises(adl.InputError, match="SquareOfBurden"):
        adl.solve(dollars(9), "square")


REFUSED = {
    "a gap of all": (dollars(1), {"gap": 1.0}, r"gap is 1\.0: expected a number in \[0, 1\)"),
    "whole lots of dollars": (dollars(1), {"whole_lots": True}, "whole_lots is True.*wealth space"),
    "a market in a band": (
        adl.TwoSidedRound(*instance(np.random.default_rng(1))),
        {"budget": adl.Budget.band(1.0)},
        "budget is .*matched with losers",
    ),
    "limits of an episode": (
        adl.episodes.shock(rounds=1, winners=2), {"limits": adl.Limits(cap=0.5)},
        "limits is .*of an episode",
    ),
    "a start": (dollars(1).start, {}, "thing is .*whose needed budget is known; adlopt.decide"),
    "a number": (3, {}, "thing is 3: expected a Round, a ContractRound, a TwoSidedRound"),
    "a budget in words": (dollars(1), {"budget": "exact"}, "budget is 'exact': expected a Budget"),
    "hedges in dollars": (dollars(1), {"objective": adl.KeepHedges()}, "objective is .*MinMax, "),
    "leximin of positions": (
        adl.ContractRound.of_wealth(dollars(1)), {"objective": adl.Leximin()},
        "objective is .*expected MinMax; match winners.*TwoSidedRound",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("thing", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_an_option_that_does_not_fit_is_refused(thing, options, message):
    with pytest.raises(adl.InputError, match=message):
        adl.solve(thing, **options)
