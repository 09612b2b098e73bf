"""The rooms of the house, what stands in them, and that a newcomer finds it there once."""

import ast
import importlib
import pkgutil
import sys
import tomllib
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import adlopt as adl

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "adlopt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
ROOMS = {
    "bounds", "cli", "data", "foundation", "model", "optimum", "policies",
    "proof", "report", "rules", "scoring", "show", "studies",
}  # fmt: skip
BESIDE_ROOMS = {"benchmarks", "house", "trust", "gates"}
"""What is tested across all rooms."""


def path_of(file):
    """Dotted name of a file of the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {path_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}
FACES = [name for name, file in FILES.items() if file.name == "__init__.py"]


@cache
def tree(name):
    """What is written in a file."""
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def entries(folder):
    """What stands in a folder, without what Python leaves there."""
    return {path.name for path in folder.iterdir()} - {"__pycache__", ".mypy_cache"}


def test_the_package_holds_thirteen_rooms_and_their_door():
    door = {"__init__.py", "__main__.py", "errors.py", "testing.py", "py.typed"}
    assert entries(PACKAGE) == ROOMS | door


def test_tests_stand_in_rooms_of_the_same_names():
    assert entries(ROOT / "tests") == ROOMS | BESIDE_ROOMS | {"conftest.py"}


def test_the_layers_name_every_room_and_no_view_takes_objects():
    layers = PROJECT["importlinter"]["contracts"][0]
    named = {room.strip() for layer in layers["layers"] for room in layer.split("|")}
    assert named == ROOMS | {"__main__", "errors", "testing"}
    assert layers["exhaustive"]
    assert "ignore_imports" not in layers


@pytest.mark.parametrize("face", FACES)
def test_a_package_is_a_table_of_contents(face):
    """Docstring, imports (also for types alone), tables and the lazy table: no logic."""
    for node in tree(face).body:
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) == "TYPE_CHECKING"
            assert all(isinstance(line, ast.Import | ast.ImportFrom) for line in node.body)
            continue
        words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert words or isinstance(node, ast.Import | ast.ImportFrom | ast.Assign), node.lineno
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            assert ast.unparse(node.value.func) in ("attach", "forward", "callable_as"), node.lineno


def test_no_two_files_share_a_name():
    """But for a view, which is called like what it shows."""
    found = defaultdict(list)
    for name, file in FILES.items():
        if file.stem != "__init__" and not name.startswith("adlopt.show."):
            found[file.stem].append(name)
    assert [names for names in found.values() if len(names) > 1] == []


def test_no_two_public_classes_share_a_name():
    found = defaultdict(list)
    for name in FILES:
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    assert {name: homes for name, homes in found.items() if len(homes) > 1} == {}


@pytest.mark.parametrize("face", FACES)
def test_no_name_of_a_package_hides_a_module_below_it(face):
    package = importlib.import_module(face)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "__main__":
            real = importlib.import_module(f"{face}.{module.name}")
            assert getattr(package, module.name) is real is sys.modules[real.__name__]
            if module.name in getattr(package, "__all__", ()):
                assert real.__doc__


def imports(name):
    """What a module imports, for types alone and inside functions too."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                below = f"{node.module}.{each.name}"
                yield below if below in FILES else node.module


def test_no_module_imports_itself_by_a_detour():
    needs = {name: set(imports(name)) & FILES.keys() for name in FILES}
    TopologicalSorter(needs).prepare()


def test_the_package_shows_its_public_names_and_nothing_else():
    assert dir(adl) == sorted(adl.__all__)
    assert not [name for name in dir(adl) if name.startswith("_")]


def test_there_are_few_enough_public_names_to_learn():
    assert len(adl.__all__) <= 110
