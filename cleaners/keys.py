"""Line keys: what two lines must share to be called the same line of a dump.

Milder than the matching form of `fold`: punctuation stays, because "Stop." and "Stop?" are two lines,
while quotes, dashes, case, width and invisible characters differ between two copies of one body.
"""

import re
import unicodedata

#: Selectors and other invisible characters, which have no say in a key.
DROPPED = (0xFE0E, 0xFE0F, *range(0x200B, 0x2010), 0x2060, 0xFEFF, 0xAD)
_FOLD = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys(DROPPED),
    }
)
_FOLDED = re.compile(f"[{re.escape(''.join(map(chr, _FOLD)))}]")
_WORD = re.compile(r"[^\W\d_]+")


def key(text: str) -> str:
    """Return the key of one line: NFKC, no invisibles, plain quotes and dashes, lower case, single blanks."""
    if text.isascii():
        text = text.replace("`", "'")
    else:
        text = unicodedata.normalize("NFKC", text)
        if _FOLDED.search(text):
            text = text.translate(_FOLD)
    return " ".join(text.casefold().split())


def letters(line_key: str) -> list[str]:
    """Return the words of a line: its runs of letters."""
    return _WORD.findall(line_key)
