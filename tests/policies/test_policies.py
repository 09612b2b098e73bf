"""Every shipped policy: feasible, deterministic, blind; and the rules do what they say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tiers import by_day, examples

import adlopt as adl
from adlopt.policies.allocation import CappedProRata, IntegerProRata, MirrorDescent, QueueAllocation
from adlopt.policies.catalogue import ALLOCATIONS, SEVERITIES
from adlopt.policies.gradient import AdaGradOGD, ProjectedOGD, paper_ogd
from adlopt.policies.grammar import named
from adlopt.policies.protocols import SeverityThenAllocation
from adlopt.policies.severity import FollowTheLeader, GatedPersistence, Persistence, RunningRatio
from adlopt.scoring.hindsight import severity_loss
from adlopt.testing import check_policy

ARGUMENT = {"constant": ":0.3", "ogd": ":1e-4", "needed-minimax": ":9e4:4e4,2e4,5e4"}
NAMES = [
    f"{severity}{ARGUMENT.get(severity, '')}+{allocation}"
    for severity in SEVERITIES
    for allocation in ALLOCATIONS
]


def with_lots(episode, lot):
    rounds = [
        replace(r, start=replace(r.start, lot=np.full(len(r.start.account), lot))) for r in episode
    ]
    return replace(episode, rounds=tuple(rounds))


@pytest.mark.parametrize(
    "name",
    [
        *("running-ratio+queue:leverage", "estimate+min-max:equity"),
        *by_day(len(NAMES[::3]), [*NAMES[::3], *NAMES[1::3], *NAMES[2::3]]),
    ],
)
def test_every_shipped_policy_passes_the_check(name):
    check_policy(named(name), adl.episodes.shock(rounds=5, winners=12, seed=3))


@pytest.mark.parametrize("allocation", ALLOCATIONS)
def test_allocations_raise_the_budget_and_no_more(allocation):
    rule = named(f"constant:0.5+{allocation}").allocation
    for round_ in adl.episodes.shock(rounds=6, winners=40, seed=2):
        start = round_.start
        for share in (0.0, 0.01, 0.4):
            budget = share * start.total_capacity
            haircut = rule.allocate(rule.begin(), start, budget)
            assert math.fsum(haircut) == pytest.approx(budget, rel=1e-9, abs=1e-6)
            assert (haircut >= 0).all()
            assert (haircut <= start.capacity * (1 + 1e-9)).all()


def test_a_policy_that_kept_the_episode_is_caught():
    episode = adl.episodes.shock(rounds=5, winners=10, seed=0)

    @adl.policy
    def cheat(start):
        needed = episode.rounds[start.t - 1].needed
        return adl.pro_rata(start.capacity, min(needed, start.total_capacity))

    with pytest.raises(adl.CausalityError, match=r"round 1 .* sees the future"):
        check_policy(cheat, episode)


def test_a_policy_that_kept_only_the_outcomes_is_caught():
    episode = adl.episodes.shock(rounds=5, winners=10, seed=0)
    outcomes = [round_.outcome for round_ in episode]

    @adl.policy
    def cheat(start):
        later = outcomes[min(start.t + 1, 4)]
        return adl.pro_rata(start.capacity, min(later.needed, start.total_capacity))

    with pytest.raises(adl.CausalityError):
        check_policy(cheat, episode)


def test_outcomes_are_put_back_even_after_a_failure():
    episode = adl.episodes.shock(rounds=4, winners=10, seed=0)
    before = [round_.needed for round_ in episode]

    @adl.policy
    def cheat(start):
        needed = episode.rounds[start.t - 1].needed
        return adl.pro_rata(start.capacity, min(needed, start.total_capacity))

    with pytest.raises(adl.CausalityError):
        check_policy(cheat, episode)
    assert [round_.needed for round_ in episode] == before


def test_a_random_policy_is_caught():
    rng = np.random.default_rng(0)

    @adl.policy
    def dice(start):
        return start.capacity * rng.random()

    with pytest.raises(adl.PolicyError, match="differently when replayed"):
        check_policy(dice)


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (lambda start: start.capacity * 1.01, "between 0 and its capacity"),
        (lambda start: -start.capacity, "between 0 and its capacity"),
        (lambda start: start.capacity[:-1], "one for each account"),
        (lambda start: start.capacity * math.nan, "finite"),
        (lambda start: None, "haircut"),
        (lambda start: "all of it", "haircut"),
    ],
)
def test_bad_haircuts_are_refused(take, message):
    with pytest.raises(adl.BadHaircut, match=message):
        check_policy(adl.policy(take))


def test_a_severity_outside_its_domain_is_refused():
    class Wild(Persistence):
        def decide(self, state, start):
            return 1.5

    policy = SeverityThenAllocation(Wild(), QueueAllocation())
    with pytest.raises(adl.PolicyError, match=r"severity 'persistence' is 1\.5 in round 1"):
        check_policy(policy)


def test_starts_cannot_be_used_to_reach_the_round():
    start = adl.episodes.shock(rounds=2, winners=5, seed=0).rounds[0].start
    assert not hasattr(start, "outcome")
    assert not isinstance(start.capacity.base, np.ndarray)
    with pytest.raises(ValueError, match="WRITEABLE"):
        start.capacity.setflags(write=True)


@pytest.mark.parametrize(
    "bad", ["", "+", "queue+persistence", "hope", "queue+queue", "ogd+pro-rata"]
)
def test_unknown_names_are_refused(bad):
    with pytest.raises(adl.InputError):
        named(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "constant:x",
        "constant:2",
        "constant:-1",
        "min-max:fame",
        "do-nothing:3",
        "ogd:0",
        "mirror-descent:-1",
        "capped-pro-rata:0",
        "gated-persistence:nan",
        "adagrad-ogd:inf",
    ],
)
def test_bad_arguments_are_refused(bad):
    with pytest.raises(adl.InputError):
        named(bad)


def severities(rule, episode):
    state, played = rule.begin(), []
    for round_ in episode:
        theta = rule.decide(state, round_.start)
        played.append(theta)
        state = rule.learn(state, round_.start, theta, round_.outcome)
    return np.array(played)


def made(deficits, needed):
    return adl.Episode(
        name="made",
        rounds=[
            adl.Round.of(t=t, capacity=[1e6], deficit=d, needed=n)
            for t, (d, n) in enumerate(zip(deficits, needed, strict=True), start=1)
        ],
    )


SEQUENCES = st.lists(
    st.tuples(st.floats(0.1, 1e4), st.floats(0, 1.2)), min_size=1, max_size=12
).map(lambda pairs: made([d for d, _ in pairs], [d * share for d, share in pairs]))


@given(SEQUENCES, st.floats(0, 1))
@examples(37)
def test_persistence_loses_the_first_miss_plus_the_weighted_path(episode, first):
    theta, deficit = episode.needed_severity, episode.deficit
    loss = severity_loss(episode, severities(Persistence(first), episode))
    path = math.fsum(deficit[1:] * np.abs(np.diff(theta)))
    assert loss == pytest.approx(deficit[0] * abs(first - theta[0]) + path, rel=1e-9, abs=1e-9)


@given(SEQUENCES, st.floats(0.01, 1))
@examples(37)
def test_gated_persistence_looks_back_for_a_round_large_enough(episode, kappa):
    played = severities(GatedPersistence(kappa, 0.5), episode)
    theta, deficit = episode.needed_severity, episode.deficit
    for t in range(len(episode)):
        past = [s for s in range(t) if deficit[s] >= kappa * deficit[t]]
        assert played[t] == (theta[past[-1]] if past else 0.5)


@given(SEQUENCES)
@examples(25)
def test_follow_the_leader_plays_a_minimiser_of_the_past(episode):
    played = severities(FollowTheLeader(), episode)
    theta, deficit = episode.needed_severity, episode.deficit
    for t in range(1, len(episode)):

        def past_loss(x, t=t):
            return math.fsum(deficit[:t] * np.abs(x - theta[:t]))

        best = min(past_loss(x) for x in theta[:t])
        assert past_loss(played[t]) <= best * (1 + 1e-9) + 1e-9


@given(SEQUENCES)
@examples(25)
def test_the_running_ratio_is_a_ratio_of_sums(episode):
    played = severities(RunningRatio(), episode)
    for t in range(1, len(episode)):
        ratio = math.fsum(episode.needed[:t]) / math.fsum(episode.deficit[:t])
        assert played[t] == pytest.approx(min(1.0, ratio), rel=1e-9)


@given(SEQUENCES, st.floats(0.05, 2))
@examples(25)
def test_ogd_steps_by_the_deficit_and_stays_in_the_domain(episode, scale):
    step = scale / float(episode.deficit.max())
    played = severities(ProjectedOGD(step, 0.5), episode)
    theta, deficit = episode.needed_severity, episode.deficit
    for t in range(len(episode) - 1):
        moved = played[t] - step * deficit[t] * np.sign(played[t] - theta[t])
        assert played[t + 1] == pytest.approx(min(1.0, max(0.0, moved)), abs=1e-12)


@given(SEQUENCES, st.sampled_from([0.25, math.sqrt(0.5), 1.5]))
@examples(40)
def test_adagrad_keeps_its_regret_bound(episode, c):
    """Reg(θ*) ≤ sqrt(S) ((1/2 + P)/c + c), with no step tuned in hindsight."""
    loss = severity_loss(episode, severities(AdaGradOGD(c), episode))
    path = math.fsum(np.abs(np.diff(episode.needed_severity)))
    squares = math.fsum(episode.deficit**2)
    assert loss <= math.sqrt(squares) * ((0.5 + path) / c + c) * (1 + 1e-9)


@given(SEQUENCES)
@examples(40)
def test_the_papers_step_keeps_proposition_1(episode):
    loss = severity_loss(episode, severities(paper_ogd(episode, first=1.0), episode))
    assert loss <= adl.bounds.PROPOSITION_1.value(episode) * (1 + 1e-9)


def test_the_papers_step_is_labelled_hindsight():
    assert paper_ogd(adl.episodes.october_10()).information is adl.Information.HINDSIGHT


def test_queue_breaks_ties_by_id_whatever_the_order_of_input():
    for ids in (["b", "a", "c"], ["c", "b", "a"]):
        start = adl.RoundStart(account=ids, capacity=[10.0, 10.0, 10.0], deficit=9.0)
        haircut = dict(zip(ids, QueueAllocation().allocate(None, start, 15.0), strict=True))
        assert haircut == {"a": 10.0, "b": 5.0, "c": 0.0}


def test_queue_by_a_function_of_the_round():
    start = adl.RoundStart(account=["a", "b"], capacity=[10.0, 20.0], deficit=9.0)
    smallest_first = QueueAllocation(lambda s: -s.capacity)
    assert smallest_first.allocate(None, start, 15.0).tolist() == [10.0, 5.0]


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=8), st.floats(0.01, 0.99))
@examples(25)
def test_a_queue_leaves_at_most_one_account_in_part(capacity, share):
    ids = [f"{i}" for i in range(len(capacity))]
    start = adl.RoundStart(account=ids, capacity=capacity, deficit=1.0)
    haircut = QueueAllocation().allocate(None, start, share * start.total_capacity)
    inside = (haircut > 1e-9 * start.capacity) & (haircut < start.capacity * (1 - 1e-9))
    assert inside.sum() <= 1


def test_worked_vector_of_five_accounts():
    """[Chitra25]: w = (8, 4, 0.5), θ = 0.5 of 15, queue order (2, 1, 3)."""
    start = adl.RoundStart(
        account=["1", "2", "3"],
        capacity=[8.0, 4.0, 0.5],
        deficit=15.0,
        features={"rank": [2.0, 3.0, 1.0]},
    )
    even = named("constant:0.5+pro-rata")
    assert even.decide(even.begin(), start).tolist() == pytest.approx([4.8, 2.4, 0.3])
    queue = named("constant:0.5+queue:rank")
    assert queue.decide(queue.begin(), start).tolist() == pytest.approx([3.5, 4.0, 0.0])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=10), st.integers(1, 5), st.floats(0, 1))
@examples(37)
def test_integer_pro_rata_sums_exactly_and_stays_within_a_lot(counts, lot, share):
    capacity = [float(c * lot) for c in counts]
    budget = float(lot * round(share * sum(counts)))
    start = adl.RoundStart(
        account=[str(i) for i in range(len(counts))],
        capacity=capacity,
        deficit=1.0,
        lot=[float(lot)] * len(counts),
    )
    haircut = IntegerProRata().allocate(None, start, budget)
    assert round(math.fsum(haircut) * 1e6) == round(budget * 1e6)
    assert np.abs(haircut - budget * start.capacity / start.total_capacity).max() < lot


def test_integer_pro_rata_counts_micro_dollars_without_lots():
    start = adl.RoundStart(account=["a", "b", "c"], capacity=[1.0, 1.0, 1.0], deficit=1.0)
    haircut = IntegerProRata().allocate(None, start, 1.0)
    assert haircut.tolist() == [0.333334, 0.333333, 0.333333]


def test_capped_pro_rata_respects_cap_and_floor():
    start = adl.RoundStart(
        account=["a", "b"], capacity=[100.0, 100.0], deficit=1.0, equity=[150.0, 30.0]
    )
    haircut = CappedProRata(cap=0.5, floor=10.0).allocate(None, start, 60.0)
    assert haircut.tolist() == pytest.approx([40.0, 20.0])
    assert CappedProRata(cap=0.2).allocate(None, start, 60.0).sum() == pytest.approx(40.0)


def test_mirror_descent_really_iterates_and_remembers_by_id():
    rule = MirrorDescent(step=0.2)
    first = adl.RoundStart(account=["a", "b"], capacity=[1.0, 1.0], deficit=1.0)
    state = rule.learn(rule.begin(), first, np.array([0.8, 0.2]))
    assert state == pytest.approx({"a": 0.6, "b": 0.2})
    swapped = adl.RoundStart(account=["b", "a", "new"], capacity=[1.0, 1.0, 1.0], deficit=1.0)
    haircut = rule.allocate(state, swapped, 0.9)
    assert haircut.tolist() == pytest.approx([0.2 - 0.2 / 3, 0.6 - 0.2 / 3, 0.3 - 0.2 / 3])


def test_mirror_descent_converges_to_the_least_burden():
    rule, state = MirrorDescent(step=0.05), {"a": 1.0, "b": 0.0, "c": 0.5}
    start = adl.RoundStart(account=["a", "b", "c"], capacity=[1.0, 2.0, 4.0], deficit=1.0)
    burdens = []
    for _ in range(200):
        haircut = rule.allocate(state, start, 2.1)
        burdens.append((haircut / start.capacity).max())
        state = rule.learn(state, start, haircut)
    assert burdens[0] > 0.5
    assert burdens[-1] == pytest.approx(2.1 / 7, abs=0.05)


def test_rounding_does_not_pick_who_is_let_off():
    rule = MirrorDescent(step=0.05)
    start = adl.RoundStart(account=list("abcd"), capacity=[3.0, 7.0, 11.0, 13.0], deficit=9.0)
    state = rule.learn(rule.begin(), start, 0.1 * start.capacity)
    assert len({round(h, 12) for h in state.values()}) == 1


def test_lots_are_kept_by_the_allocations_that_promise_it():
    episode = with_lots(adl.episodes.shock(rounds=4, winners=20, seed=1), 5.0)
    for allocation in ("integer-pro-rata", "min-max"):
        policy, state = named(f"constant:0.5+{allocation}"), None
        for round_ in episode:
            state = policy.begin()
            haircut = policy.decide(state, round_.start)
            assert np.abs(haircut / 5.0 - np.rint(haircut / 5.0)).max() < 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_least_burden_in_coarse_lots_always_answers(seed):
    rng = np.random.default_rng(seed)
    lot = np.round(rng.uniform(20, 200, 10), 6)
    start = adl.RoundStart(
        account=[str(i) for i in range(10)],
        capacity=lot * rng.integers(1, 30, 10),
        deficit=1.0,
        lot=lot,
    )
    budget = 0.3 * start.total_capacity
    haircut = named("persistence+min-max").allocation.allocate(None, start, budget)
    assert budget - lot.max() < math.fsum(haircut) <= budget * (1 + 1e-9)
    assert np.abs(haircut / lot - np.rint(haircut / lot)).max() < 1e-9


def test_estimate_without_an_estimate_teaches():
    start = adl.RoundStart(account=["a"], capacity=[1.0], deficit=1.0)
    policy = named("estimate")
    with pytest.raises(adl.InputError, match="give the round an ex ante estimate"):
        policy.decide(policy.begin(), start)


def test_a_step_computed_with_numpy_is_a_step():
    start = adl.RoundStart(account=["a"], capacity=[4.0], deficit=4.0)
    rule = ProjectedOGD(step=np.float64(0.05), first=np.float64(0.5))
    learnt = rule.learn(rule.begin(), start, 0.5, adl.RoundOutcome(needed=0.0))
    assert rule.decide(learnt, start) == 0.3
