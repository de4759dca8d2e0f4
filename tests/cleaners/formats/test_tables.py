"""JSON lines, CSV and Parquet: what their bytes can do, and how columns are found."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pytest
from format_properties import assert_tiled, cleaned, parsed, reasons, records
from pyarrow import parquet

from cleaners.chain import clean
from cleaners.formats import columns, detect, named
from cleaners.formats.entry import Glimpse
from cleaners.formats.times import iso
from schemas.documents import Blob, Refusal
from schemas.drift import Drift
from schemas.errors import ConfigError
from schemas.options import CleanOptions, Columns
from schemas.records import Note


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def written(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("codec", ["utf-8", "cp1251", "koi8-r", "utf-16"])
def test_a_header_is_read_in_the_encoding_of_its_file(codec: str) -> None:
    rows = "".join(f"{day}.05.2024;Мост;Открыт новый мост через реку\r\n" for day in (12, 13, 14))
    data = f"дата;заголовок;текст\r\n{rows}".encode(codec)
    document = clean(Blob(data=data, source="s", uri="x.csv"))
    assert [item.title for item in document.items] == ["Мост"] * 3
    assert [item.published.best for item in document.items] == ["2024-05-12", "2024-05-13", "2024-05-14"]


class TestColumns:
    def test_the_best_name_of_a_role_wins(self) -> None:
        known = columns.table(["Description", "Full_Text", "ID", "Published At", "created_at"], None)
        assert known.roles == {"text": "Full_Text", "date": "Published At", "id": "ID"}

    @pytest.mark.parametrize("name", ["date_iso", "Published On", "sent_at", "post-date", "created_utc"])
    def test_columns_of_dates_go_by_many_names(self, name: str) -> None:
        assert columns.table(["text", name], None).roles == {"text": "text", "date": name}

    def test_columns_have_names_in_other_languages(self) -> None:
        for names in (["Autor", "Titel", "Inhalt", "Datum"], ["Autor", "Título", "Texto", "Fecha"]):
            roles = columns.table(names, None).roles
            assert roles == dict(zip(("author", "title", "text", "date"), names, strict=True))

    def test_a_column_has_one_role(self) -> None:
        assert columns.table(["source", "text"], None).roles == {"text": "text", "channel": "source"}

    def test_a_given_mapping_replaces_the_guess(self) -> None:
        options = CleanOptions(columns=Columns(roles=(("text", "data.words"), ("id", "nr")), scope="news"))
        data = lines({"nr": 7, "text": "not this", "data": {"words": "but this"}})
        document = clean(
            Blob(data=data, source="s", uri="x"), CleanOptions(input_format="jsonl", columns=options.columns)
        )
        [item] = document.items
        assert (item.text, item.native_id) == ("but this", "7")
        assert "set: text = 'data.words'" in document.notes[0]

    def test_ids_of_a_mapped_source_name_an_item_in_all_its_files(self) -> None:
        options = CleanOptions(
            input_format="jsonl", columns=Columns(roles=(("text", "text"), ("id", "id")), scope="news")
        )
        old = clean(Blob(data=lines({"id": 7, "text": "first"}), source="s", uri="a"), options)
        new = clean(Blob(data=lines({"id": 7, "text": "second"}), source="s", uri="b"), options)
        assert old.items[0].item_id == new.items[0].item_id
        plain = CleanOptions(input_format="jsonl")
        old, new = (
            clean(Blob(data=lines({"id": 7, "text": text}), source="s", uri=text), plain) for text in "ab"
        )
        assert old.items[0].item_id != new.items[0].item_id

    @pytest.mark.parametrize(
        ("mapping", "said"),
        [
            ({"txt": "a"}, "'txt' is no role"),
            ({"text": 3}, "text must be the name of a column"),
            ({"text": ""}, "text must"),
        ],
    )
    def test_a_bad_mapping_is_refused(self, mapping: dict[str, object], said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            columns.check(mapping)

    @pytest.mark.parametrize("name", ["jsonl", "csv", "parquet"])
    def test_a_table_without_text_says_how_to_name_the_column(self, name: str) -> None:
        data = {
            "jsonl": lines({"a": 1}, {"a": 2}),
            "csv": b"a,b\n1,2\n3,4\n",
            "parquet": written(pa.table({"a": [1]})),
        }[name]
        [refusal] = [one for one in parsed(name, data) if isinstance(one, Refusal)]
        assert refusal.reason == "no-text-column"
        assert "[sources.columns]" in refusal.detail

    def test_every_rule_has_a_name_that_is_found(self) -> None:
        for role, common in columns.names().items():
            for name in common:
                assert columns.table([name.upper()], None).roles == {role: name.upper()}


class TestJsonRows:
    @pytest.mark.parametrize("indent", [None, 0, 2])
    def test_an_array_and_a_list_in_an_object_are_rows(self, indent: int | None) -> None:
        rows = [{"text": "one", "date": "2024-01-02"}, {"text": "two", "views": 2**64}]
        for data in (
            json.dumps(rows, indent=indent),
            json.dumps({"status": "ok", "hits": 2, "articles": rows, "next": [{"a": 1}]}, indent=indent),
        ):
            document = cleaned(None, data.encode())
            assert_tiled(document)
            assert document.input_format == "json"
            assert [item.text for item in document.items] == ["one", "two"]
            assert document.items[1].extras == '{"views": 18446744073709551616}'

    def test_a_row_alone_is_one(self) -> None:
        data = json.dumps({"title": "T", "text": "A [b] {c}.", "tags": ["x"]}, indent=1).encode()
        document = cleaned(None, data)
        assert [(item.kind, item.text, item.hashtags) for item in document.items] == [
            ("article", "T\n\nA [b] {c}.", ("x",))
        ]

    def test_what_stands_in_front_of_the_rows_names_their_channel(self) -> None:
        rows = [{"text": "one"}, {"text": "two"}]
        for fields in ({"channel": {"name": "c"}}, {"name": "c"}, {"title": "c", "name": ""}):
            assert {
                one.channel for one in records("json", json.dumps({**fields, "posts": rows}).encode())
            } == {"c"}
        assert {one.channel for one in records("json", json.dumps(rows).encode())} == {None}

    def test_a_bad_element_costs_itself_only_and_a_cut_array_is_said(self) -> None:
        data = b'[{"text": "one"}, {"text": NaN}, {"text": nul}, {"text": "two"}, {"text": "thr'
        assert [one.text for one in records("json", data)] == ["one", "two"]
        assert reasons("json", data) == ["invalid-json", "invalid-json", "truncated"]
        assert reasons("json", data[:-1].rpartition(b",")[0]) == ["invalid-json", "invalid-json", "truncated"]

    def test_rows_without_text_say_how_to_name_the_column(self) -> None:
        assert reasons("json", b'[{"a": 1}, {"a": 2}]') == ["no-text-column"]

    @pytest.mark.parametrize(
        "data", [b"[1] A note\n[2] {x}\n", b"[{x}] says nothing", b'{"a": {"b": [{"c": 1}]}}', b"[]", b"{}"]
    )
    def test_what_is_no_list_of_rows_is_plain_text(self, data: bytes) -> None:
        assert cleaned(None, data).input_format != "json"

    def test_blanks_without_end_take_no_time(self) -> None:
        data = b'[{"text": "a"}' + b" \n" * 400_000 + b'x, {"text": "b"}'
        assert [one.text for one in records("json", data)] == ["a", "b"]
        form = named("json")
        assert form is not None
        cutter = form.cutter(b'[{"text": "a"}]', CleanOptions())
        assert cutter is not None
        assert cutter.resume(b"\n" * 1_000_000 + b"x" + b",\n" * 300_000, b"[") == -1

    def test_nesting_without_end_is_refused(self) -> None:
        assert "too-deep" in reasons("json", b'[{"text": "a"}, {"text": ' + b"[" * 100_000)


class TestJsonLines:
    def test_a_bad_line_costs_itself_only(self) -> None:
        data = lines({"text": "one"}) + b'{"text": \n' + b"[1]\n" + lines({"text": "two"})
        assert [record.text for record in records("jsonl", data)] == ["one", "two"]
        assert reasons("jsonl", data) == ["invalid-json", "no-row"]

    def test_a_cut_line_is_refused(self) -> None:
        data = lines({"text": "one"}, {"text": "two"})[:-8]
        assert reasons("jsonl", data) == ["truncated"]
        assert reasons("jsonl", data + b"\n") == ["invalid-json"]
        assert reasons("jsonl", data + b"}") == ["invalid-json"]

    @pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "9" * 400])
    def test_numbers_beyond_64_bits_keep_their_digits(self, number: str) -> None:
        data = b'{"text": "x", "id": %s, "deep": {"n": %s}}\n' % (number.encode(), number.encode())
        [record] = records("jsonl", data)
        assert record.native_id == number
        assert json.loads(record.extras or "") == {"deep": {"n": int(number)}}

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
    def test_what_is_no_number_is_refused(self, value: str) -> None:
        data = f'{{"text": "x", "n": {value}}}\n'.encode()
        assert reasons("jsonl", data) == ["invalid-json"]
        assert reasons("jsonl", lines({"text": "y"}) + data) == ["invalid-json"]

    def test_lone_surrogates_and_nuls_land(self) -> None:
        data = b'{"id": "\\ud83d1", "text": "half \\ud83d and \\u0000 nul", "\\ud83d": "\\udc00"}\n'
        document = cleaned("jsonl", data)
        assert_tiled(document)
        repr(document).encode()  # nothing in it that cannot be stored
        assert document.items[0].text == "half \ufffd and  nul"

    def test_deep_nesting_is_refused(self) -> None:
        deep = b'{"text": "x", "d": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
        less = b'{"text": "x", "d": ' + b"[" * 500 + b"]" * 500 + b"}\n"
        assert reasons("jsonl", lines({"text": "y"}) + deep + less) == ["too-deep", "too-deep"]
        assert len(records("jsonl", lines({"text": "y"}) + deep + less)) == 1

    def test_a_huge_line_is_a_refused_range(self) -> None:
        data = lines({"text": "one"}) + b'{"text": "' + b"x" * (17 << 20) + b'"}\n' + lines({"text": "two"})
        assert reasons("jsonl", data) == ["huge-record"]
        assert [record.text for record in records("jsonl", data)] == ["one", "two"]

    def test_the_last_of_two_equal_keys_counts(self) -> None:
        assert [record.text for record in records("jsonl", b'{"text": "a", "text": "b"}\n')] == ["b"]

    @pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "cp1251", "koi8-r"])
    def test_other_encodings(self, codec: str) -> None:
        rows = [
            {"id": n, "text": f"Новая строка номер {n}, и в ней обычные слова о погоде"} for n in range(5)
        ]
        data = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(codec)
        document = cleaned("jsonl", data)
        assert_tiled(document)
        assert [item.text for item in document.items] == [row["text"] for row in rows]
        first = data[document.items[1].byte_start : document.items[1].byte_end].decode(
            codec.replace("utf-16", "utf-16-le").replace("le-le", "le")
        )
        assert json.loads(first)["id"] == 1

    def test_rows_of_several_programs_have_their_text_under_several_names(self) -> None:
        data = lines(
            *({"text": f"row {n}", "id": n} for n in range(3)),
            {"message": "under another name", "id": 3},
            {"id": 4, "views": 5},
            {"text": None, "message": "beside one that is empty", "id": 5},
        )
        said = ["row 0", "row 1", "row 2", "under another name", "", ""]
        assert [record.text for record in records("jsonl", data)] == said
        assert [record.native_id for record in records("jsonl", data)] == list("012345")
        keys = [one.path for one in parsed("jsonl", data) if isinstance(one, Drift)]
        assert keys == []

    def test_a_row_may_hold_both_an_escape_that_is_none_and_a_number_beyond_64_bits(self) -> None:
        [record] = records("jsonl", b'{"text": "a\\x0Bb", "id": 18446744073709551617}\n')
        assert (record.text, record.native_id) == ("a\x0bb", "18446744073709551617")

    def test_broken_bytes_are_seen(self) -> None:
        data = '{"text": "éééé ok"}\n{"text": "éééé '.encode() + b"\xff" + b' broken"}\n'
        document = cleaned("jsonl", data)
        assert [item.text for item in document.items] == ["éééé ok", "éééé \ufffd broken"]
        assert [one.reason for one in document.quarantine] == ["invalid-utf8"]

    def test_new_keys_and_types_are_drift(self) -> None:
        rows = [{"text": "x", "n": n} for n in range(columns.CENSUS)]
        data = lines(
            *rows, {"text": "x", "novel": 1}, {"text": ["a", "list"]}, {"text": "y", "date": "no time"}
        )
        drifts = [one for one in parsed("jsonl", data) if isinstance(one, Drift)]
        assert {(one.path, one.what) for one in drifts} == {
            ("novel", "unknown-key"),
            ("text", "changed-type:list"),
            ("date", "unknown-key"),
        }

    def test_lines_that_end_in_a_comma(self) -> None:
        """As they do in an array whose brackets were left out."""
        data = b'{"text": "a"},\n{"text": "b"},\n{"text": "c"},,\n{"text": "d"}'
        assert [record.text for record in records("jsonl", data)] == ["a", "b", "d"]
        assert reasons("jsonl", data) == ["invalid-json"]
        assert_tiled(cleaned("jsonl", data))


class TestJsonStream:
    def test_every_layout_is_read(self) -> None:
        rows = [{"id": number, "text": f'a "text" with }}{{ in it, {number}'} for number in range(5)]
        for indent in (None, 0, 2):
            shown = [json.dumps(row, indent=indent).encode() for row in rows]
            for between in (b"", b" ", b"\n\n", b"\r\n", b"\n\x1e", b",\n"):
                data = between.join([shown[0] + shown[1], *shown[2:]])
                known = detect(Glimpse.of(data))
                assert known is not None
                assert known.name == "json-stream"
                assert [record.native_id for record in records("json-stream", data)] == list("01234")
                assert reasons("json-stream", data) == []

    def test_the_rows_of_one_object_are_its_list_and_lines_are_lines(self) -> None:
        for data, name in (
            (json.dumps({"posts": [{"text": "a"}, {"text": "b"}]}, indent=1).encode(), "json"),
            (json.dumps({"text": "a", "comments": [{"text": "b"}]}, indent=1).encode() * 2, "json-stream"),
            (b'{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        ):
            known = detect(Glimpse.of(data))
            assert known is not None
            assert known.name == name

    def test_a_broken_object_costs_itself_only(self) -> None:
        good = [json.dumps({"id": at, "text": "words {in} it"}, indent=1) for at in range(3)]
        for broken in (
            '{"id": 9, "text": "never',
            '{"id": [}',
            '{"id": 9}}',
            "{",
            '"',
            "]",
            "words",
            "[" * 70 + "1",
        ):
            data = "\n".join([good[0], broken, *good[1:]]).encode()
            found = records("json-stream", data)
            assert [record.native_id for record in found if record.native_id != "9"] == list("012")
            assert_tiled(cleaned("json-stream", data))
            assert reasons("json-stream", data) != []

    def test_objects_that_never_end_take_linear_time(self) -> None:
        data = b'{"text": "a"}{"text": "b"}' + b'\n{"a": [' * 50_000
        assert len(records("json-stream", data)) == 2
        data = b'{"text": "a"}{"text": "b"}' + b"{ \n" * 50_000 + b"[{\n,{" * 20_000
        assert len(records("json-stream", data)) == 2

    def test_what_stands_between_objects_is_refused(self) -> None:
        data = b'{"text": "a"} and {"text": "b"} at the end'
        assert [record.text for record in records("json-stream", data)] == ["a", "b"]
        assert reasons("json-stream", data) == ["no-row", "no-row"]


class TestCsv:
    @pytest.mark.parametrize("nul", [b"a\0b", b"\0ab", b"a\0\0b"])
    def test_a_nul_near_the_start_is_damage_to_a_value(self, nul: bytes) -> None:
        data = b"id,date,text\n1,2024-05-01," + nul + b"\n2,2024-05-02,more\n"
        document = clean(Blob(data=data, source="s", uri="x"))
        assert (document.input_format, [item.text for item in document.items]) == ("csv", ["ab", "more"])

    def test_what_is_full_of_nuls_is_no_table(self) -> None:
        assert detect(Glimpse.of(b"id,text\n" + b"\0\1,\0\0\n" * 40)) is None

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found_and_said(self, mark: str) -> None:
        data = f"id{mark}text{mark}date\n007{mark}one, two; three{mark}2024-05-01\n".replace(
            f"{mark} ", " "
        ).encode()
        [record] = records("csv", data)
        assert record.native_id == "007"
        assert any(f"delimiter {mark!r}" in one.text for one in parsed("csv", data) if isinstance(one, Note))

    def test_an_unbalanced_quote_costs_one_line(self) -> None:
        data = b'id,text\n1,"open\n2,two\n3,three\n4,"fo""ur"\n'
        assert [record.text for record in records("csv", data)] == ["two", "three", 'fo"ur']
        assert reasons("csv", data) == ["unbalanced-quote"]

    def test_many_unbalanced_quotes_take_linear_time(self) -> None:
        data = b"id,text\n" + b'1,"open\n' * 20_000
        assert len(reasons("csv", data)) + len(records("csv", data)) > 9_000

    def test_one_quote_and_no_other_takes_linear_time(self) -> None:
        data = b"id,text\n" + b'1,"open\n' + b"2,two\n" * 40_000
        assert len(records("csv", data)) == 40_000

    def test_ragged_rows_are_kept_and_counted(self) -> None:
        data = b"id,text,date\n1,a,2024-05-01\n2,b\n3,c,2024-05-03,more\n"
        assert [record.text for record in records("csv", data)] == ["a", "b", "c"]
        assert [one.what for one in parsed("csv", data) if isinstance(one, Drift)] == ["ragged", "ragged"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends(self, end: str) -> None:
        data = f"id,text{end}1,one{end}2,two{end}".encode()
        assert [record.text for record in records("csv", data)] == ["one", "two"]

    def test_mixed_line_ends(self) -> None:
        data = b'id,text\r\n1,one\n2,"t\rw\no"\r3,three\r\n'
        assert [record.text for record in records("csv", data)] == ["one", "t\rw\no", "three"]

    def test_a_value_of_three_megabytes(self) -> None:
        data = b'id,text\n1,"' + b'word, ""q"" ' * 250_000 + b'"\n2,next\n'
        first, second = records("csv", data)
        assert len(first.text) == 250_000 * len('word, "q" ')
        assert second.text == "next"

    def test_backslashes_before_quotes(self) -> None:
        data = b'id,text\n1,"he said \\"no, never\\" twice"\n2,next\n'
        assert [record.text for record in records("csv", data)] == ['he said "no, never" twice', "next"]

    def test_a_quote_inside_a_bare_value_is_a_character(self) -> None:
        assert [record.text for record in records("csv", b'id,text\n1,5" screen\n2,next\n')] == [
            '5" screen',
            "next",
        ]

    def test_a_second_column_of_a_name_is_kept(self) -> None:
        [record] = records("csv", b"id,text,date,date\n1,a,2024-05-01,2024-05-02\n")
        assert record.posted_at == "2024-05-01"
        assert json.loads(record.extras or "") == {"date (2)": "2024-05-02"}

    @pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "cp1252"])
    def test_encodings(self, codec: str) -> None:
        text = (
            "id;title;text\n1;Über uns;Schöne Grüße aus München, sagte er\n2;Später;Änderungen für später\n"
        )
        document = cleaned(None, text.encode(codec))
        assert_tiled(document)
        assert [item.title for item in document.items] == ["Über uns", "Später"]

    def test_one_bad_byte_is_seen(self) -> None:
        data = "id,text\n1,éééé ".encode() + b"\xff\n2,two\n"
        document = cleaned("csv", data)
        assert [item.text for item in document.items] == ["éééé \ufffd", "two"]
        assert [one.reason for one in document.quarantine] == ["invalid-utf8"]

    def test_values_are_text(self) -> None:
        [record] = records("csv", b"id,text,n\n1e5,007,=1+1\n")
        assert (record.native_id, record.text, json.loads(record.extras or "")) == (
            "1e5",
            "007",
            {"n": "=1+1"},
        )

    def test_too_many_values(self) -> None:
        data = b"id,text\n1,a\n" + b"x," * 300_000 + b"\n2,b\n"
        assert reasons("csv", data) == ["too-many-values"]

    @pytest.mark.parametrize("head", [b"sep=;\n", b"SEP=;\r\n", b"\xef\xbb\xbfsep=,\n"])
    def test_a_line_that_tells_the_delimiter_to_a_program(self, head: bytes) -> None:
        data = head + b"id;text;date\n1;first;2024-05-01\n2;second;2024-05-02\n"
        found = detect(Glimpse.of(data))
        assert found is not None
        assert found.name == "csv"
        assert [record.text for record in records("csv", data)] == ["first", "second"]
        assert_tiled(cleaned("csv", data))

    def test_a_mapping_makes_a_table_of_names_that_nobody_knows(self) -> None:
        data = b"nr,wortlaut\n1,erster\n2,zweiter\n"
        mapping = Columns(roles=(("id", "nr"), ("text", "wortlaut")), scope="news")
        assert detect(Glimpse.of(data)) is None
        found = detect(Glimpse.of(data, columns=mapping))
        assert found is not None
        assert found.name == "csv"
        assert [record.text for record in records("csv", data, mapping)] == ["erster", "zweiter"]

    def test_a_mapping_of_another_table_leaves_no_row_empty(self) -> None:
        mapping = Columns(roles=(("text", "wortlaut"),), scope="news")
        assert [record.text for record in records("csv", b"id,text\n1,a\n2,b\n", mapping)] == ["a", "b"]
        assert reasons("csv", b"id,words\n1,a\n2,b\n", mapping) == ["no-text-column"]

    def test_a_mapping_without_a_text_leaves_it_to_its_name(self) -> None:
        mapping = Columns(roles=(("date", "when"),), scope="news")
        [record] = records("csv", b"date,text,when\n2024-05-01,a,2024-06-01\n", mapping)
        assert (record.text, record.posted_at) == ("a", "2024-06-01")


class TestParquet:
    def test_times_with_and_without_a_zone(self) -> None:
        moment = 1_714_557_600_000_000_123
        for kind, posted in (
            (pa.timestamp("ns", "UTC"), "2024-05-01T10:00:00+00:00"),
            (pa.timestamp("ns"), "2024-05-01T10:00:00"),
            (pa.int64(), "2024-05-01T10:00:00+00:00"),
        ):
            value = pa.array([moment if kind != pa.int64() else moment // 10**9], pa.int64()).cast(kind)
            [record] = records("parquet", written(pa.table({"text": ["x"], "date": value})))
            assert record.posted_at == posted

    def test_int96_has_no_zone(self) -> None:
        value = pa.array([1_714_557_600_000_000], pa.timestamp("us"))
        data = written(pa.table({"text": ["x"], "date": value}), use_deprecated_int96_timestamps=True)
        assert [record.posted_at for record in records("parquet", data)] == ["2024-05-01T10:00:00"]

    def test_the_first_row_holds_the_bytes(self) -> None:
        data = written(pa.table({"text": [f"row {n}" for n in range(10)]}), row_group_size=4)
        found = records("parquet", data)
        assert [record.text for record in found] == [f"row {n}" for n in range(10)]
        assert [record.end > record.start for record in found] == [n == 0 for n in range(10)]
        document = cleaned("parquet", data)
        assert_tiled(document)
        assert len({item.item_id for item in document.items}) == 10

    @pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
    def test_cut(self, share: float) -> None:
        data = written(pa.table({"text": [f"row {n}" for n in range(1000)]}))
        assert reasons("parquet", data[: int(len(data) * share)]) == ["truncated"]

    def test_broken_pages_are_refused(self) -> None:
        data = bytearray(
            written(pa.table({"text": [f"row {n} " * 20 for n in range(1000)]}), row_group_size=250)
        )
        middle = len(data) // 2
        data[middle : middle + 400] = b"\xff" * 400
        assert set(reasons("parquet", bytes(data))) <= {"invalid-parquet"}
        assert_tiled(cleaned("parquet", bytes(data)))

    def test_a_bomb_is_refused(self) -> None:
        data = written(
            pa.table({"text": pa.array(["x" * (1 << 20)] * 80).cast(pa.large_string())}),
            use_dictionary=False,
            compression="zstd",
        )
        assert len(data) < 1 << 20
        assert reasons("parquet", data) == ["bomb"]

    def test_nuls_bytes_and_nested_values(self) -> None:
        table = pa.table(
            {
                "text": ["a\0b"],
                "raw": [b"\xff"],
                "list": [[{"a": 1}]],
                "text2": pa.array(["d"]).dictionary_encode(),
            }
        )
        [record] = records("parquet", written(table))
        assert json.loads(record.extras or "") == {"list": [{"a": 1}], "raw": "\\xff", "text2": "d"}
        assert cleaned("parquet", written(table)).items[0].text == "ab"


@pytest.mark.parametrize(
    ("value", "expected"),
    [tuple(case) for case in json.loads((Path(__file__).parent / "samples" / "times.json").read_text())],
)
def test_times(value: object, expected: str | None) -> None:
    assert iso(value) == expected


def test_every_table_format_is_registered() -> None:
    assert all(named(name) is not None for name in ("jsonl", "csv", "parquet"))
