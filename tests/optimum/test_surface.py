"""Every answer of optimisation has one surface, at five rows and at fifty thousand."""

from __future__ import annotations

import json
import pickle

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

import adlopt as adl
from adlopt.optimum.core.certificate import Certificate, Trust
from adlopt.optimum.core.surface import Optimum
from adlopt.optimum.coupled.not_coupling import price_of_not_coupling
from adlopt.optimum.paths.comparator_curve import comparator_curve
from adlopt.show.answer import Answer
from adlopt.show.optima import render
from adlopt.show.schema.data import kinds, schema_of

FEW, MANY = 5, 50_000


def draws(n):
    rng = np.random.default_rng(n)
    return np.round(rng.lognormal(6, 1, n), 2) + 0.01


def dollars(n):
    capacity = draws(n)
    return adl.Round.of(
        account=[f"0x{i:040x}" for i in range(n)], capacity=capacity, deficit=capacity.sum(),
        needed=0.25 * capacity.sum(),
    )  # fmt: skip


def winners(n):
    """Positions of n accounts in two coins, a few sizes of lots."""
    size = np.ceil(draws(n))
    return adl.ContractRound.of(
        account=[f"0x{i:040x}" for i in range(n)], coin=[("ETH", "BTC")[i % 2] for i in range(n)],
        side=["short"] * n, size=size, value=np.full(n, 10.0), mark=np.full(n, 100.0),
        capacity=20.0 * size, equity=50.0 * size, deficit=float(size.sum()),
        needed=float(size.sum()),
    )  # fmt: skip


def both(n):
    held = winners(n).positions
    coins = np.array(held.coin)
    shed = [np.ceil(0.2 * held.size[coins == coin].sum()) for coin in ("ETH", "BTC")]
    losers = adl.Shed(
        loser=["x", "y"], coin=["ETH", "BTC"], side=["long"] * 2, size=shed, price=[110.0] * 2,
        mark=[100.0] * 2,
    )  # fmt: skip
    return adl.TwoSidedRound(winners(n), losers)


def episode(n):
    rounds = []
    for t in range(1, 6):
        whole = dollars(n // 5)
        start = adl.RoundStart(
            t=t, account=whole.start.account, capacity=whole.start.capacity,
            deficit=whole.start.deficit,
        )  # fmt: skip
        rounds.append(adl.Round(start=start, outcome=adl.RoundOutcome(needed=0.1 * whole.needed)))
    return adl.Episode(name="made up", rounds=rounds)


def path(n):
    rng = np.random.default_rng(n)
    return adl.best_severity_path(draws(n), rng.random(n), 0.1 * n)


def curve(n):
    n = min(n, 200)
    return comparator_curve(draws(n), np.random.default_rng(n).random(n))


OPTIMA = {
    "solution": lambda n: adl.solve(dollars(n)),
    "in stages": lambda n: adl.solve(dollars(n), adl.Leximin()),
    "limited": lambda n: adl.solve(
        dollars(n), limits=adl.Limits(cap=0.9, tier=np.arange(n) % min(n, 20))
    ),
    "contracts": lambda n: adl.solve(winners(n), budget=adl.Budget.at_least()),
    "matching": lambda n: adl.solve(both(n)),
    "hedged": lambda n: adl.solve(both(min(n, 500)), adl.KeepHedges()),
    "coupled": lambda n: adl.solve(episode(n)),
    "path": path,
    "drained assets": lambda n: adl.drain_assets(
        winners(n),
        adl.ExpectedLoss(returns={"ETH": [0.4, -0.2], "BTC": [0.3, -0.5]}),
        close={"ETH": -2.0, "BTC": -1.0},
    ),
    "least leverage": lambda n: adl.drain_assets(
        winners(min(n, 500)), adl.LeastLeverage(), close={"ETH": -2.0, "BTC": -1.0}
    ),
    "drain": lambda n: adl.drain_leverage(
        np.ceil(draws(n)), draws(n), mark=100.0, close=0.3 * np.ceil(draws(n)).sum()
    ),
}
"""What makes one of each, of about n rows; where that takes a program there are fewer."""
ANSWERS = OPTIMA | {
    "curve": curve,
    "one by one": lambda n: price_of_not_coupling(episode(n)),
}


@pytest.fixture(scope="module")
def answers():
    return {(name, n): make(n) for name, make in ANSWERS.items() for n in (FEW, MANY)}


@pytest.mark.parametrize("n", [FEW, MANY])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_fits_a_screen_and_says_all_of_it_elsewhere(answers, name, n):
    answer = answers[name, n]
    assert isinstance(answer, Answer)
    lines = str(answer).splitlines()
    assert 0 < len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert len(repr(answer)) <= 300
    assert answer._repr_html_().count("<tr>") <= 21
    frame = answer.to_frame()
    assert isinstance(frame, pl.DataFrame)
    assert list(answer.to_frame(pd.DataFrame).columns) == frame.columns
    assert {len(column) for column in answer._columns().values()} == {frame.height}


@pytest.mark.parametrize("n", [FEW, MANY])
@pytest.mark.parametrize("name", ANSWERS)
def test_data_of_an_answer_are_those_of_its_schema(answers, name, n):
    answer = answers[name, n]
    data = answer.to_dict()
    text = json.dumps(data, allow_nan=False)
    kind = kinds()[data["schema"].split("/")[1]]
    assert msgspec.json.decode(text.encode(), type=kind) == answer.data()
    assert set(data) - {"schema"} <= set(properties(kind))


def properties(kind):
    name = next(name for name, each in kinds().items() if each is kind)
    schema = schema_of(name)
    return schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]["properties"]


