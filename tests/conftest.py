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

#: These start processes and wait for them. `make test` runs two tests at a time: the others go on meanwhile.
FIRST = ("flows/test_serve.py", "flows/test_work_pool.py", "flows/test_ingest.py", "flows/test_crash.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, and those of one server, in one process; begin with what takes longest."""
    names = {item: item.path.as_posix() for item in items}
    for item, name in names.items():
        shared = "prefect_server" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("prefect server" if shared else name))
    # Sorting keeps the order within a file.
    items.sort(
        key=lambda item: next((at for at, one in enumerate(FIRST) if names[item].endswith(one)), len(FIRST))
    )
