"""Numbers in words and figures: one number is one string of digits."""

import pytest

from cleaners.spelled import amounts


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("20", False), ("1000", False)], ["20000"]),
        ([("20", True), ("1000", False)], ["20000"]),
        ([("20000", True)], ["20000"]),
        ([("2", False), ("1000000", False), ("5", False), ("100", False)], ["2000500"]),
        ([("20", False), ("5", False)], ["25"]),
        ([("100", False), ("20", False), ("5", False)], ["125"]),
        ([("16", True), ("17", True)], ["16", "17"]),
        ([("1000", False)], ["1000"]),
        ([("0", True)], ["0"]),
        ([("7" * 5000, True), ("3", True)], ["7" * 5000, "3"]),
        ([], []),
    ],
)
def test_amounts(said: list[tuple[str, bool]], expected: list[str]) -> None:
    assert amounts(said) == expected
