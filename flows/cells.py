"""Text of unknown origin in the cells of a table artifact.

Of Prefect's two user interfaces one shows a cell as it is, the other reads it as markdown without resolving
entities. So nothing can be escaped: what would be markup is replaced by a sign that looks like it.
"""

import re

from flows.report import MAX_TEXT, apart, line_of

_ALIKE = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "[": "\N{FULLWIDTH LEFT SQUARE BRACKET}",
        "]": "\N{FULLWIDTH RIGHT SQUARE BRACKET}",
        "*": "\N{ASTERISK OPERATOR}",
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
        "~": "\N{TILDE OPERATOR}",
        "\\": "\N{FULLWIDTH REVERSE SOLIDUS}",
    }
)
# Between letters an underscore is no markup, and min_items should remain what a person can copy.
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
# What begins a heading, a list, a rule or a table at the start of a line.
_LEADING = re.compile(r"(?=[#+=|:-]|\d+[.)])")


def cell(text: str, most: int = MAX_TEXT) -> str:
    """Return text as one line that is no markup anywhere, cut to at most `most` characters before that."""
    plain = _UNDERSCORE.sub("\N{FULLWIDTH LOW LINE}", line_of(text, most).translate(_ALIKE))
    return apart(_LEADING.sub("\u200b", plain, count=1) if _LEADING.match(plain) else plain)
