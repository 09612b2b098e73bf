"""The project's own rules: lint, types, layers, light import, public face."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import adlopt

ROOT = Path(__file__).parents[2]
HEAVY = ("cvxpy", "highspy", "matplotlib", "numba", "polars", "rich", "scipy", "sympy")


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        pytest.param(["mypy"], marks=pytest.mark.nightly("half a minute, which .ci/run has too")),
        ["importlinter.cli", "lint"],
    ],
    ids=["lint", "format", "types", "layers"],
)
def test_checks(command):
    module = [sys.executable, "-m", *command]
    if command[0] == "importlinter.cli":
        code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
        module = [sys.executable, "-c", code]
    done = subprocess.run(module, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, adlopt; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_solving_a_round_loads_neither_sympy_nor_cvxpy():
    code = (
        "import sys, adlopt as adl;"
        "adl.solve(adl.Round.of(capacity=[1.0], deficit=1.0, needed=0.5));"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_resolves_and_has_a_docstring():
    assert sorted(adlopt.__all__) == list(adlopt.__all__)
    for name in adlopt.__all__:
        assert getattr(adlopt, name).__doc__, name
    with pytest.raises(AttributeError):
        _ = adlopt.nonsense


def test_no_module_hides_a_public_name():
    modules = {module.name for module in pkgutil.iter_modules(adlopt.__path__)}
    shared = modules & set(adlopt.__all__)
    for name in shared:
        assert getattr(adlopt, name) is importlib.import_module(f"adlopt.{name}")


def test_the_readme_commands_are_what_runs_elsewhere():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    install = "python3 -m venv .venv && .venv/bin/pip install -e"
    assert f"{install} . && .venv/bin/adlopt play october-10\n" in readme
    assert f"{install} '.[test]' && .venv/bin/pytest -n auto\n" in readme
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
