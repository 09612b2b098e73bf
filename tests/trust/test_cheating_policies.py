"""Policies that cheat: by globals, closures, mutation, identity, exceptions, garbage, frames."""

import gc
import inspect
import sys
import weakref

import numpy as np
import pytest

import adlopt as adl
from adlopt.testing import check_policy

SEEN = {}


@pytest.fixture
def episode():
    SEEN["episode"] = adl.episodes.shock(rounds=5, winners=10, seed=0)
    yield SEEN["episode"]
    SEEN.clear()


def taking(start, needed):
    return adl.pro_rata(start.capacity, min(needed, start.total_capacity))


def by_global(start):
    return taking(start, SEEN["episode"].rounds[start.t - 1].needed)


def by_default_argument(rounds):
    return lambda start, rounds=rounds: taking(start, rounds[start.t - 1].outcome.needed)


def by_attribute(episode):
    class Kept:
        rounds = episode.rounds

        def __call__(self, start):
            return taking(start, self.rounds[-1].needed)

    return Kept()


def by_weak_reference(episode):
    kept = (
        [weakref.ref(round_) for round_ in episode] if hasattr(adl.Round, "__weakref__") else None
    )
    ids = [id(round_) for round_ in episode]

    def policy(start):
        live = {id(each): each for each in gc.get_objects() if isinstance(each, adl.Round)}
        found = kept[start.t - 1]() if kept else live[ids[start.t - 1]]
        return taking(start, found.needed)

    return policy


def by_garbage(start):
    """Whoever holds the start is the round."""
    for holder in gc.get_referrers(start):
        if isinstance(holder, adl.Round):
            return taking(start, holder.needed)
    rounds = [each for each in gc.get_objects() if isinstance(each, adl.Round)]
    return taking(start, next(r.needed for r in rounds if r.start is start))


def by_frames(start):
    frame = inspect.currentframe()
    while frame is not None:
        for value in frame.f_locals.values():
            if isinstance(value, adl.Round) and value.start is start:
                return taking(start, value.needed)
            if isinstance(value, tuple) and value and isinstance(value[0], adl.Round):
                return taking(start, value[start.t - 1].needed)
        frame = frame.f_back
    raise AssertionError("the frames hold no round")


def by_traceback(start):
    try:
        _ = start.no_such_field
    except AttributeError as error:
        frame = error.__traceback__.tb_frame.f_back
    while frame is not None:
        rounds = frame.f_locals.get("rounds")
        if rounds is not None:
            return taking(start, rounds[-1].needed)
        frame = frame.f_back
    raise AssertionError("the frames hold no round")


def by_modules(start):
    episode = sys.modules[__name__].SEEN["episode"]
    return taking(start, float(episode.needed[-1]))


def by_column(name):
    return lambda episode: (
        lambda start: taking(start, start.deficit * min(float(getattr(episode, name)[-1]), 1.0))
    )


CHEATS = {
    "needed of all rounds": by_column("needed"),
    "needed severities of all rounds": by_column("needed_severity"),
    "global": lambda _: by_global,
    "closure": lambda episode: lambda start: taking(start, episode.rounds[-1].needed),
    "default argument": lambda episode: by_default_argument(episode.rounds),
    "attribute": by_attribute,
    "an outcome alone": lambda episode: (
        lambda start, last=episode.rounds[-1].outcome: taking(start, last.needed)
    ),
    "weak references and identity": by_weak_reference,
    "garbage collector": lambda _: by_garbage,
    "frames": lambda _: by_frames,
    "traceback": lambda _: by_traceback,
    "modules": lambda _: by_modules,
}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_looking_ahead_is_caught(episode, cheat):
    before = episode.needed.tolist()
    with pytest.raises(adl.CausalityError):
        check_policy(adl.policy(cheat(episode)), episode)
    assert episode.needed.tolist() == before


