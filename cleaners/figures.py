"""Signs and currencies of figures: the one thing that the matching form drops and the reader needs.

`fold` keeps words and digits, so that "-5" and "5", "$90" and "€90" fold alike. The text_key and the number
guard take them from the display form instead. What counts:

* a minus directly before a figure, unless a word, a figure or a closing bracket stands before it (10-15,
  (a)-5, 10 -15), where it is a hyphen or a range. A plus says no more than its absence. An en dash is a minus
  too, unless it opens the line, where it is a bullet;
* the sign of a currency before or behind a figure. Currencies in words are in the matching form already.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from cleaners.characters import MAYBE_VANISHING, VANISHING
from cleaners.combining import drop_mark_runs
from cleaners.fold import drop_addresses

_MINUS = "-\u2212\ufe63\uff0d"
_DASH = "\u2012\u2013"
# Currencies that NFKC spells out (Rs for U+20A8) are in the matching form.
_CURRENCY = "".join(
    chr(code)
    for code in range(0x24, 0x10000)
    if unicodedata.category(chr(code)) == "Sc" and len(unicodedata.normalize("NFKC", chr(code))) == 1
)
#: Every character that can make a figure a signed one. Texts without them are not searched.
SIGNS = _MINUS + _DASH + _CURRENCY
_BLANK = " \xa0\u2009\u202f"
_LIKELY = re.compile(f"[{_CURRENCY}]|[{_MINUS}{_DASH}](?<!\\w[{_MINUS}{_DASH}])[\\d{_CURRENCY}]")
_FIGURE = f"\\d{{1,3}}(?:[{_BLANK}]\\d{{3}})+(?!\\d)|\\d+(?:[.,]\\d+)*"
# Each way begins with one of a set of characters, which `re` looks for ten times as fast as for anything
# else; what must not stand before a minus is therefore asked behind it.
_SIGNED = re.compile(
    f"(?:(?P<minus>[{_MINUS}](?<![\\w%°)\\]][{_MINUS}])(?<!\\d[{_BLANK}][{_MINUS}])"
    f"|[{_DASH}](?<=[^\\n\\w%°)\\]][{_DASH}])(?<!\\d[{_BLANK}][{_DASH}]))"
    f"(?:(?P<within>[{_CURRENCY}])[{_BLANK}]?)?(?P<first>{_FIGURE})"
    f"|(?P<before>[{_CURRENCY}])(?P<late>[{_MINUS}])?[{_BLANK}]?(?P<second>{_FIGURE})"
    f"|(?P<third>{_FIGURE}))"
    f"(?:[{_BLANK}]?(?P<behind>[{_CURRENCY}])(?![{_BLANK}]?\\d))?"
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what the matching form loses of it."""

    digits: str  # groups joined by one space, as in the matching form
    minus: bool
    currency: str  # "" if no sign of one stands beside it


def signed_figures(display: str) -> list[Figure]:
    """Return all figures of a text in display form, in order; none if no figure has a sign or a currency."""
    if MAYBE_VANISHING.search(display):
        display = VANISHING.sub("", display)
    if not _LIKELY.search(display):
        return []
    found = _figures(display)
    return found if any(figure.minus or figure.currency for figure in found) else []


def marks(display: str) -> str:
    """Return what the matching form of `display` loses of its figures, as text; "" if nothing.

    Figures go by their digits, so that the order of two texts' words does not matter beyond theirs.
    """
    return "".join(
        f"{'-' * figure.minus}{figure.currency}{figure.digits};"
        for figure in signed_figures(display)
        if figure.minus or figure.currency
    )


def signs_differ(left: str, right: str) -> str | None:
    """Return `number` or `currency` if a figure has another sign or currency in each text, else None.

    For display forms. Figures are compared by their digits, and only those that both texts have equally
    often: what one text has more of is judged by its digits. A currency that one text leaves out is no
    difference, a minus is: "5 degrees" and "-5 degrees".
    """
    ours, theirs = signed_figures(left), signed_figures(right)
    if not ours and not theirs:
        return None
    ours, theirs = ours or _figures(left), theirs or _figures(right)
    counts = (Counter(figure.digits for figure in ours), Counter(figure.digits for figure in theirs))
    for digits in sorted(counts[0].keys() & counts[1].keys()):
        if counts[0][digits] != counts[1][digits]:
            continue
        one = [figure for figure in ours if figure.digits == digits]
        other = [figure for figure in theirs if figure.digits == digits]
        if sum(figure.minus for figure in one) != sum(figure.minus for figure in other):
            return "number"
        named = {figure.currency for figure in one} - {""}
        others = {figure.currency for figure in other} - {""}
        if named and others and named != others:
            return "currency"
    return None


def _figures(display: str) -> list[Figure]:
    # In the form in which `fold` takes words: what stands before a minus is a word there or is none.
    plain = unicodedata.normalize("NFKC", drop_mark_runs(drop_addresses(display)))
    return [
        Figure(
            " ".join(_DIGITS.findall(match["first"] or match["second"] or match["third"])),
            bool(match["minus"] or match["late"]),
            match["within"] or match["before"] or match["behind"] or "",
        )
        for match in _SIGNED.finditer(plain)
    ]
