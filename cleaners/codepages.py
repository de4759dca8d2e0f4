"""Guess the code page of bytes that are not UTF-8, from a few words upwards.

Statistical detectors need some hundred bytes: charset-normalizer 3.5 reads 11 of 29 one-line samples in 25
languages as another language. So the pages in `rules/codepages.toml` are scored first, by how common their
letters are and where they stand; charset-normalizer is asked when none of them convinces.
"""

import codecs
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: Enough text to know a language by; longer samples changed no verdict.
SAMPLE = 4096
#: Mean worth of a character from which a page convinces. Text in its right page scores 0.5 to 0.9, in a
#: wrong one of the same script up to 0.3.
CONVINCING = 0.35

_TYPOGRAPHY = frozenset("\xa0«»“”„‘’‚–—…•·°§©®™€№£")
_INNER_CAPITAL = re.compile(r"[^\W\d_A-Z](?<=[^\x00-\x7f])[^\W\d_]")
_BESIDE_ASCII = re.compile(r"[A-Za-z][^\W\d_\x00-\x7f]|[^\W\d_\x00-\x7f][A-Za-z]")
_NEIGHBOURS = re.compile(r"(?=[^\W\d_\x00-\x7f]{2})")
_SPECIAL = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7", "undefined", "utf-8"})
#: What browsers read under these labels: the superset that is really used (WHATWG Encoding, section 4.2).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
