"""Property tests draw the same examples in every run; ADLOPT_NIGHTLY draws new ones, and more."""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("nightly", max_examples=1_000, deadline=None, print_blob=True)
settings.load_profile("nightly" if os.environ.get("ADLOPT_NIGHTLY") else "steady")
