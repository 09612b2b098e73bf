"""Names of 1.0 still work, and say once where they stand."""

import importlib
import subprocess
import sys
import warnings

import pytest

from adlopt.foundation import moved

TAKEN_IN_1_0 = """
from adlopt.bounds import HALF, PROPOSITION_1, TRIVIAL, is_vacuous
from adlopt.comparator_path import comparator_curve
from adlopt.execution import LastSlope, Margin, execute, missed_by
from adlopt.loaders import load, load_table
from adlopt.loaders.hyperreplay import read_detail
from adlopt.optimum import Solution
from adlopt.policies import allocation_named, named
from adlopt.policies.grammar import named as named_now
from adlopt.quality import counted_once, inspect
from adlopt.quantity import TOTAL_DEFICIT
from adlopt.report import write_report
from adlopt.rules import Close, Formula, ProRata, Queue, Tier, column, rule_named
from adlopt.rules.deleverage import deleverage
from adlopt.rules.venues import VENUES
from adlopt.simulation import compare
from adlopt.sweep import on_threads
import adlopt.quality
assert named is named_now and adlopt.quality.inspect is inspect
assert adlopt.adversary.worst.__module__ == "adlopt.studies.adversary.worst"
"""


@pytest.fixture
def forgotten():
    """Forget old paths before and after, so that they are met for the first time."""

    def forget():
        old = [n for n, m in sys.modules.items() if isinstance(_loader(m), moved.OldPaths)]
        for name in sorted(old, reverse=True):
            above, _, last = name.rpartition(".")
            vars(sys.modules[above]).pop(last)
            del sys.modules[name]

    forget()
    yield
    forget()


def _loader(module):
    return getattr(getattr(module, "__spec__", None), "loader", None)


@pytest.mark.parametrize("old", moved.MODULES)
def test_a_module_of_1_0_hands_out_what_the_real_one_holds(old, forgotten):
    real = importlib.import_module(f"adlopt.{moved.MODULES[old]}")
    with warnings.catch_warnings(action="always", record=True) as said:
        module = importlib.import_module(f"adlopt.{old}")
    assert str(said[-1].message).startswith(f"adlopt.{old} is {real.__name__} since")
    assert len(said) == 1 + old.count(".")
    with warnings.catch_warnings(action="error"):
        assert importlib.import_module(f"adlopt.{old}") is module
    public = [name for name in dir(real) if not name.startswith("_")]
    assert dir(module) == dir(real)
    assert [getattr(module, name) for name in public] == [getattr(real, name) for name in public]


@pytest.mark.parametrize(
    ("package", "name"), [(p, name) for p, names in moved.NAMES.items() for name in names]
)
def test_a_name_of_1_0_is_what_stands_elsewhere(package, name, monkeypatch):
    held = importlib.import_module(f"adlopt.{package}".rstrip("."))
    vars(held).pop(name, None)
    with pytest.warns(DeprecationWarning, match=f"{name} is adlopt.{moved.NAMES[package][name]}"):
        value = getattr(held, name)
    with warnings.catch_warnings(action="error"):
        assert getattr(held, name) is value
    del vars(held)[name]


def test_scripts_of_1_0_run_and_each_old_name_warns_once_where_it_stands(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TAKEN_IN_1_0.replace("import adlopt.quality", "import adlopt.adversary") * 2)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    said = [line.partition("DeprecationWarning: ")[::2] for line in done.stderr.splitlines()]
    told = [words.split()[0] for _, words in said if words]
    assert sorted(told) == sorted(set(told))
    assert {
        "adlopt.quality",
        "adlopt.policies.allocation_named",
        "adlopt.loaders.hyperreplay",
    } <= set(told)
    assert all(where.startswith(f"{script}:") for where, words in said if words)


@pytest.mark.parametrize(
    "name", ["nonsense", "loaders.nonsense", "text.nonsense", "budget.nonsense"]
)
def test_what_never_was_is_not_found(name, forgotten):
    with warnings.catch_warnings(action="ignore"), pytest.raises(ModuleNotFoundError, match=name):
        importlib.import_module(f"adlopt.{name}")
