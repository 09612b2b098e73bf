"""Results as dataframes and as tables in a notebook."""

import importlib
import json
import math
import pkgutil
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import msgspec
import pandas as pd
import polars as pl
import pytest

import adlopt as adl
from adlopt.data.decision_log import Audit
from adlopt.data.loaders import Loaded, LoadedMarket
from adlopt.data.loaders.loaded import PolicyRecord
from adlopt.model.round import RoundOutcome
from adlopt.optimum.coupled.not_coupling import price_of_not_coupling
from adlopt.optimum.paths.comparator_curve import comparator_curve
from adlopt.proof.library import Verdicts
from adlopt.rules import VENUES, account_rows, ranking
from adlopt.scoring.playing import best_fixed_rule
from adlopt.scoring.running_certificate import running_certificate
from adlopt.show.answer import SHOWN, Answer
from adlopt.show.schema.data import kinds
from adlopt.show.schema.proofs import ProofData
from adlopt.show.schema.studies import DifferenceData, DifferencesData
from adlopt.show.table import Table
from adlopt.studies.adversary.worst import RoundBox, unavoidable, worst
from adlopt.studies.diagnostics.concentration import Concentration, Survivors
from adlopt.studies.diagnostics.stability import sensitivity
from adlopt.studies.execution import Missed, estimate_error, transfer
from adlopt.studies.rule_comparison import compare_rules
from adlopt.studies.simulation import compare
from adlopt.studies.sweep.beyond_noise import SweepDifferences