@pytest.mark.parametrize("name", OPTIMA)
def test_every_optimum_has_its_value_proof_and_stages(answers, name):
    for n in (FEW, MANY):
        best = answers[name, n]
        assert isinstance(best, Optimum)
        assert best.value == best.certificate.upper
        proofs = [best.certificate, *(stage.certificate for stage in best.stages)]
        assert all(isinstance(proof, Certificate) for proof in proofs)
        proven = all(proof.optimal and proof.trust is not Trust.REPORTED for proof in proofs)
        assert best.optimal is proven
        assert isinstance(best.stopped, adl.Stopped)
        assert isinstance(best.method, adl.Method)
        assert best.method is not adl.Method.AUTO
        assert best.worst_burden is None or best.worst_burden >= 0
        shared = best.to_dict()
        assert shared["value"] == best.value
        assert shared["certificate"]["optimal"] is best.certificate.optimal
        assert [stage["criterion"] for stage in shared["stages"]] == [
            stage.criterion for stage in best.stages
        ]


@pytest.mark.parametrize("name", ["solution", "contracts", "matching"])
def test_rows_name_their_accounts(answers, name):
    for n in (FEW, MANY):
        best = answers[name, n]
        frame = best.to_frame()
        assert frame.columns[0] == "account"
        assert set(frame["account"]) <= set(best.account)
        usd = frame["taken_usd" if name == "contracts" else "haircut_usd"]
        assert usd.sum() == pytest.approx(best.raised)
        taken = frame.group_by("account").agg(pl.sum(usd.name))
        by_name = dict(zip(best.account, best.haircut.tolist(), strict=True))
        for account, given in taken.iter_rows():
            assert given == pytest.approx(by_name[account], abs=1e-6)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_survives_a_pickle(answers, name):
    again = pickle.loads(pickle.dumps(answers[name, FEW]))
    assert again.to_dict() == answers[name, FEW].to_dict()
    assert str(again) == str(answers[name, FEW])


def test_accounts_are_shared_with_the_round_not_copied(answers):
    best = answers["solution", MANY]
    assert best.account is best.round_.start.account
    assert best._columns()["capacity_usd"] is best.round_.start.capacity


@pytest.mark.parametrize("n", [FEW, MANY])
@pytest.mark.parametrize("name", ["solution", "limited", "contracts", "hedged", "one by one"])
def test_the_text_of_an_answer_is_laid_out_from_its_data_alone(answers, name, n):
    data = json.loads(json.dumps(answers[name, n].to_dict()))
    text = render(data)
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 120
    assert " ".join(data["summary"].split()) in " ".join(text.split())


def test_worst_burdens_are_percentages_in_every_summary(answers):
    for name in ("solution", "contracts", "matching", "coupled"):
        best = answers[name, FEW]
        where = "in all " if name == "coupled" else ""
        worst = f"worst burden {where}{100 * best.worst_burden:.4g} %"
        assert worst in " ".join(str(best).split())


def test_many_stages_are_counted(answers):
    best = answers["limited", MANY]
    assert len(best.stages) > 3
    assert f"{len(best.stages) - 3} further stages, {len(best.stages) - 3} of them proven" in (
        " ".join(str(best).split())
    )
