"""Cleaned documents to Arrow: nothing is lost, nothing depends on order, nothing makes Arrow stumble."""

import hashlib
import json
import pickle
import random
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse_cases import RECIPE, batch_of, document, sign

from schemas.documents import Refusal
from schemas.errors import WarehouseError
from schemas.items import Card, CleanedDocument, Item, Kind, Published
from warehouse import paragraphs
from warehouse import tabulate as module
from warehouse.batch import Batch
from warehouse.columns import key_of, moments, storable
from warehouse.packing import PIECE, pack, unpack
from warehouse.tabulate import tabulate


def dated(published: Published) -> CleanedDocument:
    """A document of one item with this date."""
    cleaned, _ = document(["text"])
    object.__setattr__(cleaned.items[0], "published", published)
    return cleaned


def test_a_batch_survives_pickle_and_ipc() -> None:
    batch = batch_of(document(["a b", "> a b"], ["c"], refused=b"\xff"), document())
    assert pickle.loads(pickle.dumps(batch)) == batch  # noqa: S301 - our own bytes
    assert Batch.from_ipc(batch.to_ipc()) == batch


def test_a_cut_batch_is_no_batch() -> None:
    data = batch_of(document(["a"])).to_ipc()
    with pytest.raises(pa.ArrowInvalid):
        Batch.from_ipc(data[: len(data) // 2])


def test_an_empty_batch_has_all_its_tables() -> None:
    batch = batch_of()
    assert batch.document_ids == []
    assert {name for name, rows in batch.tables().items() if rows.num_rows} == {"recipe"}


def test_documents_with_the_same_bytes_are_one_with_all_names() -> None:
    first, second = document(["same"], name="b.txt"), document(["same"], name="a.txt")
    batch = batch_of(first, second)
    assert batch == batch_of(second, first)
    assert batch.documents.num_rows == batch.items.num_rows == 1
    assert sorted(batch.receipts["source"].to_pylist()) == ["a.txt", "b.txt"]


def test_a_paragraph_names_the_line_that_says_it_and_else_brings_its_text() -> None:
    cleaned, data = document(["One", "two", "One", "> One", "> 2"], ["two"], refused=b"x")
    batch = batch_of((cleaned, data))
    assert batch.paragraphs["text_line"].to_pylist() == [1, 2, 1, None, None, 1, None]
    assert batch.paragraphs["text"].to_pylist() == [None, None, None, "> One", "> 2", None, "x"]
    assert batch.paragraphs["item_ordinal"].to_pylist() == [0, 0, 0, 0, 0, 1, None]


def test_paragraphs_of_a_book_bring_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paragraphs, "REACH", 5)
    batch = batch_of(document(["abcde"], ["abcdef"]))
    assert batch.paragraphs["text"].to_pylist() == [None, "abcdef"]


def test_reuse_brings_spellings_together_and_only_of_what_items_keep() -> None:
    batch = batch_of(document(["Big  Fire"], ["big fire", "> big fire"], [" "], refused=b"big fire"))
    key = int.from_bytes(hashlib.blake2b(b"big fire", digest_size=16).digest()[:8])
    blank = int.from_bytes(hashlib.blake2b(b"", digest_size=16).digest()[:8])
    assert batch.paragraphs["reuse_key"].to_pylist() == [key, key, None, blank, None]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \n\t\r\xa0\u3000\x1fAẞß")))
)
def test_folding_at_once_is_folding_one_by_one(texts: list[str]) -> None:
    folded = [bytes(one) for one in paragraphs._folded(texts)]
    assert folded == [" ".join(text.casefold().split()).encode() for text in texts]


def test_a_title_is_kept_once() -> None:
    cleaned, data = document(["head", "and body"], ["another"], ["untitled"])
    titled = [
        replace(item, title=title) for item, title in zip(cleaned.items, ("head", "x", None), strict=True)
    ]
    rows = batch_of((replace(cleaned, items=tuple(titled)), data)).items
    assert rows["title"].to_pylist() == [None, "x", None]
    assert rows["title_length"].to_pylist() == [4, None, None]


