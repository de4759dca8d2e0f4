"""Poll addresses: who is due, what came of it, when to ask again.

A poll is written down only after what it brought has landed: an ETag that is stored too early loses a post.
"""

import contextlib
import datetime as dt
import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from flows.addresses import filled
from flows.fetch import Answer, FetchError, Validators, fetch
from flows.inputs import InputFailure, Ref, look
from flows.polled import Polled
from flows.sources import Discovery
from schemas.polls import Poll

#: Seconds between two requests to one host, and how many hosts are asked side by side.
HOST_SECONDS = 3.0
HOSTS = 4
#: What a server may ask for, and how long an address that fails is left alone at most.
LONGEST = 24 * 3600.0
#: The first wait after a failure; it doubles with each one.
FIRST_WAIT = 60.0
_GONE, _TOO_MANY, _UNAVAILABLE = 410, 429, 503

Fetch = Callable[..., Answer]


def poll(
    found: Discovery,
    scratch: Path,
    known: Iterable[Poll],
    now: Callable[[], dt.datetime],
    *,
    fetch: Fetch = fetch,
    pause: float = HOST_SECONDS,
) -> Polled:
    """Fetch the addresses among what was found; their bytes lie in `scratch` then.

    An address that is not due is passed over. One host is asked for one thing at a time, with a pause.
    """
    addresses = [ref for ref in found.refs if ref.address]
    if not addresses:
        return Polled(found=found)
    before = {(one.source, one.address): one for one in known}
    by_host: dict[str, list[tuple[int, Ref]]] = {}
    for number, ref in enumerate(addresses):
        by_host.setdefault(urlsplit(ref.uri).netloc.lower(), []).append((number, ref))

    def ask_host(refs: Sequence[tuple[int, Ref]]) -> list[tuple[Ref | InputFailure | str, Poll | None]]:
        told = []
        for place, (number, ref) in enumerate(refs):
            if place:
                time.sleep(pause)
            told.append(
                _ask(ref, scratch / f"fetched-{number:04}", before.get((ref.source, ref.uri)), now, fetch)
            )
        return told

    with ThreadPoolExecutor(HOSTS, "feedmill-fetch") as threads:
        told = [one for host in threads.map(ask_host, by_host.values()) for one in host]
    kept = [ref for ref in found.refs if not ref.address]
    fetched = [one for one, _ in told if isinstance(one, Ref)]
    return Polled(
        found=Discovery(
            refs=tuple(sorted((*kept, *fetched), key=lambda ref: (ref.source, ref.uri))),
            failures=(*found.failures, *(one for one, _ in told if isinstance(one, InputFailure))),
            skipped=(*found.skipped, *(one for one, _ in told if isinstance(one, str))),
        ),
        polls=tuple(poll for _, poll in told if poll is not None),
    )


def due(last: Poll | None, moment: dt.datetime, *, insist: bool = False) -> bool:
    """Say whether an address may be asked: also for one who insists only if the server has not said later."""
    if last is None or (insist and last.outcome != "later"):
        return True
    if last.outcome == "gone":
        return False
    return last.due_at is None or dt.datetime.fromisoformat(last.due_at) <= moment


def after(last: Poll | None, ref: Ref, moment: dt.datetime, told: Answer | FetchError, dice: float) -> Poll:
    """Return what to remember of a poll. `dice` in 0..1 spreads what would else come back all at once."""
    known = last or Poll(source=ref.source, address=ref.uri, polled_at="", outcome="new")
    at = _iso(moment)
    base = replace(known, polled_at=at, due_at=None, detail=None)
    status = told.status if isinstance(told, Answer) else None
    if isinstance(told, Answer) and status in {200, 304}:
        wait = min(told.max_age or 0.0, LONGEST)
        return replace(
            base,
            outcome="new" if status == 200 else "unchanged",
            etag=told.validators.etag or (known.etag if status == 304 else None),
            last_modified=told.validators.last_modified or (known.last_modified if status == 304 else None),
            answered_at=at,
            changed_at=at if status == 200 else known.changed_at,
            due_at=_iso(moment + dt.timedelta(seconds=wait)) if wait else None,
            failures=0,
        )
    failures = known.failures + 1
    wait = min(LONGEST, FIRST_WAIT * 2 ** min(failures - 1, 20)) * (1 + dice / 4)
    if isinstance(told, FetchError):
        due_at = _iso(moment + dt.timedelta(seconds=wait))
        return replace(base, outcome="failed", failures=failures, due_at=due_at, detail=told.reason)
    if told.status == _GONE:
        return replace(base, outcome="gone", failures=failures, detail="status 410")
    asked = told.retry_after if told.status in {_TOO_MANY, _UNAVAILABLE} else None
    wait = min(LONGEST, asked) if asked is not None else wait
    return replace(
        base,
        outcome="later" if told.status in {_TOO_MANY, _UNAVAILABLE} else "failed",
        failures=failures,
        due_at=_iso(moment + dt.timedelta(seconds=wait)),
        detail=f"status {told.status}",
    )


def _ask(
    ref: Ref, file: Path, last: Poll | None, now: Callable[[], dt.datetime], fetch: Fetch
) -> tuple[Ref | InputFailure | str, Poll | None]:
    if not due(last, now(), insist=ref.insist):
        return ref.uri, None
    told: Answer | FetchError
    try:
        with file.open("wb") as handle:
            known = Validators(etag=last.etag, last_modified=last.last_modified) if last else Validators()
            told = fetch(filled(ref.address or ""), handle, known, private=ref.private)
    except FetchError as error:
        told = error
    except KeyError as error:
        told = FetchError(
            f"its address names the variable {error.args[0]}, which is not set", "Set it in the environment."
        )
    noted = after(last, ref, now(), told, random.random())  # noqa: S311 - spreads load, keeps no secret
    if isinstance(told, Answer) and told.status == 200:
        when = ref.fetched_at or noted.polled_at
        here = replace(ref, path=str(file), bytes=told.bytes, address=None, fetched_at=when)
        return look(replace(here, media_type=told.media_type or here.media_type)), noted
    with contextlib.suppress(OSError):
        file.unlink()
    if isinstance(told, Answer) and told.status == 304:
        return ref.uri, noted
    return _failure(ref, told, noted), noted


def _failure(ref: Ref, told: Answer | FetchError, noted: Poll) -> InputFailure:
    if isinstance(told, FetchError):
        reason, next_step = told.reason, told.next_step
    else:
        reason = f"the server answers with status {told.status}"
        next_step = {
            "gone": "It is not asked again: take the address out of feedmill.toml.",
            "later": f"It asked to wait, and is not asked before {noted.due_at}.",
        }.get(noted.outcome, "Check the address in a browser; it is tried again at a later poll.")
    return InputFailure(source=ref.source, uri=ref.uri, reason=reason, next_step=next_step)


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
