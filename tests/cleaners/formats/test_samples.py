"""One small sample a format, and the items that it must give (samples/expected.json)."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from format_properties import assert_tiled, cleaned
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.formats import choose, detect, named
from cleaners.formats.entry import Glimpse
from schemas.documents import Blob
from schemas.options import CleanOptions

SAMPLES = Path(__file__).parent / "samples"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
NAMES = sorted(EXPECTED)
#: Arrow ends the process on some broken Parquet files: in a run that costs a worker, here the tests.
DAMAGED = [name for name in NAMES if not name.endswith(".parquet")]


def facts(name: str) -> dict[str, object]:
    """Return what is expected of a sample, as JSON."""
    document = cleaned(None, (SAMPLES / name).read_bytes(), "anything")
    assert_tiled(document)
    items = []
    for item in document.items:
        said = asdict(item)
        kept = (
            "kind",
            "native_id",
            "title",
            "text",
            "author",
            "channel",
            "forwarded_from",
            "first_line",
            "last_line",
        )
        rest = ("byte_start", "byte_end", "urls", "hashtags", "posted_at", "edited_at")
        published = {key: said["published"][key] for key in ("best", "precision", "basis", "evidence")}
        if said["published"]["basis"] == "neighbours":  # tested where it is made
            published = {"basis": "neighbours"}
        extras = json.loads(item.extras) if item.extras else None
        items.append({key: said[key] for key in (*kept, *rest)} | {"published": published, "extras": extras})
    return json.loads(
        json.dumps(
            {
                "format": document.input_format,
                "items": items,
                "quarantine": [[one.reason, one.start, one.end] for one in document.quarantine],
                "drifts": [[one.path, one.what, one.count] for one in document.drifts],
                "notes": document.notes,
            }
        )
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_gives_the_items_that_it_holds(name: str) -> None:
    assert facts(name) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_names_and_media_types_are_no_evidence(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    known = detect(Glimpse.of(data, "notes.txt", "text/plain"))
    assert known is not None
    assert known.name == EXPECTED[name]["format"]
    assert choose(Blob(data=data, source="s", uri="x"), CleanOptions(input_format=known.name)) is named(
        known.name
    )


@pytest.mark.parametrize("name", DAMAGED)
@settings(max_examples=40)
@given(chance=st.data())
def test_damage_loses_no_byte_and_raises_nothing(name: str, chance: st.DataObject) -> None:
    """Cut, flip, splice and repeat: whatever is left of a sample, its bytes are accounted for."""
    data = bytearray((SAMPLES / name).read_bytes())
    known = named(EXPECTED[name]["format"])
    assert known is not None
    for _ in range(chance.draw(st.integers(1, 3))):
        at = chance.draw(st.integers(0, max(len(data) - 1, 0)))
        match chance.draw(st.sampled_from(["cut", "flip", "splice", "repeat", "drop"])):
            case "cut":
                del data[at:]
            case "flip" if data:
                data[at] = chance.draw(st.integers(0, 255))
            case "splice":
                data[at:at] = chance.draw(st.sampled_from(PIECES) | st.binary(max_size=20))
            case "repeat":
                data[at:at] = data[at : at + 200]
            case _:
                del data[at : at + chance.draw(st.integers(1, 200))]
    assert_tiled(cleaned(known.name, bytes(data)))


PIECES = [
    *(
        b'"',
        b"\\",
        b"\r",
        b"\n\n",
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\xbd",
        b"<!--",
        b"]]>",
        b"<![CDATA[",
        b"</item>",
    ),
    *(
        b"<item>",
        b"<!ENTITY a 'b'>",
        b"{",
        b"[" * 70,
        b"\nFrom x y\nA: b\n",
        b"--=_b1\n",
        b"WARC/1.0\r\n",
        b"&#xD800;",
    ),
    *(b"Content-Length: 99999999999\r\n", b"charset=utf-7", b"=?utf-8?B?////?=", b"<pre>", b"\xe2\x80\xa8"),
]


@pytest.mark.parametrize(
    "name", ["jsonl", "json-stream", "csv", "feed", "json-feed", "html", "mbox", "eml", "warc"]
)
@settings(max_examples=25)
@given(data=st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=12).map(b"".join))
def test_any_bytes_read_as_any_format_lose_no_byte(name: str, data: bytes) -> None:
    assert_tiled(cleaned(name, data))


@pytest.mark.parametrize(
    "text",
    [
        "From the hill one sees the sea.\n\nSubject: to change.\n",
        "Dear all, this is prose, with commas.\nAnd more, of it, here.\n",
        "Text, date\nof a heading that has a comma.\n",
        "<b>Not</b> a page, but a line with tags.\n",
        "{curly} brackets open this text.\n{and} this line.\n",
        "RSS and <rss> are words.\n",
        "WARC is an archive.\n",
        "Note: one\nDate: two\nA list of words with colons: three\n",
    ],
)
def test_prose_stays_prose(text: str) -> None:
    assert detect(Glimpse.of(text.encode(), "feed.xml")) is None
