"""Cleaned documents to Arrow: nothing is lost, nothing depends on order, nothing makes Arrow stumble."""

import hashlib
import json
import pickle
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse_cases import RECIPE, batch_of, document, sign

from schemas.documents import Refusal
from schemas.errors import WarehouseError
from schemas.items import CleanedDocument, Published
from warehouse import tabulate as module
from warehouse.batch import Batch
from warehouse.columns import key_of, moment, storable
from warehouse.items import as_json
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


def test_a_text_is_stored_once_per_spelling_and_reuse_brings_spellings_together() -> None:
    batch = batch_of(document(["Big  Fire"], ["big fire"], ["Big  Fire"]))
    assert batch.paragraph_texts["text"].to_pylist() == ["Big  Fire", "big fire"]
    assert len(set(batch.paragraphs["text_key"].to_pylist())) == 2
    reuse = {str(key).replace("-", "") for key in batch.paragraph_texts["reuse_key"].to_pylist()}
    assert reuse == {hashlib.blake2b(b"big fire", digest_size=16).hexdigest()}


def test_lone_surrogates_are_written_out_and_noted() -> None:
    batch = batch_of(document(["fine"], ["odd \ud83d text"], name="caf\udce9.txt"))
    assert "odd \\ud83d text" in batch.items["text"].to_pylist()
    assert "odd \\ud83d text" in batch.paragraph_texts["text"].to_pylist()
    assert batch.receipts["source"].to_pylist() == ["caf\\udce9.txt"]
    steps = dict(zip(batch.traces["line"].to_pylist(), batch.traces["steps"].to_pylist(), strict=True))
    assert json.loads(steps[2]) == [{"name": "escape-lone-surrogates", "plan": []}]
    assert json.loads(steps[1])[1] == {"name": "ftfy", "plan": [["encode", "latin-1"]]}


def test_an_escape_and_the_same_letters_are_one_stored_text() -> None:
    batch = batch_of(document(["\ud83d"], ["\\ud83d"]))
    assert batch.paragraph_texts.num_rows == 1


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
    assert batch.bodies["body"].to_pylist() == [data]


def test_bodies_are_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 4)
    batch = batch_of(document(["12345678"]), document())
    rows = batch.bodies.to_pylist()
    assert [
        (row["chunk"], row["byte_start"], row["body"]) for row in rows if row["byte_start"] or row["body"]
    ] == [
        (0, 0, b"1234"),
        (1, 4, b"5678"),
        (2, 8, b"\n"),
    ]
    assert len(rows) == 4  # and the empty chunk of the empty document


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
    assert moment("2023-07-13T23:30:00+03:00", str) == datetime(2023, 7, 13, 20, 30, tzinfo=UTC)
    assert moment("2023-07-13T23:30:00", str) == datetime(2023, 7, 13, 23, 30, tzinfo=UTC)


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


@given(
    st.dictionaries(
        st.sampled_from(["text", "published_confidence", "urls"]),
        st.none() | st.text() | st.floats(0, 1) | st.lists(st.text()),
    )
)
def test_what_versions_are_named_by_is_json(said: dict[str, str | float | list[str] | None]) -> None:
    assert as_json(said) == json.dumps(said, ensure_ascii=False)
