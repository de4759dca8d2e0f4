"""Years in words."""

import pytest

from cleaners.dates.spelled_years import read_year


@pytest.mark.parametrize(
    ("lang", "text", "year"),
    [("en", " nineteen eighty-six", 1986), ("en", ", two thousand and seven", 2007),
     ("en", " twenty eighteen", 2018), ("en", " nineteen oh one", 1901),
     ("en", " seventeen hundred thirty three", 1733), ("es", " de dos mil dieciocho", 2018),
     ("es", " de mil novecientos noventa y dos", 1992),
     ("fr", " mille neuf cent quatre-vingt-douze", 1992), ("de", " neunzehnhundertachtundsiebzig", 1978),
     ("de", " zweitausendachtzehn", 2018), ("it", ", millenovecentosettantotto", 1978),
     ("it", ", duemila", 2000), ("nl", " negentien achtenzeventig", 1978), ("nl", " tweeduizend", 2000),
     ("tr", " iki bin on sekiz", 2018), ("ar", " ألفين وثمانية عشر", 2018),
     ("ru", " тысяча девятьсот сорок пятого", 1945), ("pt", " de mil novecentos e setenta e oito", 1978)],
)  # fmt: skip
def test_reads(lang: str, text: str, year: int) -> None:
    assert read_year(text, 0, [lang]) == (year, len(text))


@pytest.mark.parametrize(
    ("lang", "text"),
    [("fr", ", deux mille personnes"), ("en", " two thousand people"), ("en", " twenty one men"),
     ("en", " nine thirty"), ("en", " nineteen people"), ("es", ", mil soldados"), ("it", " duemila persone"),
     ("en", " one hundred thousand"), ("de", " zweitausendfach"), ("zh", " 二零一八"), ("en", "")],
)  # fmt: skip
def test_leaves_counts_alone(lang: str, text: str) -> None:
    assert read_year(text, 0, [lang]) is None


def test_the_first_language_that_fits_counts() -> None:
    assert read_year(" negentien achtenzeventig", 0, ["en", "nl"]) == (1978, 25)


def test_a_round_year_counts_where_the_phrase_ends_or_a_word_leads() -> None:
    assert read_year(" two thousand.", 0, ["en"]) == (2000, 13)
    assert read_year(" of two thousand men", 0, ["en"]) == (2000, 16)
