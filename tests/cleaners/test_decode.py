"""decode: every byte in a line or a refusal; codecs known by marks, by UTF-8, by declaration or by guess."""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.decode import decode
from cleaners.rules import rules
from schemas.documents import Decoded
from schemas.options import DecodeOptions

CASES = Path(__file__).parent / "cases"


def cases(name: str) -> list[Any]:
    rows = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["label"]) for row in rows]


def check_tiles(data: bytes, decoded: Decoded) -> None:
    """Lines and refusals tile the bytes; runs cover exactly the lines; numbers rise."""
    refused = [(refusal.start, refusal.end) for refusal in decoded.refusals]
    ranges = sorted([(line.start, line.end) for line in decoded.lines] + refused)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == len(data)
    assert all(left[1] == right[0] for left, right in pairwise(ranges))
    assert all(start < end for start, end in ranges) or not data
    assert all(a.number < b.number for a, b in pairwise(decoded.lines))
    covered = [offset for run in decoded.runs for offset in range(run.start, run.end)]
    assert covered == [offset for line in decoded.lines for offset in range(line.start, line.end)]


def texts(decoded: Decoded) -> list[str]:
    return [line.text for line in decoded.lines]


def posix_lines(text: str) -> list[str]:
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if text.endswith("\n") else lines


@pytest.mark.parametrize("case", cases("decode_text"))
def test_codec_is_found(case: dict[str, str]) -> None:
    data = case["text"].encode(case["codec"])
    decoded = decode(data)
    check_tiles(data, decoded)
    assert texts(decoded) == posix_lines(case["text"])
    assert decoded.encoding == case.get("encoding", decoded.encoding)
    assert decoded.refusals == ()


