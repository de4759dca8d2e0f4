"""Measure the whole line: files in, published warehouse out, with each stage's share; beside it datatrove.

usage: python benchmarks/whole_line.py FOLDER [--workers N] [--datatrove PYTHON]

FOLDER holds text files (dumps); all of them are ingested into a warehouse in a temporary folder. Prints MB
of input for each CPU second, of all processes together: one core's speed. The first run is `feedmill ingest`
as users run it, with its peak memory; the second takes the same steps in one process, and times each of
them, on the first --share MB of the files. --datatrove names a Python that has datatrove 0.10.1, xxhash < 4
and spaCy: its reader, ftfy formatter and MinHash stages (benchmarks/line_datatrove.py) then work on the same
text, cut into documents of six lines, the length of a post: datatrove does not split dumps. It dates and
explains nothing, and keeps no bytes; its stages run one after the other on one worker.
"""

import argparse
import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as a worker has it (flows/nursery.py)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.signatures import load_kernel
from flows import cleaning, pipeline
from flows.grouping import grouped
from flows.ledger import Judge
from flows.runs import IngestRequest
from flows.settings import SourceSettings
from flows.sources import discover
from flows.survey import plan, survey
from flows.warming import warm_up
from warehouse import land as landing
from warehouse import tabulate
from warehouse.writer import writing

HERE = Path(__file__).resolve().parent
MB = 1e6


