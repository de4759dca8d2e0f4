"""The words of dates in thirteen languages: CLDR months and weekdays, and the small tables beside them."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "ru", "uk", "es", "fr", "de", "pt", "it", "nl", "ar", "zh", "tr", "fa")

#: Only these are read in the stand-alone form. Elsewhere it equals the format form, and Babel resolves the
#: alias on data shared by all locales, so that the answer depends on which locale was asked first.
_STAND_ALONE = ("ru", "uk")

#: Countries whose Arabic has month names of its own: تموز, أوت, غشت.
_ARABIC = ("ar_SY", "ar_DZ", "ar_MA")

#: Lower-case English month names that are verbs; only their capital makes them months.
_ENGLISH_VERBS = frozenset({"march", "may"})


@dataclass(frozen=True, slots=True)
class Word:
    """What a word can mean in a date. `code` is its letter in the grammar, `value` its number or name."""

    code: str
    value: int | str
    langs: tuple[str, ...]


@cache
def lexicon() -> Mapping[str, Word]:
    """Return the words by their written form. Case matters: English 'May' is here, 'may' is not."""
    tables = _tables()
    tables.pop("year_numbers")
    never = {(lang, word) for lang, words in tables.pop("never")["words"].items() for word in words}
    found: dict[str, Word] = {}
    for form, word in _entries(tables):
        if (word.langs[0], form) not in never:
            _add(found, form, word)
        elif word.code == "m":  # day and year beside it still make it a month
            _add(found, form, Word("e", word.value, word.langs))
    return found


def _add(found: dict[str, Word], form: str, word: Word) -> None:
    old = found.setdefault(form, word)
    # 'april' is Dutch and English, in full and short: M and m are one month.
    same = old.value == word.value and (old.code == word.code or old.code.lower() == word.code.lower() == "m")
    if same and word.langs[0] not in old.langs:
        found[form] = Word(old.code, old.value, (*old.langs, *word.langs))


@dataclass(frozen=True, slots=True)
class YearWords:
    """The words of years of one language. `leads` stand before the first, `joints` between two."""

    numbers: Mapping[str, int]
    leads: tuple[str, ...]
    joints: tuple[str, ...]


@cache
def year_words(lang: str) -> YearWords | None:
    """Return the words of years in one language, None if there are none."""
    table = dict(_tables()["year_numbers"]["words"].get(lang, {}))
    if not table:
        return None
    leads, joints = tuple(table.pop("leads")), tuple(table.pop("joints"))
    return YearWords(table, leads, joints)


def month_of(name: str) -> int | None:
    """Return the month that a word means where a month must stand: a name, or three letters of one or more.

    In any of the languages and any case; None for a word that means none, or several (`jui`).
    """
    names, openings = _months()
    word = name.casefold()
    found = names.get(word) or openings.get(word, frozenset())
    return next(iter(found)) if len(found) == 1 else None


@cache
def _months() -> tuple[Mapping[str, frozenset[int]], Mapping[str, frozenset[int]]]:
    """Return the months by their names, and by the openings of these."""
    names: dict[str, set[int]] = {}
    openings: dict[str, set[int]] = {}
    # Not from `lexicon`: there a word has one meaning only, and `ago` is "three days ago".
    for form, word in _entries({}):
        if word.code in "Mmq" and isinstance(word.value, int):
            name = form.casefold()
            names.setdefault(name, set()).add(word.value)
            for size in range(3, len(name)):
                openings.setdefault(name[:size], set()).add(word.value)
    return (
        {name: frozenset(found) for name, found in names.items()},
        {name: frozenset(found) for name, found in openings.items()},
    )


def is_weekday(name: str) -> bool:
    """Say whether a word is the name of a day of the week, in full or short."""
    found = lexicon().get(name)
    return found is not None and found.code in "Ww"


@cache
def context(name: str) -> frozenset[str]:
    """Return the words that change what stands beside them, by the name of their table."""
    return frozenset(_read_rules("dates_context.toml")[name]["words"])


def _tables() -> dict[str, Any]:
    return _read_rules("dates_words.toml")


def _read_rules(name: str) -> dict[str, Any]:
    return tomllib.loads(files("cleaners.rules").joinpath(name).read_text("utf-8"))


def _entries(tables: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, Word]]:
    """Yield forms in order of precedence: full names, then the tables, then abbreviations."""
    yield from _calendar_names(wide=True)
    for table in tables.values():
        code, by_lang = str(table["class"]), table["words"]
        assert isinstance(by_lang, dict)  # noqa: S101 - the shape of our own package data
        for lang, words in by_lang.items():
            for word in words:
                value = words[word] if isinstance(words, dict) else table.get("value", word)
                if code == "G":
                    value = "year"
                for form in _cases(word, lang):
                    yield form, Word(code, value if isinstance(value, int) else str(value), (lang,))
    yield from _calendar_names(wide=False)


def _calendar_names(*, wide: bool) -> Iterator[tuple[str, Word]]:
    # Imported here: Babel costs 20 ms that a run without prose need not pay.
    from babel import Locale  # noqa: PLC0415 - see the line above

    width = "wide" if wide else "abbreviated"
    for lang in LANGUAGES:
        locale = Locale(lang)
        for context in ("format", "stand-alone") if lang in _STAND_ALONE else ("format",):
            months = [locale.months[context][width][number] for number in range(1, 13)]
            days = [locale.days[context][width][number] for number in range(7)]
            yield from _named(months, lang, "M" if wide else "m", 1)
            yield from _named(days, lang, "W" if wide else "w", 0)
        if lang == "ar" and wide:
            for country in _ARABIC:
                months = [Locale.parse(country).months["format"]["wide"][number] for number in range(1, 13)]
                yield from _named(months, lang, "M", 1)
        if lang == "en" and not wide:
            short = [locale.months["format"]["abbreviated"][number].lower() for number in range(1, 13)]
            for number, month in enumerate(short, 1):
                if month not in _ENGLISH_VERBS | {"mar"}:
                    yield month, Word("m", number, ("en",))
            months = [locale.months["format"]["wide"][number].lower() for number in range(1, 13)]
            for number, month in enumerate(months, 1):
                yield month, Word("q" if month in _ENGLISH_VERBS else "m", number, ("en",))
            for number in range(7):
                yield locale.days["format"]["wide"][number].lower(), Word("W", number, ("en",))


def _named(names: Iterable[str], lang: str, code: str, first: int) -> Iterator[tuple[str, Word]]:
    for number, raw in enumerate(names, first):
        name = raw.rstrip(
            ".\u0654"
        )  # U+0654: the Persian hamza of 'January of'; the word splitter leaves it out
        if name[0].isdigit() or "-" in name:  # 7月 and sexta-feira are put together by the grammar
            continue
        for form in _cases(name, lang):
            yield form, Word(code, number, (lang,))


def _cases(word: str, lang: str) -> Iterator[str]:
    """Yield the spellings under which a word counts: as it is, with a capital, and in capitals."""
    yield word
    if word[:1].islower():
        yield word[:1].upper() + word[1:]
    # German and English names keep their capital; elsewhere CLDR's capital is a habit of the table.
    if lang not in ("en", "de", "tr") and word[:1].isupper():
        yield word.lower()
    yield word.upper()
