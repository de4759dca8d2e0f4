"""The command `feedmill`: words in, exit status out.

Status: 0 done, 1 failed, 2 wrong usage, 3 done but some input went to quarantine or could not be read,
4 warehouse busy.
Nothing here imports Prefect, and nothing but the standard library is imported before `main` has made sure
that the four packages belong together.
"""

import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

DONE, FAILED, USAGE, QUARANTINED, BUSY = range(5)
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
TERMINATED = 143  # 128 + SIGTERM

_INTERRUPTED = "Query interrupted"
_stopping = threading.Event()
_PACKAGES = ("schemas", "cleaners", "warehouse")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return its exit status."""
    stranger = shadowed()
    if stranger:
        print(f"feedmill: {stranger}", file=sys.stderr)
        return FAILED
    try:
        with _terminable():
            return _run(list(sys.argv[1:] if argv is None else argv))
    except _Terminated:
        print("feedmill: stopped. What has landed stays; run it again to go on.", file=sys.stderr)
        return TERMINATED
    except KeyboardInterrupt:
        return INTERRUPTED


class _Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM), as a service manager does: it ends as on Ctrl-C."""


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end a command in good order: what has landed is published, worker processes go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        _stopping.set()
        raise _Terminated

    _stopping.clear()
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def shadowed(home: Path | None = None) -> str | None:
    """Return what to say if a package of feedmill is hidden by another of the same name, else None.

    `schemas`, `cleaners` and `warehouse` are general names: another library may bring one of them.
    """
    home = home or Path(__file__).resolve().parent.parent
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        places = [Path(place).resolve() for place in (spec and spec.submodule_search_locations) or ()]
        if places == [home / name]:
            continue
        if spec is None:
            return f"the package `{name}` is missing from {home}, where `flows` lies. Install feedmill again."
        where = ", ".join(map(str, places)) or spec.origin
        return (
            f"another package called `{name}` hides feedmill's own: {where} was found, {home / name} is "
            "needed. Install feedmill in a virtual environment of its own, or run it from another folder "
            "and without PYTHONPATH."
        )
    return None


def _run(tokens: list[str]) -> int:
    # Late on purpose: a stranger called `schemas` would fail here with an ImportError that helps nobody.
    from cyclopts import CycloptsError  # noqa: PLC0415

    from flows.learn import app  # noqa: PLC0415 - flows.commands, the commands of upkeep, and learn
    from flows.options import shield  # noqa: PLC0415
    from flows.output import OutputClosed  # noqa: PLC0415
    from flows.voice import Voice  # noqa: PLC0415
    from schemas.errors import ConfigError, FeedmillError, WarehouseBusy  # noqa: PLC0415

    quiet, tokens = _flag(tokens, "-q", "--quiet")
    verbose, tokens = _flag(tokens, "-v", "--verbose")
    voice = Voice(quiet=quiet, verbose=verbose)
    try:
        command, bound, hidden = app.parse_args(
            [shield(token) for token in tokens], exit_on_error=False, print_error=False
        )
        status = command(*bound.args, **bound.kwargs, **({"voice": voice} if "voice" in hidden else {}))
        return status if isinstance(status, int) else DONE
    except CycloptsError as error:
        said = str(error).replace("\0", "")
        words = " ".join(["feedmill", *(token for token in tokens[:1] if token in app), "--help"])
        voice.warn(f"{said} `{words}` shows an example.")
        return USAGE
    except OutputClosed:
        _drop_stdout()
        return DONE
    except FeedmillError as error:
        voice.warn(str(error))
        voice.trace(error)
        if isinstance(error, WarehouseBusy):
            return BUSY
        return USAGE if isinstance(error, ConfigError) else FAILED
    except Exception as error:  # the last place to turn a defect into something readable
        if str(error) == _INTERRUPTED:
            # DuckDB ends a query for a signal, and puts this in the place of what the handler raised.
            raise (_Terminated if _stopping.is_set() else KeyboardInterrupt) from error
        voice.warn(
            f"this is a defect of feedmill, not of your input: {type(error).__name__}: {error}. "
            "Run the command again with -v for the traceback, and report it."
        )
        voice.trace(error)
        return FAILED


def _flag(tokens: list[str], *names: str) -> tuple[bool, list[str]]:
    """Take a switch that every command knows out of the words before `--`."""
    end = tokens.index("--") if "--" in tokens else len(tokens)
    rest = [token for token in tokens[:end] if token not in names]
    return len(rest) < end, rest + tokens[end:]


def _drop_stdout() -> None:
    """Point stdout to nowhere, so that Python's flush at exit does not complain about the closed pipe."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
