"""What a sweep is to play, read from a file."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from adlopt.data.episodes.built_in import october_10, shock
from adlopt.data.files.aims import objective_of
from adlopt.data.files.decoding import decode, naming
from adlopt.data.files.places import inside
from adlopt.data.files.reading import read_episode
from adlopt.errors import InputError, unknown
from adlopt.foundation.user_code import MARK
from adlopt.model.loss import Asymmetric, Empirical
from adlopt.policies.grammar import player, policy as policy_of
from adlopt.studies.simulation.world import COUNTS, Scenario
from adlopt.studies.sweep.plan import Contender, Priced, Source, Sweep, Task, own_code
from adlopt.studies.sweep.tasks import Crash, Instance

MOST_ROWS = 10**8
"""Rows of one sweep."""
T = TypeVar("T")


class EpisodeEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[episode]]`: shock, october-10 or a file; `rounds` and `winners` are for shock."""

    source: str
    rounds: int | list[int] | None = None
    winners: int | list[int] | None = None


def _one_or_more(kind: Any) -> Any:
    return kind | list[kind] | None


ScenarioEntry: Any = msgspec.defstruct(
    "ScenarioEntry",
    [(f.name, _one_or_more(int if f.name in COUNTS else float), None) for f in fields(Scenario)],
    forbid_unknown_fields=True,
)
"""One `[[scenario]]`: fields of `adlopt.Scenario`, each a value or a list of them."""


class SweepFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file that says what to sweep over: episodes, or scenarios of crashes in a closed loop."""

    policies: list[str] = []
    episode: list[EpisodeEntry] = []
    scenario: list[ScenarioEntry] = []
    loss: list[dict[str, Any]] = []
    parameters: dict[str, list[float | str]] = {}
    seeds: int | list[int] | None = None
    chunk: int = 32


def read_sweep(path: str | Path, policies: Sequence[str] = ()) -> Sweep:
    r"""Read what a sweep is to play.

    Parameters
    ----------
    path : str or Path
    policies : sequence of str
        Played besides those of the file. Code of one's own, path.py:name, is run only from here:
        a file is data.

    Raises
    ------
    InputError
        Naming file, key, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> text = '''
    ... policies = ["constant:{theta}+pro-rata", "persistence+queue"]
    ... seeds = 100
    ... [parameters]
    ... theta = [0.25, 0.5, 0.75]
    ... [[episode]]
    ... source = "shock"
    ... rounds = [16, 32]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sweep.toml"
    ...     _ = path.write_text(text)
    ...     print(read_sweep(path))
    800 rows: 200 episodes × 4 policies
    """
    path = Path(path)
    entry = decode(path, SweepFile)
    with naming(path):
        if entry.chunk < 1:
            raise InputError("chunk", entry.chunk, "a whole number ≥ 1")
        sources = tuple(_scenarios(entry) if entry.scenario else _sources(entry, path.parent))
        kinds = _kinds(entry.parameters, sources[0].first)
        found = Sweep(
            sources=sources,
            contenders=tuple(_contenders(entry, policies)),
            losses=tuple(_losses(entry.loss)) or (Priced(),),
            parameters=kinds,
            chunk=entry.chunk,
        )
        if len(found) > MOST_ROWS:
            expected = f"at most {MOST_ROWS:,} rows, not {len(found):,}"
            raise InputError("seeds", entry.seeds, expected)
    return found


def _sources(entry: SweepFile, folder: Path) -> Iterator[Source]:
    if not entry.episode:
        raise InputError("episode", [], "at least one episode or scenario")
    seeds = _seeds(entry)
    made: list[tuple[str, int | None, int | None]] = []
    for index, each in enumerate(entry.episode):
        if each.source == "shock":
            grid = itertools.product(
                _distinct(_listed(each.rounds, 16), f"episode[{index}].rounds", lowest=1),
                _distinct(_listed(each.winners, 1_000), f"episode[{index}].winners", lowest=1),
            )
            firsts = [Instance(name="shock", rounds=t, winners=n, seed=0) for t, n in grid]
        else:
            firsts = [_given(each, index, folder)]
        for first in firsts:
            key = (first.name, first.rounds, first.winners)
            if key in made:
                raise InputError("episode", str(first), "episodes that differ", index=index)
            made.append(key)
            yield Source(first=first, seeds=None if first.given is not None else seeds)
    if entry.seeds is not None and all(each.source != "shock" for each in entry.episode):
        raise InputError("seeds", entry.seeds, "nothing, as no episode is generated")


def _scenarios(entry: SweepFile) -> Iterator[Source]:
    for name, given in (("episode", entry.episode), ("loss", entry.loss)):
        if given:
            remedy = "play episodes in a spec of their own"
            raise InputError(name, f"{len(given)} given", "nothing beside scenario", remedy=remedy)
    seeds, made, usual = _seeds(entry), set[Scenario](), Scenario()
    for index, each in enumerate(entry.scenario):
        lists: dict[str, list[float]] = {}
        for name in ScenarioEntry.__struct_fields__:
            field = f"scenario[{index}].{name}"
            lists[name] = _listed(getattr(each, name), getattr(usual, name))
            if not lists[name]:
                raise InputError(field, [], "at least one number")
            _require_distinct(lists[name], field)
        for values in itertools.product(*lists.values()):
            with naming(f"scenario[{index}]"):
                scenario = Scenario(**dict(zip(lists, values, strict=True)))  # type: ignore[arg-type]
            if scenario in made:
                raise InputError("scenario", str(scenario), "scenarios that differ", index=index)
            made.add(scenario)
            yield Source(first=Crash(scenario=scenario, seed=0), seeds=seeds)


def _given(entry: EpisodeEntry, index: int, folder: Path) -> Instance:
    if entry.source != "october-10" and not entry.source.endswith((".toml", ".json")):
        built_in = ("shock", "october-10")
        besides = "a .toml or .json file"
        raise unknown(f"episode[{index}].source", entry.source, built_in, besides=besides)
    for name in ("rounds", "winners"):
        value = getattr(entry, name)
        if value is not None:
            raise InputError(f"episode[{index}].{name}", value, "nothing, unless source is shock")
    if entry.source == "october-10":
        episode = october_10()
    else:
        episode = read_episode(inside(folder, entry.source, f"episode[{index}].source"))
    return Instance(name=entry.source, rounds=len(episode), given=episode)


def _seeds(entry: SweepFile) -> Sequence[int]:
    if isinstance(entry.seeds, list):
        return _distinct(entry.seeds, "seeds", lowest=0)
    count = 1 if entry.seeds is None else entry.seeds
    if not 1 <= count <= MOST_ROWS:
        raise InputError("seeds", count, f"a number of seeds from 1 to {MOST_ROWS:,}, or a list")
    return range(count)


def _listed(given: T | list[T] | None, default: T) -> list[T]:
    return given if isinstance(given, list) else [default if given is None else given]


def _distinct(numbers: list[int], field: str, *, lowest: int) -> list[int]:
    if not numbers:
        raise InputError(field, numbers, "at least one whole number")
    for index, number in enumerate(numbers):
        if number < lowest:
            raise InputError(field, number, f"a whole number ≥ {lowest}", index=index)
    _require_distinct(numbers, field)
    return numbers


def _require_distinct(values: Sequence[T], field: str) -> None:
    seen: set[T] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise InputError(field, value, "a value not used before", index=index)
        seen.add(value)


def _kinds(parameters: dict[str, list[float | str]], first: Task) -> dict[str, str]:
    """Kind of each parameter; its values must be of one kind, and differ."""
    found = {}
    for name, values in parameters.items():
        field = f"parameters.{name}"
        if name in first.KEY or name in first.FIGURES or not name.isidentifier():
            raise InputError(field, name, "a word that is not the name of a column")
        if not values:
            raise InputError(field, values, "at least one value")
        text = isinstance(values[0], str)
        for index, value in enumerate(values):
            if isinstance(value, str) != text:
                raise InputError(field, value, "all numbers, or all texts", index=index)
            if isinstance(value, str) and MARK in value:
                raise InputError(field, value, "no code to run: a file is data", index=index)
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(field, value, "a finite number", index=index)
        _require_distinct(values, field)
        found[name] = "text" if text else "number"
    return found


def _contenders(entry: SweepFile, besides: Sequence[str]) -> Iterator[Contender]:
    """Put every value of a parameter into every policy that names it."""
    templates = [*entry.policies, *besides]
    if not templates:
        raise InputError("policies", [], "at least one policy")
    for index, template in enumerate(entry.policies):
        if MARK in template:
            remedy = f"code runs only by command: adlopt sweep … -p {template}"
            raise InputError("policies", template, "names", index=index, remedy=remedy)
    probe, made, used = shock(rounds=2, winners=2), set(), set()
    for index, template in enumerate(templates):
        names = list(dict.fromkeys(re.findall(r"\{(.*?)\}", template)))
        for name in names:
            if name not in entry.parameters:
                known = ", ".join(entry.parameters) or "none are given"
                raise InputError("policies", template, f"parameters of {known}", index=index)
        used.update(names)
        for values in itertools.product(*(entry.parameters[name] for name in names)):
            policy = template
            for name, value in zip(names, values, strict=True):
                policy = policy.replace(f"{{{name}}}", f"{value}")
            with naming(f"policies[{index}]"):
                shown = (player(policy) if entry.scenario else policy_of(policy, probe)).name
            if shown in made:
                raise InputError("policies", shown, "policies that differ", index=index)
            made.add(shown)
            given = dict(zip(names, values, strict=True))
            yield Contender(policy=policy, parameters=given, code=own_code(policy))
    for name in entry.parameters:
        if name not in used:
            remedy = f"write {{{name}}} in a policy"
            raise InputError(f"parameters.{name}", name, "a parameter in use", remedy=remedy)


def _losses(entries: list[dict[str, Any]]) -> Iterator[Priced]:
    """Each `[[loss]]`: as in a round file, with a name for its rows."""
    names = [entry.get("name") for entry in entries]
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise InputError(f"loss[{index}].name", name, "a name for its rows")
    _require_distinct(names, "loss")
    for index, entry in enumerate(entries):
        table = {key: value for key, value in entry.items() if key != "name"}
        with naming(f"loss[{index}]"):
            loss = objective_of(table)
            if not isinstance(loss, Asymmetric | Empirical):
                expected = "surrogate, asymmetric or empirical: a loss that prices the budget"
                raise InputError("loss.kind", table.get("kind"), expected)
        yield Priced(name=entry["name"], loss=loss)
