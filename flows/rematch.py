"""`feedmill ingest --rematch`: sign and match all stored texts anew, without the original files."""

import contextlib
from functools import partial

from cleaners.signatures import sign
from flows.ledger import Judge
from flows.output import write_json
from flows.pipeline import begin, clock, enter
from flows.runs import IngestRequest
from flows.settings import load
from flows.voice import Voice
from schemas.errors import InputError
from schemas.signatures import DEFAULT_RECIPE, Recipe
from warehouse.rematch import Rematched

_COMMAND = "feedmill ingest --rematch"


def rematch(request: IngestRequest, recipe: Recipe = DEFAULT_RECIPE) -> tuple[str, Rematched]:
    """Rebuild signatures, bands, pairs and clusters of a warehouse; return the run's id and what it came to.

    One transaction: until its end readers, and after a crash everyone, have what was there before.
    Raises WarehouseBusy, WarehouseError, and InputError where there is no warehouse.
    """
    if not request.warehouse.exists():
        raise InputError(
            f"There is no warehouse at {request.warehouse}, so there are no texts to match. Run feedmill "
            "ingest first, or name another file with --warehouse."
        )
    run = begin(request)
    with contextlib.ExitStack() as stack:
        writer = enter(stack, run, any_recipe=True)
        found = writer.rematch(
            partial(sign, recipe=recipe), recipe, run_id=run.run_id, at=clock(), matcher=Judge()
        )
        writer.finish_run(run.run_id, finished_at=clock(), state="completed")
    return run.run_id, found


def rematched(warehouse: str | None, voice: Voice, *, as_json: bool, wait: float) -> int:
    """Do what `ingest --rematch` asks for, tell what came of it, and return the exit status."""
    request = IngestRequest(
        inputs=(), warehouse=load(warehouse=warehouse).warehouse, wait=wait, command=_COMMAND
    )
    run_id, found = rematch(request)
    if as_json:
        write_json(
            {
                "run_id": run_id,
                "state": "completed",
                "texts": found.texts,
                "duplicates_before": found.duplicates_before,
                "duplicates": found.duplicates,
            }
        )
    voice.tell(
        f"{found.texts:,} texts signed and matched anew: {found.duplicates:,} items are copies, "
        f"{found.duplicates_before:,} were before. Run {run_id}."
    )
    return 0
