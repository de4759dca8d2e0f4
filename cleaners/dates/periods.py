"""Read what counts from the day of writing: yesterday, last week, 3 days ago, on Friday, in spring."""

import re
from collections.abc import Callable

from cleaners.dates.lexicon import context
from cleaners.dates.matches import Found, make
from cleaners.dates.tokens import cjk_ago
from schemas.dates import Mention, MentionKind

#: 63 года со дня, 63 anos desde: what 'since' is elsewhere. Other prepositions there start something else.
_SINCE = frozenset(
    {("со", "дня"), ("с", "дня"), ("від", "дня"), ("з", "дня"), ("desde",), ("dalla",), ("dal",), ("dall",),
     ("depuis",), ("seit",), ("sinds",), ("منذ",)}
)  # fmt: skip

#: Before a count: 'vor 3 Tagen'. Others there count forward or how long.
_AGO = frozenset({"vor", "hace", "há", "منذ", "قبل"})

#: Languages that put 'last' behind its noun.
_BEHIND = frozenset({"es", "fr", "it", "pt", "ar", "fa"})

_CJK_UNITS = {"天": "day", "周": "week", "个月": "month", "年": "year"}

_SITE = re.compile(r"\.[a-z]{2}")  # Monday.com

_MOST = 3000  # units: '10,000 years ago' dates nothing


def _read_ago(found: Found) -> Mention | None:
    if found.letters()[-1] == "Z":
        counted = cjk_ago("".join(found.texts))
        if counted is None:
            return None
        return make("duration", count=counted[0], unit=_CJK_UNITS[counted[1]], relative="ago")
    return _counted(found, "duration", "ago")


def _read_ago_before(found: Found) -> Mention | None:
    said = " ".join(found.texts[:-2]).lower()
    return _counted(found, "duration", "ago") if said in _AGO or said == "il y a" else None


def _read_since(found: Found) -> Mention | None:
    if "S" not in found.letters() and found.texts[2:] not in _SINCE:
        return None
    return _counted(found, "since", None)


def _counted(found: Found, kind: MentionKind, relative: str | None) -> Mention | None:
    counts = found.numbers("DdN") or found.values("H") or found.values("h") or [1]  # 'a year ago'
    if counts[0] >= _MOST:
        return None
    return make(kind, count=counts[0], unit=found.name("UG"), relative=relative)


def _read_period(found: Found) -> Mention | None:
    """Read 'last week' and 'la semaine dernière'. Not 'the day this'."""
    if not found.shared("Q", "UG"):
        return None
    if found.letters()[1] == "Q" and _BEHIND.isdisjoint(found.langs("Q")):
        return None
    return make("relative", relative=f"{found.name('Q')}-{found.name('UG')}")


def _read_vague(found: Found) -> Mention | None:
    """Read a season, quarter or half. Which days it holds is left open: people do not agree on them."""
    years = found.numbers("Y")
    period = found.name("v")
    if not years and period in {"quarter", "half"}:
        return None  # of a game, of a life
    relative = found.name("Q")
    named = f"{relative}-{period}" if relative else period
    return make("vague", year=years[0] if years else None, relative=named)


def _read_weekday(found: Found) -> Mention | None:
    relative = found.name("Q")
    if found.previous in context("feast") or _SITE.match(found.behind(3)):
        return None
    return make(
        "weekday", weekday=found.values("Wf")[0], relative=f"{relative}-weekday" if relative else None
    )


def _read_weekday_behind(found: Found) -> Mention | None:
    """Read 'mardi dernier'."""
    behind = found.shared("Q", "Wf") and not _BEHIND.isdisjoint(found.langs("Q"))
    return _read_weekday(found) if behind else None


def _read_relative(found: Found) -> Mention | None:
    return make("relative", relative=found.name("R")) if _is_meant(found) else None


_MORNING = frozenset({"mañana", "morgen"})
_AROUND = 8  # words on either side that tell the language


def _is_meant(found: Found) -> bool:
    """Tell whether a day word is one: German and Dutch 'hier' is 'here', 'mañana' may be a morning."""
    word, before = found.texts[0], found.previous.lower()
    if before in context("moved") and found.name("R") in {"yesterday", "tomorrow"}:
        return False
    glued = found.window[found.start - 1 : found.start]
    if glued == "-" and found.name("R") in {"yesterday", "tomorrow"}:
        return False  # avant-hier, après-demain
    if word.lower() in _MORNING:
        return before not in context("morning") and (word.islower() or word.lower() == "mañana")
    if word.lower() == "hier":
        low, high = max(found.low, found.first - _AROUND), found.first + _AROUND
        around = [text.lower() for text in found.tokens.parts[2 * low + 1 : 2 * high : 2]]
        french = sum(text in context("french") for text in around)
        return french >= sum(text in context("germanic") for text in around)
    return True


PERIODS: dict[str, Callable[[Found], Mention | None]] = {
    "ago": _read_ago, "ago_before": _read_ago_before, "since": _read_since, "period": _read_period,
    "vague": _read_vague, "weekday_behind": _read_weekday_behind, "weekday": _read_weekday,
    "relative": _read_relative,
}  # fmt: skip
