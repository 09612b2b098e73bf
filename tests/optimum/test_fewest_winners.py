"""The fewest winners: rows that whole numbers of accounts satisfy, and how few they prove."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import adlopt as adl
from adlopt.optimum.matching import fewest_winners
from adlopt.optimum.matching.fewest_winners import Cover

sys.path.append(str(Path(__file__).parents[2] / "examples" / "hard"))
from instances import coins


@pytest.mark.parametrize("seed", range(8))
def test_rounded_rows_hold_wherever_accounts_are_enough(seed, monkeypatch):
    monkeypatch.setattr(fewest_winners, "AT_ONCE", 10 ** (seed % 2 * 6))
    rng, n = np.random.default_rng(seed), 9
    cover = Cover(account=np.arange(n))
    for _ in range(3):
        owner = np.flatnonzero(rng.random(n) < 0.7)
        cover.ask(owner, rng.lognormal(-1.5, 1.0, owner.size) + 0.05)
    rows = []
    for _ in range(6):
        cover.tighten(rng.choice([0.0, 0.3, 0.5, 0.8, 1.0], n))
        rows += cover.lifted
    assert rows
    for point in map(np.array, product([0.0, 1.0], repeat=n)):
        enough = all(share @ point[owner] >= least for owner, share, least in cover.asked)
        missed = (row @ point[owner] < least for owner, row, least in rows)
        assert not (enough and any(missed))


@pytest.mark.nightly("a tree of some hundred programs")
@pytest.mark.parametrize(
    ("kinds", "even", "seed", "apart"),
    [(40, True, 0, 1), (40, False, 0, 0), (160, False, 1, 0), (160, False, 0, 1)],
)
def test_two_thousand_accounts_are_counted_to_a_few(kinds, even, seed, apart):
    """Of 160 coins the hardest of six seeds is 142 to 143."""
    both = coins(2_000, 3_500, kinds, 1, even=even, seed=seed)
    best = adl.solve(both, adl.FewestAccounts())
    assert best.certificate.upper - best.certificate.lower <= apart
    assert best.certificate.trust is not adl.Trust.REPORTED
