"""What holds for all tests."""

import os

import pytest
from hypothesis import settings

# A test is never timed: machines are noisy, and what is compiled takes seconds when it is first called.
settings.register_profile("explore", deadline=None)
# The suite says the same of the same code wherever it runs: its examples are drawn from the tests' own text.
# Those that look for new ones run it with HYPOTHESIS_PROFILE=explore.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

#: These start processes and wait for them. `make test` has two files under way at a time, and begins here:
#: the first and the third in one process, the others, which share a Prefect server, in the other one.
FIRST = ("test_serve.py", "test_work_pool.py", "test_crash.py", "test_ingest.py", "test_vanished.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the tests of a file stay in their order."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))
