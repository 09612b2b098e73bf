"""CONTRIBUTING is true: data walks through the files that it lists, and its recipes work."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALKS = {
    "adl.solve(round)": """
print(adl.solve(adl.Round.of(capacity=[120.0, 80.0], deficit=90.0, needed=60.0)))
""",
    "adl.play(episode, names)": """
episode = adl.episodes.shock(rounds=3, winners=5, seed=1)
print(adl.play(episode, ["persistence+pro-rata"]))
""",
    "adlopt solve round.toml": """
from adlopt.cli.main import main
sys.argv = ["adlopt", "solve", "round.toml"]
main()
""",
    "adl.deleverage(market, name)": """
print(adl.deleverage(adl.read_market("market.toml"), "hyperliquid"))
""",
    "adlopt.proof.check(file)": f"""
from adlopt.proof import check
print(check({str(ROOT / "proofs" / "prop_01_severity.py")!r}))
""",
}
TRACED = """
import sys
from pathlib import Path
import adlopt as adl

root, seen = str(Path(adl.__file__).parent) + "/", {{}}

def called(frame, event, _):
    code = frame.f_code
    if event == "call" and code.co_filename.startswith(root):
        seen.setdefault(code.co_filename.removeprefix(root))

def walk():
    {walk}

walk()
sys.setprofile(called)
walk()
sys.setprofile(None)
print("walked", *seen)
"""
OWN = {
    "allocation": ("evenly", '''
"""Everyone the same, as far as it can."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adlopt.model.round import RoundStart
from adlopt.policies.allocation import Memoryless
from adlopt.policies.protocols import Haircut, State


@dataclass(frozen=True, slots=True)
class Evenly(Memoryless):
    """min(u_i, x) that sum to the budget."""

    label: ClassVar[str] = "evenly"

    def allocate(self, state: State, start: RoundStart, budget: float) -> Haircut:
        """Raise the level until the budget is met."""
        low, high = 0.0, float(start.capacity.max(initial=0.0))
        for _ in range(99):
            level = (low + high) / 2
            enough = np.minimum(start.capacity, level).sum() >= budget
            low, high = (low, level) if enough else (level, high)
        return np.minimum(start.capacity, high)


ALLOCATIONS = {"evenly": Evenly}
'''),
    "rule": ("by_size", '''
"""The largest position first, at the mark."""

from adlopt.rules.parts import AT_MARK, queue
from adlopt.rules.row_formula import column
from adlopt.rules.rule import Rule

RULES = (Rule(name="by-size", close=queue(column("size"), price=AT_MARK)),)
'''),
    "bound": ("quarter", '''
"""What the constant a quarter guarantees."""

from sympy import Rational

from adlopt.bounds.bound import Bound, Comparator
from adlopt.bounds.quantity import TOTAL_DEFICIT

BOUNDS = (
    Bound(
        name="θ = 1/4",
        expression=Rational(3, 4) * TOTAL_DEFICIT.symbol,
        comparator=Comparator.PER_ROUND_OPTIMUM,
        covers="the constant severity 1/4",
        citation="|1/4 − θ*| ≤ 3/4",
    ),
)
'''),
    "figure": ("of_needs", '''
"""What rounds needed."""

from adlopt.report.plots.figure import asks


@asks("budgets-by-round", "How much was needed?", "")
def _needs(ax, evidence):
    """Draw a line."""
    ax.plot(evidence.episode.needed)
'''),
    "objective": ("dollars/halfway", '''
"""The least worst burden, by another name."""

from dataclasses import dataclass

from adlopt.model.loss import MinMax
from adlopt.optimum.dollars.least_loss import least_loss


@dataclass(frozen=True)
class Halfway:
    """An objective without parameters."""

    @property
    def worst(self) -> MinMax:
        """Burdens over capacity."""
        return MinMax()


def halfway(problem, objective, search):
    """Minimise it."""
    return least_loss(problem, search)
'''),
    "loader": ("own_rounds", '''
"""Rounds of an episode's file."""

from adlopt.data.files.reading import read_episode
from adlopt.data.loaders.loaded import Loaded
from adlopt.data.loaders.loader import Loader


