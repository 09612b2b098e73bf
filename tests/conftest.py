"""Property tests draw the same examples in every run; ADLOPT_NIGHTLY draws new ones, and more."""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("nightly", max_examples=1_000, deadline=None, print_blob=True)
settings.load_profile("nightly" if os.environ.get("ADLOPT_NIGHTLY") else "steady")


def pytest_ignore_collect(collection_path, config):
    """Benchmarks run only where they are asked for: ``pytest tests/benchmarks``."""
    asked = any("benchmarks" in str(argument) for argument in config.invocation_params.args)
    return True if collection_path.name == "benchmarks" and not asked else None
