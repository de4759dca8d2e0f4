"""A progress bar on stderr, drawn with rich. Imported only where a person watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from flows.progress import Progress

_STAGES = {"read": "reading", "clean": "cleaning", "publish": "publishing"}


@contextmanager
def bar(starting: str) -> Iterator[Callable[[Progress], None]]:
    """Show a bar while the block runs and give what moves it. Nothing of it stays on the screen."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(starting, total=None, found="")

        def tell(progress: Progress) -> None:
            drawn.update(
                task,
                description=_STAGES[progress.stage],
                completed=progress.done,
                total=progress.total or None,
                found=f"{progress.documents:,} documents, {progress.items_new:,} new items",
            )

        yield tell
