"""The registry: what a document is taken for, and what every entry must say of itself."""

import re
from pathlib import Path

import pytest

from cleaners.formats import FORMATS, TEXT, detect, named, names
from cleaners.formats.entry import HEAD, TAIL, Format, Glimpse
from cleaners.formats.reading import read
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.errors import ConfigError
from schemas.options import CleanOptions
from schemas.records import Record

ROOT = Path(__file__).parents[3]
SAMPLES = Path(__file__).parent / "samples"
SEEDS = sorted((ROOT / "seeds").glob("*.txt"))
TELEGRAM = {
    "result.json": "telegram-desktop-json",
    "account.json": "telegram-desktop-json",
    "messages.html": "telegram-desktop-html",
    "page.html": "telegram-web",
    "telethon.jsonl": "telegram-api-json",
    "updates.json": "telegram-api-json",
}


@pytest.mark.parametrize("sample", TELEGRAM)
@pytest.mark.parametrize("uri", ["", "a.txt", "https://t.me/s/x"], ids=["no-name", "text", "address"])
def test_samples_are_recognised_by_their_bytes_whatever_their_name(sample: str, uri: str) -> None:
    data = (SAMPLES / sample).read_bytes()
    for bytes_ in (data, b"\xef\xbb\xbf" + data, b"\r\n  " + data):
        found = detect(Glimpse.of(bytes_, uri))
        assert found is not None
        assert found.name == TELEGRAM[sample]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_seeds_are_plain_text(seed: Path) -> None:
    assert detect(Glimpse.of(seed.read_bytes(), seed.name)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"Harbour Watch, [01.03.2024 10:15:30]\nTwo freighters left port.\n",
        b'He wrote: {"messages": 3, "id": 1, "type": "x"} and left.\n',
        b"<3 this channel\nsee tgme or t.me/s/harbour\n",
        b"[1] a footnote\n[2] another one\n",
        b'{"text": "one"} {"text": "two"} are two objects of JSON.\n',
        b'{"text": "one"}{"text": "two"}\n\nThis is what it printed.\n{"text": "three"}{"text": "four"}\n',
        b"{\n  first {\n    text = 1\n  }\n}\n{\n  second\n}\n",
        b"{curly} words {in} a text\n{more}{of them}\n",
        "Первая строка\nвторая\n".encode("cp1251"),
    ],
    ids=[
        "empty",
        "blank",
        "pasted",
        "json-in-prose",
        "less-than",
        "footnotes",
        "objects",
        "output",
        "code",
        "curly",
        "cp1251",
    ],
)
def test_prose_is_plain_text(data: bytes) -> None:
    assert detect(Glimpse.of(data, "a.txt")) is None


def test_a_glimpse_of_the_ends_is_that_of_the_whole() -> None:
    data = (SAMPLES / "page.html").read_bytes() * 20
    assert len(data) > HEAD
    ends = Glimpse.of_ends(data[:HEAD], data[-TAIL:], len(data), "a/B.html", "text/html")
    assert ends == Glimpse.of(data, "a/B.html", "text/html")
    assert (ends.name, ends.size) == ("b.html", len(data))


def test_names_are_words_of_the_command_line_and_none_comes_twice() -> None:
    assert len(set(names())) == len(names()) == len(FORMATS) + 1
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", name) for name in names())


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_every_format_says_what_it_is(known: Format) -> None:
    assert named(known.name) is known
    assert known.title
    assert known.recognised_by
    assert known.keeps
    assert "/" in known.media_type
    assert all(extension.startswith(".") for extension in known.extensions)


def test_every_format_has_its_page() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    missing = [known.name for known in FORMATS if f"`{known.name}`" not in page]
    assert missing == []


def test_a_name_that_is_none_says_which_there_are() -> None:
    assert named(TEXT) is None
    with pytest.raises(ConfigError, match=r"'telegramm' is no format .* telegram-web"):
        named("telegramm")


def made_of(*findings: object) -> Format:
    return Format(
        name="made",
        title="made up",
        recognise=lambda glimpse: 0.0,
        parse=lambda data, options: iter(findings),  # type: ignore[arg-type]  # whatever the test wants
        media_type="text/x-made",
    )


@pytest.mark.parametrize(
    "ranges", [[(0, 5), (4, 6)], [(3, 5), (0, 2)], [(0, 11)], [(5, 4)], [(-1, 3)]], ids=str
)
def test_findings_that_overlap_or_leave_the_document_are_a_defect(ranges: list[tuple[int, int]]) -> None:
    found = [Record(start=start, end=end, kind="post") for start, end in ranges]
    with pytest.raises(ValueError, match="made: bytes"):
        read(made_of(*found), b"0123456789", CleanOptions())


def test_drifts_are_summed_up_and_bounded() -> None:
    found = [Drift(path=f"key{number % 2_000}", what="unknown-key") for number in range(5_000)]
    record = Record(start=0, end=1, kind="post")
    parsed = read(made_of(record, *found), b"0", CleanOptions())
    assert sum(drift.count for drift in parsed.drifts) == 5_000
    assert len(parsed.drifts) == 1_001


def test_a_document_without_records_is_refused() -> None:
    parsed = read(made_of(), b"0123", CleanOptions())
    (refusal,) = parsed.refusals
    assert (refusal.start, refusal.end, refusal.reason) == (0, 4, "no-records")
    told = Refusal(0, 4, "format", "truncated", "cut")
    assert read(made_of(told), b"0123", CleanOptions()).refusals == (told,)
