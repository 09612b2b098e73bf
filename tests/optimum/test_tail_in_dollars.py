"""CVaR over dollars: importance by name, in files and words; and what is said of the plain one."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import examples

import adlopt as adl
from adlopt.data.files.aims import worded
from adlopt.errors import InputError


def drawn(seed):
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(1, 100, int(rng.integers(2, 8)))
    return adl.Round.of(
        capacity=capacity, deficit=500.0, needed=float(rng.uniform(0.05, 0.9) * capacity.sum())
    )


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.7, 0.95]))
@examples(60)
def test_a_name_stands_for_its_numbers(seed, level):
    round_ = drawn(seed)
    named = adl.solve(round_, adl.CVaR(level, importance="capacity"))
    given_ = adl.solve(round_, adl.CVaR(level, importance=round_.start.capacity))
    assert named.haircut.tolist() == given_.haircut.tolist()
    assert named.optimal
    assert adl.CVaR(level, importance="capacity").value(round_, named.haircut) == pytest.approx(
        named.value
    )


@given(st.integers(0, 2**32 - 1))
@examples(40)
def test_a_tail_of_dollars_is_borne_evenly(seed):
    """With p_i = u_i / U the mean burden is B / U whatever is taken: pro-rata is optimal."""
    round_ = drawn(seed)
    best = adl.solve(round_, adl.CVaR(0.5, importance="capacity"))
    even = round_.needed / round_.start.total_capacity
    assert best.value == pytest.approx(even)


def test_the_plain_tail_that_one_account_bears_is_told():
    round_ = adl.Round.of(account=["a", "b", "c"], capacity=[10.0, 40.0, 90.0], deficit=90.0,
                          needed=70.0)  # fmt: skip
    plain = adl.solve(round_, adl.CVaR(0.25))
    assert plain.touched == 1
    assert "all from one account" in " ".join(str(plain).split())
    assert plain.to_dict()["notes"] == list(plain.notes)
    for other in (adl.CVaR(0.25, importance="capacity"), adl.CVaR(1.0), adl.FewestAccounts()):
        assert adl.solve(round_, other).notes == ()


def test_protected_accounts_are_named_with_their_dollars():
    round_ = adl.Round.of(
        account=["ann", "bob", "cat", "dan", "eve"], capacity=[50.0, 30.0, 20.0, 8.0, 7.0],
        equity=[90.0, 0.0, -5.0, -1.0, -2.0], deficit=40.0, needed=10.0,
    )  # fmt: skip
    best = adl.solve(round_, adl.MinMax(burden=adl.Burden.EQUITY))
    said = "protected, of no equity: 4 accounts of 65.00 USD (bob, cat, dan and 1 more)"
    assert best.notes == (said,)
    assert said in " ".join(str(best).split())
    assert adl.solve(round_).notes == ()


def test_words_and_files_reach_importance(tmp_path, run):
    assert worded("cvar:0.9:capacity", {}).importance == "capacity"
    text = "deficit = 90.0\nneeded = 40.0\n"
    for name, capacity, size in (("a", 50.0, 1.0), ("b", 30.0, 7.0)):
        text += (
            f'[[account]]\nid = "{name}"\ncapacity = {capacity}\nfeatures = {{ size = {size} }}\n'
        )
    (tmp_path / "round.toml").write_text(text)
    weighed = {}
    for loss in ('"size"', "[1.0, 7.0]"):
        path = tmp_path / "weighed.toml"
        path.write_text(f'{text}[loss]\nkind = "cvar"\nlevel = 0.5\nimportance = {loss}\n')
        weighed[loss] = adl.solve(adl.read(path)).haircut.tolist()
    assert weighed['"size"'] == weighed["[1.0, 7.0]"]
    code, out, _ = run("solve", "round.toml", "--objective", "cvar:0.5:capacity")
    assert code == 0
    assert "25.00" in out
    code, _, err = run("solve", "round.toml", "--objective", "cvar:0.5:sise")
    assert code == 2
    assert "did you mean 'size'" in err


def test_a_name_without_a_round_is_told():
    with pytest.raises(InputError, match="of_start"):
        adl.CVaR(0.5, importance="capacity").shares(3)
    poor = adl.Round.of(capacity=[5.0, 0.0], equity=[9.0, -3.0], deficit=9.0, needed=4.0)
    assert adl.solve(poor, adl.CVaR(0.5, importance="equity")).haircut.tolist() == [4.0, 0.0]
