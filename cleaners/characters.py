"""Tables of characters: what breaks a line, what is never seen, what may carry it, and what looks alike.

Code points are written as escapes where they cannot be seen. Strings that end in CLASS go between the
brackets of a regular expression.
"""

import re

#: Noncharacters at the end of planes 1 to 16.
_PLANE_ENDS = "".join(chr(plane << 16 | end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))

#: Behind the last ideograph there are only selectors and private use: no letter, mark or digit.
LETTERS_END = 0x323B0

# --- Line breaks other than LF. NEL (U+0085) is apart: it is also the second half of many mojibake pairs.
BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\u2028\u2029]")
LATE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
#: A NEL with no U+0080-U+00FF before it cannot be a half of UTF-8 that was read as Latin-1.
LONE_NEL = re.compile("(?<![\x80-\xff])\x85")
OTHER_C1 = re.compile("[\x80-\x84\x86-\x9f]")

#: Trimmed at both ends of lines.
BLANKS = " \t\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"

# --- Junk: text in no language. ESC [ ... letter is a terminal's colour code and goes as a whole.
JUNK = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"
    f"|[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff{_PLANE_ENDS}]"
)
#: Two surrogates in order are one character that was split; a lone one is damage.
SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")

# --- Invisible characters, by what lets them stay.
#: Nothing: zero-width space, word joiner, soft hyphen, grapheme joiner, bidi embeddings and isolates,
#: deprecated formats, Hangul fillers, Khmer inherent vowels, Mongolian selectors, musical formats.
_NEVER_CLASS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u202a-\u202e\u2060-\u206f\u3164\uffa0"
    "\U0001d173-\U0001d17a"
)
_TAG_CLASS = "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
#: A whole flag: U+1F3F4, 3 to 6 tag letters or digits (Unicode subdivision ids), a cancel tag.
_TAG_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
_SYMBOL_SELECTOR_CLASS = "\ufe00-\ufe0f"
_IDEOGRAPH_SELECTOR_CLASS = "\U000e0100-\U000e01ef"
#: Drawn as pictures, so that ZWJ may join them (UTS #51, by block).
_PICTOGRAPH_CLASS = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
)
_SKIN_TONE_CLASS = "\U0001f3fb-\U0001f3ff"
_IDEOGRAPH_CLASS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
#: Symbols and punctuation with registered variants, and the bases of keycaps.
_SYMBOL_CLASS = (
    "#*0-9"
    + _PICTOGRAPH_CLASS
    + _SKIN_TONE_CLASS
    + _IDEOGRAPH_CLASS
    + "\u2200-\u22ff\u2460-\u24ff\u2a00-\u2aff"
    "\u3001\u3002\u3200-\u32ff\uff01\uff0c\uff0e\uff1a\uff1b\uff1f"
)
#: Scripts that spell with ZWJ and ZWNJ: Arabic, Syriac, Indic, Tibetan, Myanmar, Khmer, Mongolian.
_JOINING_CLASS = (
    "\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06e1-\u06ef\u06fa-\u06ff\u0710-\u077f\u08a0-\u08ff"
    "\u0900-\u0dff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17b3\u17b6-\u17d3\u1820-\u18aa"
    "\ua8e0-\ua8ff\ua9e0-\ua9ff\uaa60-\uaa7f\ufb50-\ufdc7\ufdf0-\ufdfc\ufe70-\ufefc"
)

#: What may stand before a selector of symbols, and these selectors, each for between brackets.
SYMBOLS, SYMBOL_SELECTORS = _SYMBOL_CLASS, _SYMBOL_SELECTOR_CLASS

NEVER_OR_FLAG = re.compile(f"({_TAG_FLAG})|[{_NEVER_CLASS}{_TAG_CLASS}]+")
STRAY_SELECTOR = re.compile(
    f"(?<![{_SYMBOL_CLASS}])[{_SYMBOL_SELECTOR_CLASS}]|(?<![{_IDEOGRAPH_CLASS}])[{_IDEOGRAPH_SELECTOR_CLASS}]"
)
#: A joiner stays behind a letter of a joining script; ZWJ also between pictures (the first may wear a
#: selector or a skin tone).
STRAY_JOINER = re.compile(
    f"(?<![{_JOINING_CLASS}])(?:\u200c|\u200d(?:(?<![{_PICTOGRAPH_CLASS}{_SKIN_TONE_CLASS}\ufe0f]\u200d)"
    f"|(?![{_PICTOGRAPH_CLASS}])))"
)
#: Marks of direction stay in text with Hebrew, Arabic, Syriac or Thaana letters.
DIRECTION = re.compile("[\u061c\u200e\u200f]")
RIGHT_TO_LEFT = re.compile(
    "[\u05d0-\u05f2\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0710-\u072f\u074d-\u07b1\u08a0-\u08c9"
    "\ufb1d-\ufdfc\ufe70-\ufefc]"
)

INVISIBLE = re.compile(
    f"[{_NEVER_CLASS}{_TAG_CLASS}{_SYMBOL_SELECTOR_CLASS}{_IDEOGRAPH_SELECTOR_CLASS}\u061c\u200c-\u200f]"
)
#: All that some step of `mend` may change by itself, whatever stands beside it, and the planes above 2: few
#: ranges beyond U+FFFF keep the search fast.
RARE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff"
    f"{_NEVER_CLASS}{_SYMBOL_SELECTOR_CLASS}\u061c\u200c-\u200f\U0001fffe\U0001ffff\U0002fffe-\U0010ffff]"
)
#: Characters that have no say in the matching form: invisible ones, other formats, the keycap frame.
_VANISHING_CLASS = (
    f"{_NEVER_CLASS}{_SYMBOL_SELECTOR_CLASS}\u061c\u200c-\u200f"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\ufeff\ufff9-\ufffb\u20e3"
)
VANISHING = re.compile(
    f"[{_VANISHING_CLASS}{_TAG_CLASS}{_IDEOGRAPH_SELECTOR_CLASS}"
    "\U000110bd\U000110cd\U00013430-\U00013438\U0001bca0-\U0001bca3]"
)
MAYBE_VANISHING = re.compile(f"[{_VANISHING_CLASS}\U00010000-\U0010ffff]")

#: More combining marks in a row than any language writes (UAX #15, stream-safe text). To put such a run in
#: canonical order takes quadratic time, so runs are looked for before anything is normalised. Marks are
#: neither letters nor spaces to `re`: the pattern finds all candidates, `unicodedata.combining` decides.
MARK_LIMIT = 30
MAYBE_MARKS = re.compile(f"[^\\w\\s\x00-\u02ff]{{{MARK_LIMIT + 1},}}")

# --- Look-alikes: another script's letter, then the Latin one that is drawn the same in most fonts. Where two
# letters are drawn alike (Н and Һ as H) the first is the way back. ё is е in the matching form.
CYRILLIC_LATIN = "аaеeёeоoрpсcуyхxіiјjѕsԁdӏlԛqԝwғfкkмmтtвbнhһhАAЕEЁEОOРPСCУYХXІIЈJЅSԀDӀLԚQԜWҒFКKМMТTВBНHҺH"
GREEK_LATIN = "αaοoεeνvυuιiκkρpτtΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"