HOSTILE = "<script>alert('1')</script>"
EPISODE = adl.episodes.shock(rounds=3, winners=25, seed=1)
BOARD = adl.play(adl.episodes.october_10())
BOARD_OF_TWO = adl.play(EPISODE, ["constant:1"])
ROUND = adl.Round.of(
    account=[HOSTILE, "b", "c"], capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0
)
CONTRACTS = adl.ContractRound.of(
    account=[HOSTILE, "b", "b"], coin=["ETH", "ETH", "BTC"], side=["short"] * 3,
    size=[10, 5, 1], value=[200, 200, 0], mark=[3600, 3600, 60_000], capacity=[8000, 1000],
    deficit=1800, needed=1800,
)  # fmt: skip
SHED = adl.Shed(loser=["x"], coin=["ETH"], side=["long"], size=[9], price=[3800], mark=[3600])
MARKET = adl.Market(
    accounts=adl.Accounts(
        account=[HOSTILE, "b"], balance=[2000, 8000], opened=[1, 2], features={"withdrawal": [0, 1]}
    ),
    coins=adl.Coins(
        coin=["ETH"], mark=[3600], lot=[0.01], previous_mark=[3700], maintenance=[0.01]
    ),
    positions=adl.OpenPositions(
        account=[HOSTILE, "b"], coin=["ETH", "ETH"], side=["long", "short"], size=[10, 10],
        entry=[4000, 4000],
    ),
)  # fmt: skip
RECORDED = adl.Episode(
    name=HOSTILE,
    rounds=[replace(ROUND, outcome=RoundOutcome(needed=60.0, recorded=[60.0, 0.0, 0.0]))],
)
FILLS = adl.execution.ClosingFills(mark=[10, 10], bankruptcy=[9, 9], size=[2, 2])
THEN = adl.RoundStart(account=["a", HOSTILE, "c"], capacity=[5, 4, 3], deficit=9)
NOW = adl.RoundStart(account=["a", "c", "d"], capacity=[2, 3, 7], deficit=9)
BOTH = adl.TwoSidedRound(CONTRACTS, SHED)
MATCHING = adl.solve(BOTH)
SMALL = adl.Scenario(accounts=40, steps=30, fund=0.0)
FIGURES = pl.DataFrame(
    {"wave": [3, 4], "deficit": [90.0, 5.0], "needed": [60.0, 4.0], "capacity": [120.0, 9.0]}
)
MAKES = {
    "episode": lambda: EPISODE,
    "start": lambda: EPISODE.rounds[0].start,
    "round": lambda: ROUND,
    "run": lambda: BOARD.runs[0],
    "board": lambda: BOARD,
    "solution": lambda: adl.solve(ROUND),
    "limited": lambda: adl.solve(ROUND, limits=adl.Limits(cap=0.9)),
    "coupled": lambda: adl.solve(EPISODE),
    "path": lambda: adl.best_severity_path([3.0, 1.0, 2.0], [0.0, 1.0, 0.5], 0.25),
    "curve": lambda: comparator_curve([3.0, 1.0, 2.0], [0.0, 1.0, 0.5]),
    "contract round": lambda: CONTRACTS,
    "positions": lambda: CONTRACTS.positions,
    "contracts": lambda: adl.solve(CONTRACTS, budget=adl.Budget.at_least()),
    "shed": lambda: SHED,
    "matching": lambda: MATCHING,
    "trades": lambda: MATCHING.trades,
    "drain": lambda: adl.drain_leverage([10.0, 4.0], [100.0, 100.0], mark=100.0, close=6.0),
    "card": lambda: adl.vouch("persistence", EPISODE, time_limit=2.0),
    "design": lambda: adl.design("ogd", over={"step": (0.4, 0.6)}, rounds=2, variation=1.0),
    "drained assets": lambda: adl.drain_assets(
        adl.ContractRound.of(
            account=[HOSTILE, "b"], coin=["ETH", HOSTILE], side=["long", "short"], size=[3, 2],
            value=[1, 1], mark=[10, 10], equity=[5, 5], deficit=1, needed=1,
        ),
        adl.ExpectedLoss(returns={"ETH": [-0.5, 0.1], HOSTILE: [0.3, 0.4]}),
        close={"ETH": 1, HOSTILE: -1},
    ),
    "accounts": lambda: MARKET.accounts,
    "coins": lambda: MARKET.coins,
    "open positions": lambda: MARKET.positions,
    "deleveraging": lambda: adl.deleverage(MARKET, VENUES["hyperliquid"]),
    "ranking": lambda: ranking(MARKET, VENUES["binance"], "ETH", adl.Side.SHORT),
    "rows": lambda: account_rows(MARKET),
    "diagnosis": lambda: adl.diagnose(EPISODE, ["pro-rata", "queue"]),
    "executed": lambda: adl.execution.execute([5, 4, 0], THEN, NOW),
    "markout": lambda: adl.execution.markout([-10], [5], [5.2], [6]),
    "exposure": lambda: adl.exposure.exposure("b", MARKET),
    "nothing played": lambda: replace(adl.exposure.exposure("b", MARKET), rules=()),
    "budgets": lambda: adl.exposure.budgets("uniform", 100.0),
    "axioms": lambda: adl.try_axioms("queue", tries=30),
    "worst": lambda: worst("persistence", bound="prop-1", rounds=3, variation=1.0),
    "worst of a box": lambda: worst(
        "pro-rata", box=RoundBox(accounts=2, spread=2.0, budget=1.0)
    ),
    "differences": lambda: SweepDifferences(
        figures=DifferencesData(
            first=HOSTILE,
            rows=[
                DifferenceData(policy="b", figure="regret", pairs=5, mean=1.0, interval=[0.5, 1.5]),
                DifferenceData(policy=HOSTILE, figure="loss", pairs=1, mean=-2.0, interval=None),
            ],
        )
    ),
    "unavoidable": lambda: unavoidable("persistence", bound="prop-1", rounds=3, variation=1.0),
    "simulation": lambda: adl.simulate("binance", SMALL, seed=1),
    "comparison": lambda: compare(["binance", "do-nothing"], SMALL, seeds=2),
    "record": lambda: PolicyRecord(
        policy=HOSTILE, haircut={3: 1.0, 4: 2.0}, burden={3: 0.1, 4: 0.2}
    ),
    "loaded": lambda: Loaded(
        name=HOSTILE, source="made up", rounds=FIGURES, accounts=None, unavailable={},
        look_ahead=(), origins={}, reports=(),
    ),
    "loaded market": lambda: LoadedMarket(name=HOSTILE, time=1_760_130_900_000, market=MARKET),
    "bounds": lambda: adl.bounds_of(EPISODE),
    "burdens": lambda: adl.diagnostics.compare_burdens(THEN, [5, 4, 0], [3, 3, 3]),
    "evidence": lambda: adl.Evidence(episode=EPISODE),
    "fixed rule": lambda: best_fixed_rule(EPISODE, ["persistence"]),
    "fixed severity": lambda: BOARD.best_fixed,
    "score": lambda: BOARD.scores[0],
    "frontier": lambda: adl.frontier(ROUND),
    "prices": lambda: adl.solve(ROUND).prices,
    "one by one": lambda: price_of_not_coupling(EPISODE),
    "side by side": lambda: adl.compare(RECORDED, ["queue", adl.MinMax()]),
    "rules": lambda: compare_rules(MARKET, ["hyperliquid", "pro-rata"]),
    "verdicts": lambda: Verdicts((ProofData(file=HOSTILE, verdict="PROVED"),)),
    "survivors": lambda: Survivors.of(THEN, [3, 3, 3]),
    "concentration": lambda: Concentration.of(THEN, [3, 3, 3]),
    "sensitivity": lambda: sensitivity(lambda start: adl.pro_rata(start.capacity, 6.0), THEN),
    "missed": lambda: Missed.of(needed=[5.0, 5.0], raised=[2.0, 9.0]),
    "estimate": lambda: estimate_error(FILLS, 1.0, FILLS, 1.5),
    "transfer": lambda: transfer(EPISODE, BOARD_OF_TWO.runs[0], BOARD_OF_TWO.runs[1:]),
    "market": lambda: MARKET,
    "both sides": lambda: BOTH,
    "problem": lambda: adl.Problem(thing=ROUND),
    "model": lambda: adl.model(ROUND),
    "belief": lambda: adl.Belief.of_samples([3.0, 5.0]),
    "audit": lambda: Audit(decisions=2, stopped=1, head="0" * 64, torn_bytes=3),
    "backtest": lambda: adl.backtest(
        adl.episodes.october_10(), lambda past, start: 0.2 * start.deficit
    ),
    "running": lambda: running_certificate(EPISODE, adl.named("coverage:0.2")),
    "decision": lambda: adl.decide(ROUND.start, belief=[30.0, 60.0], chance=0.5, capacities=0.1),
}  # fmt: skip
MANY = 50_000