def _read(paths, rules, how):
    episode = read_episode(paths[0])
    money = {"deficit": episode.deficit, "needed": episode.needed}
    rounds = episode.to_frame().select(wave="round", capacity="capacity_usd").with_columns(**money)
    return Loaded(
        name="own rounds", source=paths[0].name, rounds=rounds, accounts=None, unavailable={},
        look_ahead=(), origins={}, reports=(),
    )


LOADER = Loader(kind="own", takes="FILE (an episode)", read=_read, most=1)
'''),
}  # fmt: skip
OBJECTIVE = """\
    "halfway": Known(
        import_module("adlopt.optimum.dollars.halfway").Halfway,
        dollars=_later("dollars.halfway", "halfway"),
    ),
"""
SHOWN = {
    "severity": (("play", "october-10", "-p", "half-of-the-last"), "half-of-the-last"),
    "allocation": (("play", "episode.toml", "-p", "constant:1+evenly"), "evenly"),
    "rule": (("deleverage", "market.toml", "-r", "by-size"), "by-size"),
    "bound": (("bounds", "october-10"), "θ = 1/4"),
    "figure": (("plot", "october-10", "needs", "-o", "needs.svg"), "needs.svg"),
    "objective": (("solve", "round.toml", "--objective", "halfway"), "proven optimal"),
    "loader": (("load", "own", "episode.toml"), "own rounds: "),
}


COMMANDS = """
import contextlib, io, json, sys
from adlopt.cli.main import main

done = {}
for kind, words in json.loads(sys.argv[1]).items():
    sys.argv, code = ["adlopt", *words], 0
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), write_through=True)) as out:
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    done[kind] = code, out.buffer.getvalue().decode()
print(json.dumps(done))
"""


def adlopt(folder, commands, package=ROOT):
    """Run commands by name in one process; of each its exit code and what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(package)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Templates of what can be read."""
    folder = tmp_path_factory.mktemp("templates")
    files = ("round.toml", "market.toml", "episode.toml")
    done = adlopt(folder, {name: ("new", name) for name in files})
    assert all(code == 0 for code, _ in done.values())
    return folder


@pytest.mark.parametrize("door", WALKS)
def test_data_walks_through_the_files_that_are_listed(door, folder):
    listed = re.search(rf"^`{re.escape(door)}`: ((?:`[^`]+`(?: →\s)?)+)", PAGE, re.MULTILINE)
    stations = re.findall(r"`([^`]+)`", listed[1])
    code = TRACED.format(walk=WALKS[door].strip().replace("\n", "\n    "))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    walked = done.stdout.splitlines()[-1].split()[1:]
    assert set(stations) <= set(walked), walked
    assert sorted(stations, key=walked.index) == stations, walked


def rows():
    """The table of recipes: a folder, a table in a file."""
    row = r"^\| (\w+) \| `(adlopt/\S*)…`.* \| `(\w+)` of `(\S+)` \| `adlopt "
    return {kind: rest for kind, *rest in re.findall(row, PAGE, re.MULTILINE)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the tree with all recipes done: one file and one line each."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "adlopt", copy / "adlopt")
    shutil.copytree(ROOT / "proofs", copy / "proofs")
    (severity,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for kind, (file, source) in {"severity": ("half_of_the_last", severity), **OWN}.items():
        place, table, registry = rows()[kind]
        (copy / place / f"{file}.py").write_text(source.strip() + "\n", encoding="utf-8")
        line = OBJECTIVE if kind == "objective" else f'    "{file}",\n'
        path = copy / registry
        before = path.read_text(encoding="utf-8")
        opened = re.sub(rf"^({table}\b[^\n]*= [({{])([^\n]*)", rf"\1\n{line}\2", before, flags=re.M)
        assert opened != before
        path.write_text(opened, encoding="utf-8")
    return copy


def test_every_recipe_is_tried():
    assert rows().keys() == SHOWN.keys()


@pytest.fixture(scope="module")
def before_and_after(copy, folder):
    """What commands did without the recipes, and with them."""
    commands = {kind: words for kind, (words, _) in SHOWN.items()}
    return adlopt(folder, commands), adlopt(folder, commands, package=copy)


@pytest.mark.parametrize("kind", SHOWN)
def test_a_new_one_is_a_file_and_a_line(kind, before_and_after):
    (_, before), (code, after) = (done[kind] for done in before_and_after)
    assert code == 0
    assert SHOWN[kind][1] in after
    assert SHOWN[kind][1] not in before
