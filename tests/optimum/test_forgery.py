"""What was not checked, or was altered since, proves nothing."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

import adlopt as adl
from adlopt.optimum.core.certificate import Certificate
from adlopt.optimum.drain import drain_leverage

ROUND = adl.Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0)
LOTS = adl.Round.of(capacity=[120.0, 80.0, 40.0], deficit=90.0, needed=60.0, lot=20.0)
CONTRACTS = adl.ContractRound.of(
    account=["a", "b", "b"], coin=["ETH", "ETH", "BTC"], side=["short"] * 3,
    size=[10, 5, 1], value=[200, 200, 0], capacity=[8000, 1000], deficit=2000, needed=2000,
)  # fmt: skip
SHED = adl.Shed(loser=["x"], coin=["ETH"], side=["long"], size=[9], price=[3800], mark=[3600])
EPISODE = adl.Episode(
    name="two",
    rounds=[
        adl.Round.of(t=1, account=["a", "b"], capacity=[90.0, 90.0], deficit=90.0, needed=30.0),
        adl.Round.of(t=2, account=["a"], capacity=[90.0], deficit=90.0, needed=30.0),
    ],
)
ANSWERS = {
    "solution": (adl.solve(ROUND), "haircut", [1e6, 0.0, 0.0]),
    "in lots": (adl.solve(LOTS), "haircut", [60.0, 0.0, 0.0]),
    "swapped": (adl.solve(ROUND), "haircut", [10.0, 20.0, 30.0]),
    "burden": (adl.solve(ROUND), "worst_burden", 0.01),
    "tiers": (adl.solve(ROUND, limits=adl.Limits(tier=[1, 2, 2])), "haircut", [0.0, 40.0, 20.0]),
    "two criteria": (adl.solve(ROUND, adl.FewestAccounts()), "haircut", [0.0, 60.0, 0.0]),
    "contracts": (adl.solve(CONTRACTS), "lots", [5, 5, 0]),
    "matching": (adl.solve(adl.TwoSidedRound(CONTRACTS, SHED)), "closed", [9.0, 0.0, 0.0]),
    "coupled": (adl.solve(EPISODE), "haircuts", ([30.0, 0.0], [30.0])),
    "path": (adl.best_severity_path([3.0, 1.0], [0.0, 1.0], 0.5), "severities", [0.0, 0.0]),
    "assets": (
        adl.drain_assets(
            adl.ContractRound.of(
                account=["a", "b"],
                coin=["ETH", "ETH"],
                side=["long"] * 2,
                size=[9, 4],
                value=[1, 1],
                mark=[1, 1],
                equity=[9, 9],
                deficit=1,
                needed=1,
            ),
            adl.LeastLeverage(),
            close={"ETH": 3},
        ),
        "closed",
        [0.0, 3.0],
    ),
    "drain": (drain_leverage([9.0, 4.0], [9.0, 9.0], mark=1.0, close=3.0), "closed", [0.0, 3.0]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_was_altered_is_refused(name):
    best, field, forged = ANSWERS[name]
    assert best.optimal
    with pytest.raises(adl.CertificateError, match="not the one that was certified"):
        replace(best, **{field: forged})


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_was_only_copied_keeps_its_proof(name):
    best = ANSWERS[name][0]
    for again in (replace(best), copy.deepcopy(best), pickle.loads(pickle.dumps(best))):
        assert again.optimal
        assert str(again) == str(best)
        assert again.certificate.trust is best.certificate.trust


@pytest.mark.parametrize(
    "change", [{"upper": 0.2, "lower": 0.2}, {"lower": 0.1}, {"rounding": 1.0}, {"error": 1e-3}]
)
def test_a_certificate_that_was_altered_proves_nothing(change):
    proof = replace(adl.solve(ROUND).certificate, **change)
    assert proof.trust is adl.Trust.CLAIMED
    assert not proof.proven
    assert str(proof) == "nothing proven (claimed, not checked)"


@pytest.mark.parametrize("trust", adl.Trust)
def test_a_certificate_made_by_hand_proves_nothing(trust):
    proof = Certificate(upper=0.25, lower=0.25, trust=trust)
    assert not proof.proven
    assert "exact" not in str(proof)


def test_an_answer_with_a_certificate_made_by_hand_is_not_optimal():
    best = adl.solve(ROUND)
    forged = replace(best, certificate=Certificate(upper=0.25, lower=0.25, trust=adl.Trust.EXACT))
    assert not forged.optimal
    assert "claimed, not checked" in " ".join(str(forged).split())
    assert not forged.to_dict()["optimal"]
    other = replace(forged, haircut=np.zeros(3))
    assert "claimed, not checked" in " ".join(str(other).split())


def test_the_proof_of_one_answer_is_none_of_another():
    with pytest.raises(adl.CertificateError):
        replace(adl.solve(ROUND), certificate=adl.solve(LOTS).certificate)


@pytest.mark.parametrize("size", [1.0, 1e6, 1e12])
def test_what_is_out_of_reach_by_more_than_rounding_is_refused(size):
    capacity = [0.5 * size, 0.5 * size]
    for beyond in (4e-10, 1e-11):
        with pytest.raises(adl.InfeasibleRound, match="are missing"):
            adl.solve(adl.Round.of(capacity=capacity, deficit=1, needed=size * (1 + beyond)))


def test_what_rounding_leaves_of_a_large_budget_is_said():
    short = adl.solve(adl.Round.of(capacity=[5e11, 5e11], deficit=1, needed=1e12 + 0.25))
    assert "0.25 USD short of the budget" in str(short)
    whole = adl.solve(adl.Round.of(capacity=[5e11, 5e11], deficit=1, needed=1e12))
    assert "short" not in str(whole)
