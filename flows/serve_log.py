"""The log of `feedmill serve`: one JSON object a line, of bounded size, without secrets."""

import json
import logging
import os
import re
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from flows.settings import Settings
from flows.timetable import names

# Idle, a day is some kilobytes; each run says a dozen lines.
_BYTES, _FILES = 5_000_000, 3


class ServeLog:
    """Where the parent writes what it does and what its children say."""

    def __init__(self, file: Path, hidden: list[str]) -> None:
        """Open the file. The texts in `hidden` never appear in it."""
        escaped = [json.dumps(text)[1:-1] for text in hidden]
        words = sorted({*hidden, *escaped}, key=len, reverse=True)
        self._hidden = re.compile("|".join(map(re.escape, words))) if words else None
        self._handler = RotatingFileHandler(file, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(message)s"))
        self.file = file

    def write(self, who: str, line: str) -> None:
        """Write a line. What is JSON already, as Prefect's lines are, stays structured."""
        text = self._hidden.sub("***", line) if self._hidden else line
        said: object = text
        if text.startswith("{"):
            try:
                said = json.loads(text)
            except ValueError:
                said = text
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        row = json.dumps({"at": at, "from": who, "said": said}, ensure_ascii=False)
        self._handler.handle(logging.makeLogRecord({"msg": row}))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

    def last_words(self) -> str:
        """Return the end of the last line, for a message."""
        lines = self.file.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1][-500:] if lines else "it said nothing"


def secrets_of(settings: Settings) -> list[str]:
    """Return what must not be in a log: the values of the variables that addresses name."""
    texts = [*(source.location for source in settings.sources), settings.serve.notify or ""]
    named = {name for text in texts for name in names(text)}
    return [value for value in (os.environ.get(name) for name in sorted(named)) if value]