def test_a_cheat_that_hides_in_an_exception_is_no_policy(episode):
    """Where it would be seen it fails instead, which is no answer either."""

    def coy(start):
        needed = episode.rounds[start.t - 1].needed
        if needed != before[start.t - 1]:
            raise RuntimeError("you are looking")
        return taking(start, needed)

    before = [round_.needed for round_ in episode]
    with pytest.raises(adl.errors.PolicyError, match="RuntimeError: you are looking"):
        check_policy(adl.policy(coy), episode)
    assert [round_.needed for round_ in episode] == before


def mutate_capacity(start):
    start.capacity[:] = 0.0
    return start.capacity


def unlock_capacity(start):
    start.capacity.setflags(write=True)
    return start.capacity


def unlock_base(start):
    whole = np.frombuffer(start.capacity.base, dtype=float)
    whole.setflags(write=True)
    return whole


def add_a_feature(start):
    start.features["needed"] = start.capacity
    return start.capacity


def set_a_field(start):
    start.deficit = 0.0
    return start.capacity


@pytest.mark.parametrize(
    "mutate", [mutate_capacity, unlock_capacity, unlock_base, add_a_feature, set_a_field]
)
def test_a_start_cannot_be_changed(episode, mutate):
    with pytest.raises(adl.errors.PolicyError) as failed:
        check_policy(adl.policy(mutate), episode)
    assert isinstance(failed.value.__cause__, (ValueError, TypeError, AttributeError))


def test_a_haircut_changed_after_it_was_given_changes_nothing(episode):
    """A policy that keeps its array may write into it once it has learnt what was needed."""

    class Later:
        name = "later"
        information = adl.Information.ROUND_START

        def begin(self):
            return None

        def decide(self, state, start):
            self.given = np.zeros(start.capacity.size)
            return self.given

        def learn(self, state, start, haircut, outcome):
            self.given[:] = taking(start, outcome.needed)
            with pytest.raises(ValueError, match=r"read-only|WRITEABLE"):
                haircut[:] = self.given

    board = adl.play(episode, [Later()])
    assert board["later"].undershoot == pytest.approx(float(episode.needed.sum()))


@pytest.mark.parametrize("field", ["needed", "deficit"])
def test_a_policy_that_rewrites_the_rounds_is_caught(episode, field):
    class Forger:
        name = "forger"
        information = adl.Information.ROUND_START

        def begin(self):
            return None

        def decide(self, state, start):
            return start.capacity * 0.0

        def learn(self, state, start, haircut, outcome):
            object.__setattr__(outcome if field == "needed" else start, field, 0.0)

    with pytest.raises(adl.PolicyError, match="changed the rounds"):
        check_policy(Forger(), episode)


def test_state_kept_beside_the_state_is_caught(episode):
    class Diary:
        name = "diary"
        information = adl.Information.ROUND_START

        def __init__(self):
            self.needed = {}

        def begin(self):
            return None

        def decide(self, state, start):
            return taking(start, self.needed.get(start.t, 0.0))

        def learn(self, state, start, haircut, outcome):
            self.needed[start.t] = outcome.needed

    with pytest.raises(adl.PolicyError, match="differently when replayed"):
        check_policy(Diary(), episode)


def test_numbers_copied_beforehand_are_outside_the_guarantee(episode):
    """As the docstring says: it must declare hindsight, since nothing gives it away."""
    copied = episode.needed.tolist()
    check_policy(adl.policy(lambda start: taking(start, copied[start.t - 1])), episode)
    assert "copied out of an episode beforehand" in " ".join(check_policy.__doc__.split())


def test_a_policy_that_waits_for_the_check_to_end_is_outside_the_guarantee(episode):
    """It plays fair while it is checked."""

    def checked():
        frame = inspect.currentframe()
        while frame is not None:
            if frame.f_code is check_policy.__code__:
                return True
            frame = frame.f_back
        return False

    def coy(start):
        return start.capacity * 0 if checked() else by_global(start)

    check_policy(adl.policy(coy), episode)
    assert "tells that it is being checked" in " ".join(check_policy.__doc__.split())