def test_lone_surrogates_are_written_out_and_noted() -> None:
    batch = batch_of(document(["fine"], ["odd \ud83d text"], name="caf\udce9.txt"))
    assert "odd \\ud83d text" in batch.items["text"].to_pylist()
    assert batch.paragraphs["text_line"].to_pylist() == [1, 1]
    assert batch.receipts["source"].to_pylist() == ["caf\\udce9.txt"]
    steps = dict(zip(batch.traces["line"].to_pylist(), batch.traces["steps"].to_pylist(), strict=True))
    assert json.loads(steps[2]) == [{"name": "escape-lone-surrogates", "plan": []}]
    assert json.loads(steps[1])[1] == {"name": "ftfy", "plan": [["encode", "latin-1"]]}


@given(st.text(st.characters(exclude_categories=[])))
def test_storable_text_is_utf8_and_utf8_text_is_itself(text: str) -> None:
    stored = storable(text)
    stored.encode()
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert stored == text
    else:
        assert stored.encode() == text.encode("utf-8", "backslashreplace")


@given(st.lists(st.text(), min_size=2), st.lists(st.text(), min_size=2))
def test_keys_of_different_parts_differ(left: list[str], right: list[str]) -> None:
    assert (key_of(*left) == key_of(*right)) == (left == right)


def test_long_quarantine_stays_in_the_body() -> None:
    data = b"\0" * (module.QUARANTINE_RAW + 2)
    cleaned, _ = document(refused=data)
    refusals = (
        Refusal(0, module.QUARANTINE_RAW, "decode", "nul-bytes", "as long as may be"),
        Refusal(0, module.QUARANTINE_RAW + 1, "decode", "nul-bytes", "longer"),
    )
    object.__setattr__(cleaned, "quarantine", refusals)
    batch = batch_of((cleaned, data))
    assert batch.quarantine["raw"].to_pylist() == [data[: module.QUARANTINE_RAW], None]
    assert unpack(b"".join(batch.bodies["body"].to_pylist()), len(data)) == data


def test_bodies_are_frames_in_pieces() -> None:
    noise = random.Random(1).randbytes(3 * PIECE)  # noqa: S311 - bytes that do not compress
    made = [document(refused=noise), document()]
    batch = batch_of(*made)
    for cleaned, data in made:
        rows = [
            row for row in batch.bodies.to_pylist() if row["document_key"].hex == cleaned.document_id[:32]
        ]
        assert [row["piece"] for row in rows] == list(range(len(rows)))
        assert all(len(row["body"]) == PIECE for row in rows[:-1])
        frame = b"".join(row["body"] for row in rows)
        assert unpack(frame, len(data)) == data
        packed = dict(
            zip(
                batch.documents["document_id"].to_pylist(), batch.documents["packed"].to_pylist(), strict=True
            )
        )
        assert packed[cleaned.document_id] == len(frame)


@pytest.mark.parametrize("size", [0, 3, 5])
def test_a_frame_that_holds_something_else_is_refused(size: int) -> None:
    with pytest.raises((OSError, pa.ArrowException)):
        unpack(pack(b"four"), size)


@pytest.mark.parametrize(
    ("published", "best", "at"),
    [
        (Published(), None, None),
        (Published(best="2023-07-13", precision="day"), date(2023, 7, 13), None),
        (
            Published(best="2023-07-13T23:30:00Z", precision="second"),
            date(2023, 7, 13),
            datetime(2023, 7, 13, 23, 30, tzinfo=UTC),
        ),
        (Published(edtf="XXXX-07-13", precision="none", basis="stated-no-year"), None, None),
    ],
)
def test_dates_become_days_and_moments(published: Published, best: date | None, at: datetime | None) -> None:
    cleaned = dated(published)
    (row,) = batch_of((cleaned, b"text\n")).items.to_pylist()
    assert (row["published_best"], row["published_at"]) == (best, at)
    assert row["published_edtf"] == published.edtf


def test_a_moment_with_an_offset_is_moved_to_utc() -> None:
    texts = ["2023-07-13T23:30:00+03:00", None, "2023-07-13T23:30:00"]
    moved = [datetime(2023, 7, 13, 20, 30, tzinfo=UTC), None, datetime(2023, 7, 13, 23, 30, tzinfo=UTC)]
    assert moments(texts, str) == moved


def test_a_date_that_is_none_names_the_item() -> None:
    cleaned = dated(Published(best="13 July", precision="day"))
    with pytest.raises(WarehouseError, match=rf"Item {cleaned.items[0].item_id} of document .*'13 July'"):
        batch_of((cleaned, b"text\n"))


