"""Documents in other encodings as UTF-8, and the way back to their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.formats.encoded import to_utf8
from schemas.options import DecodeOptions

_GREEK = "Σήμερα στην πόλη έβρεχε πολύ όλη μέρα;2024\n".encode("cp1253")


@pytest.mark.parametrize(
    "data",
    [
        b"id;text\n1;A word\n",
        b"\xef\xbb\xbf" + "id;text\n1;слово\n".encode(),
        "id;text\n1;слово\n".encode("utf-16"),
        "id;text\n1;слово за словом\n".encode("cp1251") * 3,
        b"id;text\n1;a bad \xff byte\n2;no bad one\n" * 9,
        # \xaa is no character of this page: found by fuzzing, where it ended the parser.
        _GREEK * 3 + _GREEK.replace(b";", b"\xaa;") + _GREEK,
    ],
)
def test_every_line_is_found_again(data: bytes) -> None:
    encoded = to_utf8(data)
    assert encoded.at(len(encoded.utf8)) == len(data)
    ends = [at for at, byte in enumerate(encoded.utf8) if byte == 10]
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    there = [at for at in range(0, len(data), 2 if wide else 1) if data[at : at + 1] == b"\n"]
    assert [encoded.at(at) for at in ends] == there


def test_a_byte_that_no_codec_reads_is_one_replacement_character() -> None:
    data = _GREEK * 3 + _GREEK.replace(b";", b"\xaa;")
    encoded = to_utf8(data)
    assert encoded.utf8.decode() == data.replace(b"\xaa", b"").decode("cp1253")[:-6] + "\ufffd;2024\n"
    at = encoded.utf8.index("\ufffd".encode())
    assert data[encoded.at(at) : encoded.at(at + 3)] == b"\xaa"


@given(
    st.text(st.sampled_from("ab \u00e9\u042f\u2028\u20ac\U0001f6a2\n"), max_size=40),
    st.sampled_from(["utf-16-le", "utf-16-be", "cp1251"]),
)
def test_places_rise_also_inside_of_a_character(text: str, codec: str) -> None:
    data = text.encode(codec, "ignore")
    wide = codec if codec.startswith("utf-16") else None
    encoded = to_utf8(data, options=DecodeOptions(wide=wide))
    places = [encoded.at(at) for at in range(len(encoded.utf8) + 1)]
    assert places == sorted(places)
    assert places[-1] == len(data)


def test_a_size_that_ends_inside_of_a_character_ends_before_it() -> None:
    encoded = to_utf8("a\u20acb\n".encode("utf-16-le"), options=DecodeOptions(wide="utf-16-le"))
    assert [encoded.at(at) for at in range(len(encoded.utf8) + 1)] == [0, 2, 2, 2, 4, 6, 8]