@cache
def of(name):
    """An answer, made once."""
    return MAKES[name]()


@pytest.fixture(params=MAKES)
def result(request):
    return of(request.param)


def crowd():
    """A market of many accounts, half of them winners, and one that is bankrupt."""
    ids = [f"0x{i:040x}" for i in range(MANY)]
    size = [1.0] * (MANY - 1)
    return adl.Market(
        accounts=adl.Accounts(account=ids, balance=[10.0, *([5000.0] * (MANY - 1))]),
        coins=adl.Coins(coin=["ETH"], mark=[3600], lot=[0.01]),
        positions=adl.OpenPositions(
            account=ids, coin=["ETH"] * MANY, side=["long", *(["short"] * (MANY - 1))],
            size=[float(MANY - 1), *size], entry=[4000.0, *([3700.0] * (MANY - 1))],
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def large():
    """Answers about as many rows as a large venue has accounts."""
    market, episode = crowd(), adl.episodes.shock(rounds=2, winners=MANY, seed=1)
    start = episode.rounds[0].start
    none = [0.0] * MANY
    rounds = [adl.Round.of(t=t, capacity=[9.0], deficit=4.0, needed=1.0) for t in range(1, MANY)]
    return {
        "episode": adl.Episode(name="long", rounds=rounds),
        "winners": episode,
        "run": adl.run_policy(episode, adl.named("persistence")),
        "board": adl.play(episode),
        "market": market,
        "deleveraging": adl.deleverage(market, "pro-rata"),
        "rows": account_rows(market),
        "diagnosis": adl.diagnose(episode, ["persistence+pro-rata"]),
        "executed": adl.execution.execute(none, start, start),
        "markout": adl.execution.markout([1.0] * MANY, none, none, none),
        "survivors": Survivors.of(start, none),
        "concentration": Concentration.of(start, none),
        "verdicts": Verdicts(tuple(ProofData(file=f"p{k}", verdict="PROVED") for k in range(MANY))),
        "exposure": adl.exposure.exposure(start.account[0], start, ["pro-rata"]),
    }


def made():
    """Every class of answers, whatever room it is in."""
    for module in pkgutil.walk_packages(adl.__path__, "adlopt."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def ends(kind):
        below = kind.__subclasses__()
        return [end for each in below for end in ends(each)] if below else [kind]

    return {kind.__name__ for kind in ends(Answer)}


def test_every_answer_is_tested_here_or_among_the_optima():
    made_elsewhere = {"Optimum"}
    assert made() - made_elsewhere == {
        type(result).__name__ for result in map(of, MAKES) if isinstance(result, Answer)
    }


def looks_right(result):
    lines = str(result).splitlines()
    assert 0 < len(lines) <= 24, result
    assert max(map(len, lines)) <= 80, result
    assert len(repr(result)) <= 300
    assert result._repr_html_().count("<tr>") <= 200
    if isinstance(result, Answer):
        data = result.to_dict()
        kind = kinds()[data["schema"].split("/")[1]]
        text = json.dumps(data, allow_nan=False)
        assert msgspec.to_builtins(msgspec.json.decode(text.encode(), type=kind)) == data


def test_an_answer_is_a_screen_a_line_and_data_of_its_schema(result):
    looks_right(result)


def test_the_same_holds_of_fifty_thousand_rows(large):
    for result in large.values():
        looks_right(result)


def test_columns_are_as_long_as_each_other(result):
    assert len({len(values) for values in result._columns().values()}) == 1


def test_rows_are_those_of_the_result():
    assert of("matching").to_frame()["contracts"].sum() == 9.0
    coupled = of("coupled")
    sums = (
        coupled.to_frame().group_by("round", maintain_order=True).agg(pl.col("haircut_usd").sum())
    )
    assert sums["haircut_usd"].to_list() == pytest.approx(coupled.raised.tolist())
    frame = of("worst").to_frame()
    lost = frame["deficit_usd"] * (frame["severity"] - frame["needed_severity"]).abs()
    assert lost.sum() == pytest.approx(of("worst").loss)
    given = of("deleveraging").to_frame()["given_usd"].sum()
    assert given == pytest.approx(of("deleveraging").raised)
    assert of("comparison").to_frame()["seed"].to_list() == [0, 1, 0, 1]
    assert of("drain").to_frame()["leverage"].max() == of("drain").most
    assert of("loaded").to_frame().equals(FIGURES)


def test_frames_hold_the_numbers(result):
    frame = result.to_frame()
    assert isinstance(frame, pl.DataFrame)
    columns = result._columns()
    assert frame.columns == list(columns)
    for name, values in columns.items():
        assert all(map(same, frame[name].to_list(), values)), name


def same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


def test_a_board_has_a_row_a_policy_at_full_precision():
    frame = BOARD.to_frame()
    assert frame["policy"].to_list() == [run.policy for run in BOARD.runs]
    row = frame.row(by_predicate=pl.col("policy") == "production queue", named=True)
    score = BOARD["production queue"]
    assert row["tracking_usd"] == score.tracking
    assert row["total_weight_1_usd"] == score.total()
    assert row["regret_per_round_optimum_usd"] == score.severity_loss


def test_a_board_with_a_loss_has_columns_for_its_regret():
    loss = adl.Asymmetric(under=2.0, over=1.0, fair=10.0)
    frame = adl.play(EPISODE, loss=loss).to_frame()
    assert frame["loss"].null_count() == 0
    assert {"loss_regret_per_round_optimum", "loss_regret_coupled_optimum"} <= {*frame.columns}


def test_columns_of_features_never_hide_others():
    start = adl.RoundStart(
        account=["a"], capacity=[1.0], deficit=1.0, features={"capacity_usd": [7.0]}
    )
    frame = start.to_frame()
    assert frame["capacity_usd"].to_list() == [1.0]
    assert frame["features.capacity_usd"].to_list() == [7.0]


def test_pandas_gets_the_same(result):
    frame = result.to_frame(pd.DataFrame)
    assert type(frame).__module__.startswith("pandas")
    same = result.to_frame()
    assert list(frame.columns) == same.columns
    first = same.columns[0]
    assert frame[first].tolist() == same[first].to_list()


def test_the_name_of_a_library_is_refused():
    with pytest.raises(adl.InputError, match="frame is 'pandas': expected what makes a dataframe"):
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
