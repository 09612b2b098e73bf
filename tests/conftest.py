"""Property tests draw the same examples in every run; ADLOPT_NIGHTLY draws new ones, and more."""

import gc
import sys
from functools import cache
from importlib.metadata import version

import pytest
from hypothesis import settings
from tiers import NIGHTLY, for_the_night

settings.register_profile("steady", max_examples=15, derandomize=True, deadline=None)
settings.register_profile("nightly", max_examples=1_000, deadline=None, print_blob=True)
settings.load_profile("nightly" if NIGHTLY else "steady")


PROOFS = (
    "tests/proof/test_proofs.py",
    "tests/proof/test_legends.py",
    "tests/proof/test_second_kernels.py",
    "tests/bounds/test_bound_proofs.py",
)
"""Files whose tests share a process, so that each proof that ships is checked once."""
LONG = (
    *PROOFS,
    "tests/studies/test_adversary.py",
    "tests/studies/test_axioms.py",
    "tests/studies/test_sweep.py",
    "tests/house/test_contributing.py",
    "tests/report/test_report.py",
    "tests/optimum/test_contracts.py",
    "tests/trust/test_interrupts.py",
    "tests/house/test_checks.py",
    "tests/house/test_examples.py",
    "tests/house/test_reference.py",
)
"""Files that start first, so that none of them is alone at the end; from 70 to 10 s of work."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Side by side, tests of a file share a process, and what they make once; so do `PROOFS`."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return PROOFS[0] if file in PROOFS else file

    config.option.loadscopereorder = False  # `LONG` has its order
    return ByFile(config, log)


@pytest.fixture(scope="session")
def checked():
    """Check a proof that ships, once in a process; ask for it in `PROOFS` only."""
    from adlopt.proof import check
    from adlopt.proof.library import proof_files

    return cache(lambda name: check(proof_files()[name]))


@pytest.fixture
def highs_has_traps():
    """Whether this HiGHS calls wrong answers optimal; from 1.16 on some traps are gone."""
    return tuple(map(int, version("highspy").split(".")[:2])) < (1, 16)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command line in this process, in a folder of its own: exit code, stdout, stderr."""
    from adlopt.cli import main as cli

    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["adlopt", *words])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        return (code, *capsys.readouterr())

    return run


def pytest_ignore_collect(collection_path, config):
    """Benchmarks run only where they are asked for: ``pytest tests/benchmarks``."""
    asked = any("benchmarks" in str(argument) for argument in config.invocation_params.args)
    return True if collection_path.name == "benchmarks" and not asked else None


def pytest_collection_finish():
    """Spare each collection of garbage the walk through ten thousand tests."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    """Skip by day what is marked for the night, and say why; leave most of many seeds for it."""
    order = {file: k for k, file in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(LONG)))
    for item in items if not NIGHTLY else ():
        for mark in item.iter_markers("nightly"):
            item.add_marker(pytest.mark.skip(reason=f"ADLOPT_NIGHTLY=1 runs it: {mark.args[0]}"))
    if any("::" in argument for argument in config.args):
        return
    left = [i for i in items if hasattr(i, "callspec") and for_the_night(i.callspec.params)]
    config.hook.pytest_deselected(items=left)
    gone = set(left)
    items[:] = [item for item in items if item not in gone]
