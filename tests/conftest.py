"""What holds for all tests."""

import os

from hypothesis import settings

# A test is never timed: machines are noisy, and what is compiled takes seconds when it is first called.
settings.register_profile("explore", deadline=None)
# The suite says the same of the same code wherever it runs: its examples are drawn from the tests' own text.
# Those that look for new ones run it with HYPOTHESIS_PROFILE=explore.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
