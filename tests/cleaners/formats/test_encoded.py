"""Documents in other encodings as UTF-8, and the way back to their bytes."""

import pytest

from cleaners.formats.encoded import to_utf8

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