@pytest.mark.parametrize("case", cases("decode_bytes"))
def test_bytes(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    decoded = decode(data)
    check_tiles(data, decoded)
    assert texts(decoded) == case["lines"]
    assert [[r.start, r.end, r.reason] for r in decoded.refusals] == case["refusals"]
    assert {r.stage for r in decoded.refusals} <= {"decode"}


@pytest.mark.parametrize("case", cases("decode_known_failures"))
@pytest.mark.xfail(strict=True, reason="known limit, see the label")
def test_known_failure(case: dict[str, str]) -> None:
    decoded = decode(case["text"].encode(case["codec"]))
    assert texts(decoded) == case["text"].replace("\r", "\n").splitlines()


@pytest.mark.parametrize(
    ("rule", "page"),
    [
        pytest.param(rule, page, id=f"{rule['id']}-{page}")
        for rule in rules("codepages")["language"]
        for page in rule["pages"]
    ],
)
def test_every_language_is_read_in_its_pages(rule: dict[str, Any], page: str) -> None:
    assert rule["why"]
    data = rule["example"].encode(page)
    assert texts(decode(data)) == [rule["example"]]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-8-sig", "cp1251"])
def test_offsets_give_the_line_back(codec: str) -> None:
    text = "Первая строка текста\r\n\r\nвторая строка, 2023\nтретья"
    mark = "" if codec == "cp1251" or codec.endswith("sig") else "\ufeff"
    data = (mark + text).encode(codec)
    decoded = decode(data)
    pieces = [data[line.start : line.end].decode(codec).removeprefix("\ufeff") for line in decoded.lines]
    assert "".join(pieces) == text
    assert [piece.rstrip("\r\n") for piece in pieces] == texts(decoded)
    assert decoded.lines[0].start == 0


def test_a_file_of_several_codecs() -> None:
    utf8, windows, koi8 = (
        "Строка в юникоде\n",
        "Вторая часть записана иначе\n",
        "Третья часть пришла с сервера\n",
    )
    data = (
        (utf8 * 50).encode() + (windows * 50).encode("cp1251") + (koi8 * 50).encode("koi8-r") + utf8.encode()
    )
    decoded = decode(data)
    check_tiles(data, decoded)
    assert texts(decoded) == posix_lines(utf8 * 50 + windows * 50 + koi8 * 50 + utf8)
    assert [(run.codec, run.how) for run in decoded.runs] == [
        ("utf-8", "utf-8"),
        ("cp1251", "guessed"),
        ("koi8-r", "guessed"),
        ("utf-8", "utf-8"),
    ]
    assert decoded.encoding == "utf-8+cp1251+koi8-r"


def test_one_bad_line_in_a_thousand_is_treated_alone() -> None:
    data = b"plain words\n" * 2000 + b"caf\xe9\n" + b"plain words\n" * 2000
    decoded = decode(data)
    assert decoded.lines[2000].text == "café"
    assert [(run.codec, run.end - run.start) for run in decoded.runs] == [
        ("utf-8", 24000),
        ("cp1252", 5),
        ("utf-8", 24000),
    ]


def test_noise_is_refused_and_its_neighbours_are_read() -> None:
    noise = random.Random(7).randbytes(400).replace(b"\n", b"\xff")  # noqa: S311 - not for secrets
    data = b"good line\n" * 300 + noise + b"\n" + b"good line\n" * 300
    decoded = decode(data)
    check_tiles(data, decoded)
    assert [(r.start, r.end, r.reason) for r in decoded.refusals] == [(3000, 3401, "undecodable")]
    assert texts(decoded) == ["good line"] * 600
    assert decoded.lines[300].number == 302


@pytest.mark.parametrize("size", [64, 1000, 100_000])
def test_random_bytes_are_binary(size: int) -> None:
    data = random.Random(size).randbytes(size)  # noqa: S311
    assert [(r.start, r.end, r.reason) for r in decode(data).refusals] == [(0, size, "binary")]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1251", "iso2022_jp"])
def test_a_huge_line_is_refused_and_the_others_are_read(codec: str) -> None:
    word = {"iso2022_jp": "東京で", "cp1251": "слово "}.get(codec, "слово ")
    text = f"{word}\n{word * 5000}\n{word * 3}\n"
    data = text.encode(codec)
    decoded = decode(data, DecodeOptions(max_line=1000))
    check_tiles(data, decoded)
    assert texts(decoded) == [word, word * 3]
    assert [line.number for line in decoded.lines] == [1, 3]
    assert [refusal.reason for refusal in decoded.refusals] == ["huge-line"]
    assert "Line 2" in decoded.refusals[0].detail


def test_the_limit_is_the_last_length_that_passes() -> None:
    data = b"x" * 9 + b"\n" + b"x" * 10 + b"\n"
    decoded = decode(data, DecodeOptions(max_line=10))
    assert texts(decoded) == ["x" * 9]
    assert [(r.start, r.end) for r in decoded.refusals] == [(10, 21)]


def test_a_line_over_several_blocks() -> None:
    data = b"a\n" + b"x" * 9_000_000 + b"\nb\n"
    decoded = decode(data)
    assert [(r.start, r.end, r.reason) for r in decoded.refusals] == [(2, 9_000_003, "huge-line")]
    assert texts(decoded) == ["a", "b"]
    long = decode(data, DecodeOptions(max_line=10_000_000))
    assert [len(line.text) for line in long.lines] == [1, 9_000_000, 1]


def test_many_blocks_count_lines_on() -> None:
    data = (("строка " * 40 + "\r\n") * 20_000).encode()
    decoded = decode(data)
    assert set(texts(decoded)) == {"строка " * 40}
    assert (decoded.lines[-1].number, decoded.lines[-1].end) == (20_000, len(data))
    assert all(a.end == b.start for a, b in pairwise(decoded.lines))


@pytest.mark.parametrize(
    ("declared", "data", "codec", "how", "text"),
    [
        ("windows-1253", "Привет, мир".encode("cp1251"), "cp1253", "declared", "Οπθβες, μθπ"),
        ("ISO-8859-1", "“café”".encode("cp1252"), "cp1252", "declared", "“café”"),
        ("nonsense", "Привет, мир".encode("cp1251"), "cp1251", "guessed", "Привет, мир"),
        ("unicode_escape", b"caf\xe9", "cp1252", "guessed", "café"),
        ("zlib", b"caf\xe9", "cp1252", "guessed", "café"),
        ("cp1251", "Привет".encode(), "utf-8", "utf-8", "Привет"),
        ("utf-16", "Да, мир".encode("utf-16-be"), "utf-16-be", "declared", "Да, мир"),
        ("utf-16", b"plain words", "utf-8", "utf-8", "plain words"),
    ],
)
def test_a_declared_codec_is_tried_before_guessing(
    declared: str, data: bytes, codec: str, how: str, text: str
) -> None:
    decoded = decode(data, DecodeOptions(declared=declared))
    assert texts(decoded) == [text]
    assert [(run.codec, run.how) for run in decoded.runs] == [(codec, how)]


PIECES = st.sampled_from(
    [
        *(b"abc", b"x" * 60, b"\r\n", b"\n", b"\0", b"\x01\x02\x03", b"\xff\xfe", b"\xef\xbb\xbf"),
        *(b"\x1b$B", b"~{VP~}", "привет".encode(), "привет мир".encode("cp1251")),
        *("да\n".encode("utf-16-le"), "東京".encode("cp932")),
    ]
)


@settings(max_examples=200)
@given(st.lists(PIECES | st.binary(max_size=12), max_size=10).map(b"".join), st.sampled_from([40, 1 << 20]))
def test_every_byte_has_one_fate(data: bytes, max_line: int) -> None:
    check_tiles(data, decode(data, DecodeOptions(max_line=max_line)))


@settings(max_examples=100)
@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\n\x0b\x85"),
        min_size=1,
    )
)
def test_utf8_is_read_as_it_is(text: str) -> None:
    data = text.encode()
    decoded = decode(data)
    if not text.startswith("\ufeff"):
        assert texts(decoded) == posix_lines(text)
        assert decoded.encoding in {"utf-8", "hz"}
