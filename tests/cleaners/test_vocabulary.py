"""Vocabulary: words as numbers and back."""

from hypothesis import given
from hypothesis import strategies as st

from cleaners.vocabulary import expand, number, number_words

WORDS = st.text(alphabet="abcя", max_size=2)


@given(st.lists(WORDS))
def test_names_are_numbered_in_the_order_of_their_first_place(names: list[str]) -> None:
    distinct, of = number(names)
    assert distinct == tuple(dict.fromkeys(names))
    assert [distinct[place] for place in of] == names


@given(st.lists(st.lists(WORDS, max_size=5), max_size=6))
def test_each_line_has_its_words(lines: list[list[str]]) -> None:
    found = number_words(iter(lines))
    assert len(set(found.words)) == len(found.words)
    bounds = zip(found.starts[:-1], found.starts[1:], strict=True)
    assert [[found.words[code] for code in found.codes[start:end]] for start, end in bounds] == lines


@given(st.lists(st.lists(st.text(alphabet="ab-", max_size=4), max_size=4), max_size=5))
def test_words_are_replaced_by_their_parts(lines: list[list[str]]) -> None:
    found = expand(number_words(lines), lambda word: [part for part in word.split("-") if part])
    bounds = zip(found.starts[:-1], found.starts[1:], strict=True)
    assert [[found.words[code] for code in found.codes[start:end]] for start, end in bounds] == [
        [part for word in line for part in word.split("-") if part] for line in lines
    ]
