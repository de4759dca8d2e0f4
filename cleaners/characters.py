"""Tables of characters: what breaks a line, what is never seen, what may carry it, and what looks alike.

Strings named `*_CLASS` go between the brackets of a regular expression. Code points are written as escapes,
because most of them cannot be seen.
"""

import re

# --- Line breaks other than LF. NEL (U+0085) is apart: it is also half of many mojibake pairs.
BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\u2028\u2029]")
LATE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
#: A NEL with no U+0080-U+00FF before it cannot be the second half of UTF-8 read as Latin-1.
LONE_NEL = re.compile("(?<![\x80-\xff])\x85")

#: Trimmed at the ends of lines.
BLANKS = " \t\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"

# --- Junk: never text in any language. ESC [ ... letter is a terminal's colour code and goes as a whole.
JUNK = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"
    "|[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
#: A pair of surrogates is one character that was split; a lone one is damage.
SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")

# --- Invisible characters, by what lets them stay.
#: Nothing: zero-width space, word joiner, soft hyphen, grapheme joiner, bidi embeddings and isolates,
#: deprecated formats, Hangul fillers, Khmer inherent vowels, Mongolian selectors, musical formats.
NEVER_CLASS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u202a-\u202e\u2060-\u206f\u3164\uffa0"
    "\U0001d173-\U0001d17a"
)
#: A whole flag: U+1F3F4, a region code of 3 to 6 tag letters or digits (Unicode subdivision ids), a cancel tag.
TAG_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
TAG_CLASS = "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
SYMBOL_SELECTOR_CLASS = "\ufe00-\ufe0f"
IDEOGRAPH_SELECTOR_CLASS = "\U000e0100-\U000e01ef"
JOINER_CLASS = "\u200c\u200d"
DIRECTION_CLASS = "\u061c\u200e\u200f"

#: Characters that are drawn as pictures, so that ZWJ can join them (UTS #51, by block).
PICTOGRAPH_CLASS = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
)
SKIN_TONE_CLASS = "\U0001f3fb-\U0001f3ff"
IDEOGRAPH_CLASS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
#: Symbols and ideographs that have registered variants, and the keycap bases.
SELECTOR_BASE_CLASS = (
    "#*0-9" + PICTOGRAPH_CLASS + SKIN_TONE_CLASS + IDEOGRAPH_CLASS + "\u2200-\u22ff\u2460-\u24ff\u2a00-\u2aff"
    "\u3001\u3002\u3200-\u32ff\uff01\uff0c\uff0e\uff1a\uff1b\uff1f"
)
#: Scripts whose spelling uses ZWJ and ZWNJ: Arabic, Syriac, Indic, Tibetan, Myanmar, Khmer, Mongolian.
JOINING_CLASS = (
    "\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06e1-\u06ef\u06fa-\u06ff\u0710-\u077f\u08a0-\u08ff"
    "\u0900-\u0dff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17b3\u17b6-\u17d3\u1820-\u18aa"
    "\ua9e0-\ua9ff\uaa60-\uaa7f\ua8e0-\ua8ff\ufb50-\ufdc7\ufdf0-\ufdfc\ufe70-\ufefc"
)
RIGHT_TO_LEFT_CLASS = "\u05d0-\u05f2\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0710-\u072f\u074d-\u07b1\ufb1d-\ufdfc\ufe70-\ufefc"

INVISIBLE_CLASS = (
    NEVER_CLASS + TAG_CLASS + SYMBOL_SELECTOR_CLASS + IDEOGRAPH_SELECTOR_CLASS + JOINER_CLASS + DIRECTION_CLASS
)
INVISIBLE = re.compile(f"[{INVISIBLE_CLASS}]")
#: Everything that some step of `mend` looks at, apart from encoding repair, composition and space.
RARE = re.compile(
    f"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\uffff{INVISIBLE_CLASS}"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)

#: More combining marks in a row than any language writes (UAX #15, stream-safe text format). Putting such a
#: run in canonical order takes quadratic time, so a run is looked for before anything is normalised. Marks
#: are neither \\w nor \\s; `unicodedata.combining` decides about the few matches.
MARK_LIMIT = 30
MAYBE_MARKS = re.compile(f"[^\\w\\s\x00-\u02ff]{{{MARK_LIMIT + 1},}}")

# --- Look-alikes: pairs "other script, Latin" that are drawn the same in most fonts.
CYRILLIC_LATIN = "аaеeоoрpсcуyхxіiјjѕsԁdһhӏlԛqԝwғfкkмmтtвbнhАAЕEОOРPСCУYХXІIЈJЅSԀDҺHӀLԚQԜWҒFКKМMТTВBНH"  # fmt: skip
GREEK_LATIN = "αaοoεeνvυuιiκkρpτtΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"