def test_a_document_without_bytes_is_an_error() -> None:
    cleaned, _ = document(["text"])
    with pytest.raises(KeyError):
        tabulate([cleaned], {}, {}, RECIPE, {}, "test-1")


def test_an_item_that_was_not_signed_has_no_text_key() -> None:
    cleaned, data = document(["signed"], ["not signed"])
    signed = {cleaned.items[0].text: sign("signed")}
    batch = tabulate([cleaned], {cleaned.document_id: data}, signed, RECIPE, {}, "test-1")
    assert [key is None for key in batch.items["text_key"].to_pylist()] == [False, True]
    assert batch.signatures.num_rows == 1
    assert batch.signatures["recipe"].to_pylist() == [RECIPE.name]


def test_signatures_and_bands_come_out_as_they_went_in() -> None:
    signed = sign("some words here")
    cleaned, data = document(["some words here"])
    batch = batch_of((cleaned, data))
    (signature,) = batch.signatures["signature"].to_pylist()
    assert np.array(signature, dtype="<u4").tobytes() == signed.signature
    assert tuple(batch.bands["band_key"].to_pylist()) == signed.bands
    assert batch.bands["band"].to_pylist() == [at % RECIPE.bands for at in range(len(signed.bands))]


def test_what_an_item_says_makes_its_version_and_where_it_stands_does_not() -> None:
    first = document(["intro"], ["same words"], ids=["a" * 32, "b" * 32])
    second = document(["same words"], ids=["b" * 32])
    third = document(["other words"], ids=["b" * 32])
    versions = [batch_of(made).items["version_id"].to_pylist()[-1] for made in (first, second, third)]
    assert versions[0] == versions[1] != versions[2]


ANY = st.text(st.characters(exclude_categories=[]), max_size=8)
MAYBE = st.none() | ANY
PLAIN = Item(
    item_id="ab" * 16,
    document_id="cd" * 32,
    source="s",
    ordinal=0,
    kind="post",
    first_line=1,
    last_line=2,
    byte_start=0,
    byte_end=9,
)


@given(
    kind=st.sampled_from(["post", "article"]), channel=MAYBE, title=MAYBE, text=ANY, lang=MAYBE, extras=MAYBE,
    posted_at=st.none() | st.just("2024-01-01T00:00:00Z"), hashtags=st.lists(ANY, max_size=2),
    confidence=st.floats(0, 1) | st.sampled_from([0, 1]), evidence=MAYBE, site=MAYBE,
)  # fmt: skip
def test_a_version_is_named_by_all_that_it_says(
    kind: Kind,
    channel: str | None,
    title: str | None,
    text: str,
    lang: str | None,
    extras: str | None,
    posted_at: str | None,
    hashtags: list[str],
    confidence: float,
    evidence: str | None,
    site: str | None,
) -> None:
    item = replace(
        PLAIN,
        kind=kind,
        channel=channel,
        title=title,
        text=text,
        published=Published(confidence=confidence, evidence=evidence),
        lang=lang,
        hashtags=tuple(hashtags),
        card=Card(site=site),
        posted_at=posted_at,
        extras=extras,
    )
    said = {
        "kind": kind, "channel": channel, "author": None, "native_id": None, "forwarded_from": None,
        "title": title, "text": text, "published_best": None, "published_earliest": None,
        "published_latest": None, "published_edtf": None, "published_precision": "none",
        "published_basis": "none", "published_confidence": confidence, "published_evidence": evidence,
        "lang": lang, "hashtags": hashtags, "urls": [], "card_site": site, "card_title": None,
        "card_description": None,
    }  # fmt: skip
    said |= {
        name: value for name, value in {"posted_at": posted_at, "extras": extras}.items() if value is not None
    }
    plainly = {
        name: storable(value)
        if isinstance(value, str)
        else [storable(one) for one in value]
        if isinstance(value, list)
        else value
        for name, value in said.items()
    }
    expect = key_of(item.item_id, json.dumps(plainly, ensure_ascii=False))
    cleaned, _ = document()
    # Beside others that say something else, so that no column says one thing only.
    others = [
        replace(PLAIN, text="other\t"),
        replace(PLAIN, kind="message", hashtags=("tag",), urls=("url",)),
    ]
    for items in ([item], [item, *others], [*others, item], [item, item]):
        rows = batch_of((replace(cleaned, items=tuple(items)), b"")).items
        assert rows["version_id"].to_pylist()[items.index(item)].bytes == expect
