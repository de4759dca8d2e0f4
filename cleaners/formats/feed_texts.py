"""Text of feeds: HTML, escaped once or twice or not at all, and XML that is none."""

import html
import re

from cleaners.formats.markup import is_markup, to_text

#: Characters of a value that is a name, an address or a note.
LONGEST = 2_000
_BARE = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)([A-Za-z][A-Za-z0-9]{1,31};)?"
)
_CONTROL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[1-24-9]|2\d|3[01]|[xX](?:[0-8bBcC]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}));"
)


def words(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of an element that may be HTML, or HTML that was escaped twice; and its links."""
    if "<" in text and is_markup(text):
        return to_text(text)
    if "&" in text:
        plain = html.unescape(text)
        if "<" in plain and is_markup(plain):
            return to_text(plain)
        return plain, ()
    return text, ()


def mend_xml(body: bytes) -> bytes:
    """Return an entry in which bare ampersands, names of HTML entities and control characters are mended."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        start = body.find(b"<![CDATA[", at)
        end = body.find(b"]]>", start) + 3 if start >= 0 else 0
        if end < 3:  # none is left that is closed
            start = end = len(body)
        parts += [_CONTROL.sub(b"", _BARE.sub(_amp, body[at:start])), _CONTROL.sub(b"", body[start:end])]
        at = end
    return b"".join(parts)


def _amp(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return b"&amp;"
    named = html.unescape("&" + found[1].decode())
    return (
        html.escape(named, quote=False).encode()
        if not named.startswith("&") or len(named) == 1
        else b"&amp;" + found[1]
    )


def line(text: str | None) -> str | None:
    """Return a text on one line, None for an empty one."""
    return " ".join(words(text)[0].split())[:LONGEST] or None if text else None
