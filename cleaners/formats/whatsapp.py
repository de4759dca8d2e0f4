"""WhatsApp's exported chats: `12/05/2024, 21:14 - Anna: ` (Android), `[12.05.24, 21:14:05] Anna: ` (iOS).

Days are written as the phone's language has them, so whether 5/12 is a day of May is asked of the whole file.
What the app itself says stands behind U+200E or has no sender.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.json_slices import dump
from schemas.options import CleanOptions
from schemas.records import Finding, Record

_NAME = "whatsapp"
_MARK = "(?:\u200e|\u200f)?"
_BLANK = "(?: |\u202f|\u00a0)"
_DAY = r"(\d{1,4})([./-])(\d{1,2})[./-](\d{2,4})" + f"(?:{_BLANK}?г[.])?"
_HALF = rf"(?:{_BLANK}?([AaPp])\.?{_BLANK}?[Mm]\.?)?"
#: A sender is behind the time; a name of the address book may hold nearly anything.
_HEAD = re.compile(
    (
        rf"^{_MARK}(?:{_DAY}(,?) (\d{{1,2}})[:.](\d\d){_HALF} - "
        rf"|{_MARK}\[{_DAY}(,?) (\d{{1,2}})[:.](\d\d)[:.](\d\d){_HALF}\] )"
    ).encode(),
    re.MULTILINE,
)
#: Marks of direction and blanks around what is shown, and the tilde of a sender who is in no address book.
_MARKS = "\u200e\u200f\u202a\u202c\u00a0 ~\r\n"
_SENDER = re.compile(r"([^:\n]{1,80}): ?")
_OMITTED = re.compile(r"<[^<>\n]{3,60}>")
#: Messages that recognition asks for, and how many make the order of day and month plain, if any do.
_LEAST, _ENOUGH = 2, 20_000
#: What tells a part of a file the order: a message that is left out.
_SAMPLE = {"dmy": b"31/12/2000, 00:00 - a: \n", "mdy": b"12/31/2000, 00:00 - a: \n"}


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the first line and another one begin with a time as the app writes it."""
    first = _HEAD.match(glimpse.head)
    if first is None:
        return 0.0
    heads = list(_HEAD.finditer(glimpse.head))
    commas = sum(_parts(found)[3] for found in heads)
    # Logs of servers write [2024-05-12 21:14:05] without a comma.
    sure = 2 * commas >= len(heads) or "\u200e".encode() in glimpse.head or b" - " in first[0]
    return 0.8 if len(heads) >= _LEAST and sure else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each message; lines without a time belong to the message above them."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    text = encoded.utf8
    heads = list(_HEAD.finditer(text))
    order = _order(_parts(found)[0] for found in heads)
    ends = [*(found.start() for found in heads[1:]), len(text)]
    for found, end in zip(heads, ends, strict=False):  # no message: nothing to end
        said = text[found.end() : end].decode("utf-8", "replace").rstrip("\r\n")
        yield _record(found, said, order, encoded.at(found.start()), encoded.at(end))


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:
    """Return how a chat is cut: before a message. The context says the order of day and month."""
    text = to_utf8(head, options=options.decode).utf8
    order = _order(_parts(found)[0] for found, _ in zip(_HEAD.finditer(text), range(_ENOUGH), strict=False))
    context = _SAMPLE.get(order or "", b"")

    def cut(data: bytes, _: bytes, wanted: int) -> tuple[int, bytes] | None:
        near = max(wanted - 65_536, 0)  # lines of prose are short of this; else the first message behind
        starts = [found.start() for found in _HEAD.finditer(data, near) if found.start()]
        before = [start for start in starts if start <= wanted]
        at = before[-1] if before else starts[0] if starts else None
        return (at, context) if at else None

    def resume(data: bytes, _: bytes) -> int:
        found = _HEAD.search(data, 1)
        return found.start() if found else -1

    return Cutter(cut=cut, resume=resume)


def _parts(found: re.Match[bytes]) -> tuple[tuple[str, str, str, str], tuple[int, int, int], str, bool]:
    """Return the day as it is written with what parts it, hour, minute and second, the half of the day, and
    whether a comma stands behind the day."""
    groups = [(group or b"").decode() for group in found.groups()]
    if found[1] is not None:
        first, mark, second, third, comma, hour, minute, half = groups[:8]
        seconds = "0"
    else:
        first, mark, second, third, comma, hour, minute, seconds, half = groups[8:17]
    return (first, second, third, mark), (int(hour), int(minute), int(seconds)), half.lower(), bool(comma)


def _order(days: Iterable[tuple[str, str, str, str]]) -> str | None:
    """Return how a chat writes its days: ymd, dmy, mdy; None where both of the latter are possible.

    A chat goes on in time: of two orders the one counts in which it does.
    """
    seen = list(days)
    if not seen or len(seen[0][0]) == 4:
        return "ymd"
    if seen[0][3] == ".":
        return "dmy"
    numbers = [(int(first), int(second), int(third)) for first, second, third, _ in seen]
    if any(first > 12 for first, _, _ in numbers):
        return "dmy"
    if any(second > 12 for _, second, _ in numbers):
        return "mdy"
    kept = [
        order
        for order, days in (
            ("dmy", [(third, second, first) for first, second, third in numbers]),
            ("mdy", [(third, first, second) for first, second, third in numbers]),
        )
        if all(day <= after for day, after in pairwise(days))
    ]
    return kept[0] if len(kept) == 1 else None


def _moment(found: re.Match[bytes], order: str | None) -> str | None:
    """Return the local time of a message; its zone is not said."""
    (first, second, third, _), (hour, minute, seconds), half, _ = _parts(found)
    if order is None:
        return None
    year, month, day = {
        "ymd": (first, second, third),
        "dmy": (third, second, first),
        "mdy": (third, first, second),
    }[order]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    full = int(year) + (2000 if len(year) <= 2 else 0)
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31 and hour < 24 and minute < 60 and seconds < 60):
        return None
    return f"{full:04}-{int(month):02}-{int(day):02}T{hour:02}:{minute:02}:{seconds:02}"


def _record(found: re.Match[bytes], said: str, order: str | None, start: int, end: int) -> Record:
    sender = None if said.startswith("\u200e") else _SENDER.match(said)
    text, extras = (said[sender.end() :], {}) if sender else ("", {"text": said.strip(_MARKS)})
    first, _, rest = text.partition("\n")
    # What the app says of a file that was sent; a caption may stand below it.
    if first.startswith("\u200e") or _OMITTED.fullmatch(first.strip()):
        text, extras = rest, {"media": first.strip(_MARKS)}
    moment = _moment(found, order)
    return Record(
        start=start,
        end=end,
        kind="message" if sender else "service",
        text=text,
        author=sender[1].strip(_MARKS) if sender else None,
        posted_at=moment,
        posted_evidence=found[0].decode("utf-8", "replace").strip(_MARKS + "[]-") if moment else None,
        extras=dump(extras) if extras else None,
    )


FORMAT = Format(
    name=_NAME,
    title="WhatsApp's exported chat",
    recognise=recognise,
    parse=parse,
    media_type="text/x-whatsapp",
    extensions=(".txt",),
    recognised_by="lines that begin with a time and a sender: `12/05/2024, 21:14 - Anna:` and its like",
    keeps=(
        "local times",
        "senders",
        "messages of several lines",
        "what the app itself says",
        "names of media",
    ),
    cutter=cutter,
)