def main() -> None:
    """Print what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--share", type=float, default=20.0, help="MB for the run that times each stage")
    parser.add_argument("--datatrove", type=Path, help="a Python with datatrove")
    parser.add_argument("--skip-whole", action="store_true", help="only time the stages")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*.txt") if path.is_file())
    with tempfile.TemporaryDirectory(prefix="feedmill-line-") as scratch:
        if not options.skip_whole:
            whole(files, Path(scratch), options.workers)
        stages(files, Path(scratch), options.share)
        if options.datatrove:
            datatrove(options.datatrove, files, Path(scratch), options.share)


def whole(files: list[Path], scratch: Path, workers: int) -> None:
    """Run `feedmill ingest`, and print its speed and memory."""
    size = sum(path.stat().st_size for path in files)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "flows.cli",
            "ingest",
            *files,
            "--warehouse",
            scratch / "whole.duckdb",
            "--json",
        ],
        env={"PYTHONPATH": str(HERE.parent), "PATH": "", "FEEDMILL_WORKERS": str(workers)},
        stdout=subprocess.PIPE,
        check=False,
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    summary = json.loads(done.stdout)
    print(
        f"feedmill ingest: {size / MB:.1f} MB, {summary['items_new']:,} items, "
        f"{summary['duplicates']:,} of them copies; "
        f"{spent:.1f} CPU s, {wall:.1f} s of wall time: {size / MB / spent:.2f} MB/s a core; "
        f"largest process {after.ru_maxrss / 1e3:.0f} MB; warehouse "
        f"{(scratch / 'whole.duckdb').stat().st_size / MB:.0f} MB"
    )
    for path in scratch.glob("*whole*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


class Clock:
    """CPU seconds by stage. A stage inside another one is not counted twice."""

    def __init__(self) -> None:
        """Start with nothing spent."""
        self.spent: Counter[str] = Counter()
        self._open: list[float] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what the block spends."""
        began, self._open = time.process_time(), [*self._open, 0.0]
        try:
            yield
        finally:
            took = time.process_time() - began
            *outer, inner = self._open
            self.spent[name] += took - inner
            self._open = [*outer[:-1], outer[-1] + took] if outer else []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts what `function` spends."""

        def counted(*values: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*values, **named)

        return counted


def stages(files: list[Path], scratch: Path, share: float) -> None:
    """Take the steps of a run in this process, and print what each of them spends."""
    chosen: list[Path] = []
    for path in files:
        if sum(one.stat().st_size for one in chosen) < share * MB:
            chosen.append(path)
    size = sum(path.stat().st_size for path in chosen)
    clock = Clock()
    cleaning.sign = clock.timed("sign", cleaning.sign)
    tabulate.tabulate = clock.timed("tabulate", tabulate.tabulate)
    landing.match = clock.timed("match, in SQL", landing.match)
    judge = Judge()
    judge.verify = clock.timed("match, verify", judge.verify)  # type: ignore[method-assign] # a clock around it
    judge.place = clock.timed("match, place", judge.place)  # type: ignore[method-assign] # as above
    request = IngestRequest(
        inputs=tuple(SourceSettings(name="line", location=str(path)) for path in chosen),
        warehouse=scratch / "w.duckdb",
    )
    gc.set_threshold(200_000, 50, 50)  # as a worker has it (flows/worker.py)
    with clock.stage("load"):
        warm_up(compiled=True)
        load_kernel()  # as a worker does with jobs of the size that a run of such files has
    began = time.process_time() - clock.spent["load"]
    run = pipeline.begin(request)
    with (
        clock.stage("publish"),
        writing(request.warehouse, command="line", started_at=run.started_at.isoformat()) as writer,
    ):
        writer.start_run(run.run_id, run.started_at.isoformat(), "line")
        with clock.stage("read"):
            found = survey(discover(request.inputs, warehouse=request.warehouse), writer.known)
        answers = map(clock.timed("batch", _cleaned(clock)), plan(found.new, request))
        for some in grouped(answers, request.batch_bytes):  # as the pipeline lands them
            with clock.stage("land"):
                landed = pipeline.land(writer, some, run, judge)
        with clock.stage("check"):
            assert writer.check_new(run.run_id) == []
        writer.finish_run(run.run_id, run.started_at.isoformat(), "completed")
    total = time.process_time() - began
    print(f"\nby stage, {size / MB:.1f} MB in one process: {total:.1f} CPU s, {size / MB / total:.2f} MB/s")
    for name, seconds in clock.spent.most_common():
        print(
            f"    {name:14} {seconds:7.2f} s  {seconds / total:6.1%}  {size / MB / (seconds or 1):8.1f} MB/s"
        )
    assert landed.documents_new


def _cleaned(clock: Clock) -> Callable[[cleaning.Job], cleaning.Answer]:
    clean = clock.timed("clean", cleaning.clean)
    return lambda job: cleaning.clean_batch(job, clean=clean)


def datatrove(python: Path, files: list[Path], scratch: Path, share: float) -> None:
    """Run datatrove's stages on the same text in its own environment, and print what each of them spends."""
    folder = scratch / "datatrove"
    (folder / "in").mkdir(parents=True)
    size = rows = 0
    with (folder / "in" / "posts.jsonl").open("w", encoding="utf-8") as out:
        for path in files:
            if size >= share * MB:
                break
            size += path.stat().st_size
            for number, block in enumerate(_blocks(path.read_text(encoding="utf-8", errors="replace"))):
                out.write(json.dumps({"id": f"{path.name}/{number}", "text": block}) + "\n")
                rows += 1
    script = HERE / "line_datatrove.py"
    done = subprocess.run([python, script, folder], capture_output=True, text=True, check=False)
    result = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not result:
        print(f"\ndatatrove failed:\n{done.stderr[-2000:]}")
        return
    spent = json.loads(result[0].removeprefix("RESULT "))
    total = sum(spent.values())
    speed = size / MB / total
    print(f"\ndatatrove, {size / MB:.1f} MB, {rows:,} documents: {total:.1f} CPU s, {speed:.2f} MB/s")
    for name, seconds in spent.items():
        print(f"    {name:14} {seconds:7.2f} s  {seconds / total:6.1%}")


def _blocks(text: str) -> Iterator[str]:
    """Yield some lines at a time, as posts are long."""
    lines = [line for line in text.split("\n") if line.strip()]
    for start in range(0, len(lines), 6):
        yield "\n".join(lines[start : start + 6])


if __name__ == "__main__":
    main()
