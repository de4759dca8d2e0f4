"""Read months and years without a day: in March, luglio scorso, 2016, Nov, Mart'ta, since 2014, 2023年."""

import re
from collections.abc import Callable

from cleaners.dates.matches import Found, make
from schemas.dates import Mention

#: 'by May' and 'after March' are as often a name or a verb as a month.
_FIRM_PREPOSITIONS = frozenset(
    {"in", "since", "until", "during", "early", "late", "mid", "In", "Since", "Until", "During"}
)

#: Languages that put 'last' behind: luglio scorso, la semana pasada.
_Q_BEHIND = frozenset({"es", "fr", "it", "pt", "ar", "fa"})

#: Turkish case endings as they stand behind an apostrophe.
_ENDING = re.compile(r"[td][ae](?:n|ki)?|n?[ıiuü]n?|[yn]?[ae]|s?[ıiuü]n(?:[ae]|d[ae]n?)")


def is_cjk_year(text: str, year: int) -> bool:
    """Tell whether a number before 年 is a year: 千年 and 一百年 are spans of time."""
    return year < 3000 and (year >= 1900 or text.isdecimal() or not {"千", "百"} & set(text))


def suffixed(found: Found) -> bool:
    """Tell whether the words behind apostrophes are Turkish endings: Mart'ta, Eylül'ün."""
    behind = [
        at
        for at in range(1, len(found.texts))
        if found.codes[2 * at - 1] == "'" and found.letters()[at] not in "Dd"
    ]
    month = found.word("Mm")
    return (month is None or "tr" in month.langs) and all(_ENDING.fullmatch(found.texts[at]) for at in behind)


def _read_suffixed(found: Found) -> Mention | None:
    if not suffixed(found):
        return None
    if found.letters()[0] == "Y":
        return make("year", year=found.numbers("Y")[0])
    return make("month", month=found.values("M")[0])


def _read_month(found: Found) -> Mention | None:
    months, years = found.values("Mm"), found.numbers("Y")
    if found.form == "pmq":
        return _read_behind(found)
    if found.form == "pm" and not _may_stand_alone(found):
        return None
    relative = found.name("Q")
    return make(
        "month",
        year=years[0] if years else None,
        month=months[0],
        end_month=months[1] if len(set(months)) > 1 else None,
        relative=f"{relative}-month" if relative else None,
    )


def _read_behind(found: Found) -> Mention | None:
    """Read 'em julho passado'."""
    if not found.shared("Q", "Mm") or _Q_BEHIND.isdisjoint(found.langs("Q")):
        return None
    return make("month", month=found.values("Mm")[0], relative=f"{found.name('Q')}-month")


def _may_stand_alone(found: Found) -> bool:
    """Tell whether a word makes a lone month one: 'in March', but not 'by May'."""
    letters = found.letters()
    langs, short = found.langs("Mm"), "m" in letters
    if letters[0] == "U":  # the first week of Oct
        return letters[1] == "C" or found.texts[1] == "of"
    if letters[0] == "r":  # a febbraio
        return "it" in langs and "es" not in langs
    if "Q" in letters:
        leads = letters[0] == "Q"
        return found.shared("Q", "Mm") and (leads or not _Q_BEHIND.isdisjoint(found.langs("Q")))
    if short or "en" in langs:
        firm = found.texts[0] in _FIRM_PREPOSITIONS and (not short or found.texts[1][0].isupper())
        return firm and (not short or "en" in langs)
    return letters[0] not in "BPp" or not set(found.langs()).isdisjoint(langs)  # 'on mars' is not 'en mars'


def _read_year_first(found: Found) -> Mention | None:
    """Read '2016, Nov', '2016 Kasım' and 'August 99'. Not '2016, May said'."""
    month, langs, comma = found.values("Mm")[0], found.langs("Mm"), found.codes[1] in ",~"
    if not found.closed and not (found.closing == "'" and "tr" in langs):
        return None
    if found.letters()[0] != "Y":
        short = found.numbers("d")[0]
        return make("month", year=1900 + short, month=month) if short >= 60 else None
    names = "en" in langs and month in {3, 5}
    if names or not (comma or "tr" in langs):
        return None
    return make("month", year=found.numbers("Y")[0], month=month)


def _read_cjk_month(found: Found) -> Mention | None:
    year, *months = found.numbers("YyD")
    if not is_cjk_year(found.texts[0], year):
        return None
    if months and not 1 <= months[0] <= 12:
        return None
    return make("month", year=year, month=months[0]) if months else make("year", year=year)


def _read_year(found: Found) -> Mention | None:
    years = found.numbers("Y")
    if found.form == "py" and "n" in found.letters():
        return None
    if len(years) == 2 and years[1] <= years[0]:
        return None
    return make("year", year=years[0], end_year=years[1] if len(years) == 2 else None)


MONTHS: dict[str, Callable[[Found], Mention | None]] = {
    "my": _read_month, "ym": _read_year_first, "cjk_ym": _read_cjk_month, "suffixed": _read_suffixed,
    "pm": _read_month, "pmq": _read_month, "py": _read_year, "yg": _read_year,
}  # fmt: skip
