"""Vocabulary: words as numbers and back."""

from hypothesis import given
from hypothesis import strategies as st

from cleaners.vocabulary import number

WORDS = st.text(alphabet="abcя", max_size=2)


@given(st.lists(WORDS))
def test_names_are_numbered_in_the_order_of_their_first_place(names: list[str]) -> None:
    distinct, of = number(names)
    assert distinct == tuple(dict.fromkeys(names))
    assert [distinct[place] for place in of] == names
