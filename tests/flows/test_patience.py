"""Patience: who works is waited for, who hangs or has worked for as long as it may is not."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from flows.patience import Patience


@pytest.fixture(params=["while True: pass", "import time; time.sleep(600)"], ids=["works", "hangs"])
def process(request: pytest.FixtureRequest) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with subprocess.Popen(
        [sys.executable, "-c", f"print(flush=True)\n{request.param}"], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it has started
        yield request.param, child
        child.kill()


class Clocked(Patience):
    """With a clock of another process that the test turns."""

    clock = 0.0

    def _worked(self) -> float:
        return self.clock


def spent(patience: Clocked, done: float) -> float:
    """Let time pass until none is left; return the seconds waited. `done`: share of them with work."""
    waited = 0.0
    while left := patience.left():
        patience._end -= left
        waited += left
        patience.clock += left * done
    return waited


@pytest.mark.parametrize(
    ("done", "waited"),
    [
        pytest.param(1.1, 60, id="as long as it may"),
        pytest.param(0.26, 240, id="a quarter of a core: four times as long"),
        pytest.param(0.03, 600, id="hardly any: to the end of patience"),
        pytest.param(0.0, 60, id="nothing: it hangs"),
    ],
)
def test_work_is_what_counts(done: float, waited: float) -> None:
    assert spent(Clocked(60.0), done) == pytest.approx(waited, rel=0.01)


def test_the_system_tells_what_a_process_has_done(process: tuple[str, subprocess.Popen[bytes]]) -> None:
    does, child = process
    patience = Patience(1000.0, child.pid)
    while "while" in does and patience._worked() - patience._begun < 0.2:
        assert child.poll() is None
    assert (patience._worked() - patience._begun >= 0.2) == ("while" in does)


def test_who_is_gone_has_done_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert Patience(1.0, child.pid)._worked() == 0.0
