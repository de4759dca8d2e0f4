"""A single document in a process of its own: what happens to it happens to nobody else."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import pool
from flows.apart import Apart
from flows.cleaning import Casualty, Single
from flows.cli import main
from schemas.documents import Blob
from schemas.items import CleanedDocument
from schemas.options import CleanOptions

HOSTILE = (sys.executable, "-P", str(Path(__file__).with_name("hostile_worker.py")))
PAGE = b"""<!DOCTYPE html><html><head><title>The mill</title></head><body><article><h1>The mill</h1>
<p>The old mill by the river opened its doors again after many years of work by its neighbours.</p>
</article></body></html>"""


def single(text: str) -> Single:
    return Single(blob=Blob(data=text.encode(), source="s", uri="u"), options=CleanOptions())


@pytest.fixture
def hostile() -> Iterator[Apart]:
    with contextlib.closing(Apart(HOSTILE)) as apart:
        yield apart


def test_documents_are_cleaned_one_by_one_and_the_dead_are_replaced(hostile: Apart) -> None:
    assert isinstance(hostile.clean(single("One post.")), CleanedDocument)
    dead = hostile.clean(single("DIE now"))
    assert isinstance(dead, Casualty)
    assert (dead.reason, "SIGKILL" in dead.detail) == ("worker-died", True)
    failed = hostile.clean(single("RAISE no luck"))
    assert failed == Casualty(reason="cleaner-failed", detail="ValueError: no luck")
    assert isinstance(hostile.clean(single("PRINT Another post.")), CleanedDocument)


def test_one_that_takes_too_long_is_given_up(hostile: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "allowance", lambda size: 0.5)
    slow = hostile.clean(single("HANG"))
    assert isinstance(slow, Casualty)
    assert slow.reason == "timeout"


def test_preview_reads_risky_formats_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.html").write_bytes(PAGE)
    used = []
    clean = Apart.clean
    monkeypatch.setattr(Apart, "clean", lambda self, one: used.append(one.blob.uri) or clean(self, one))
    assert main(("preview", "a.html", "--format", "jsonl")) == 0
    assert '"title": "The mill"' in capsys.readouterr().out
    assert used == ["a.html"]
