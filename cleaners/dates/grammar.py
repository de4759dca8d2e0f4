"""The forms of dates, as one regular expression over word codes (see tokens.py).

Every piece is bounded, so matching is linear. A gap and a word are one letter each; `_` is 'glued',
`;` a full stop and a space, `k` a comma between digits, `~` a dash between spaces.
"""

import re
from functools import cache

_DAY = "D(?:[_'-]o)?"
_TO = "(?:[-~]| [rPaH] (?:T )?)"  # from day to day
_DAYS = f"{_DAY}(?:{_TO}{_DAY})?"
_YEAR = "(?:[ ,;._-](?:[CPG] ){0,2}[Yy](?:[ _]G)?)"
_SHORT_YEAR = "(?: 'd| '[dD]|'[dD])"
_BEFORE = "(?:(?:W|w|f-F)[ ,;(](?:[TP] ){0,2})?"  # Friday, the
_AFTER = "(?:[ ,(_](?:P )?(?:W|f-F))?"  # , Friday
_CLOCK = "(?:(?:[ ,]|_x_| [Px] )[Dd]:[Dd](?::[Dd])?)?"
#: No digit may touch a numeric date: 1.2.3.4, 192.168.10.12, +7-910-..., 12/13/14/15.
_FREE = r"(?<![DdNYyx][./:_k-])(?<![DdNYy]['])"
_END = r"(?![./_k-][DdNYy])(?!%)"

_FORMS = {
    # 2023-03-03, 2023/03/03 14:05, 2023.03.03
    "ymd": rf"{_FREE}[Yy](?P<s1>[-/.])D(?P=s1)D{_CLOCK}{_END}",
    # 11-12.05.2023
    "ddmy": rf"{_FREE}D[-~]D\.D\.Y(?:[ _]G)?{_END}",
    # 13.07.2023, 13/07/2023, 13-07-2023
    "dmy": rf"{_BEFORE}{_FREE}D(?P<s2>[-/.])D(?P=s2)[Yy](?:[ _]G)?{_CLOCK}{_END}",
    # 13.07.23
    "dmd": rf"{_BEFORE}{_FREE}D(?P<s3>[-/.])D(?P=s3)[Dd](?:[ _]G)?{_CLOCK}{_END}",
    # on 7/13
    "on-dm": rf"P D/D(?!/){_END}",
    # 2023年7月13日, 4月8日至9日
    "cjk": r"(?:[YyDd][_ ]J[_ ])?D[_ ]K[_ ]D(?:[_ ]L)?(?:(?:[-~_ ]|[_ ]r[_ ])D[_ ]L)?(?:[ _(]W)?",
    # 30 March - 2 April 2023, с 30 марта по 2 апреля
    "dmdm": rf"{_DAY}[ ;_.](?:C )?[Mm]{_YEAR}?{_TO}{_DAY}[ ;_.](?:C )?[Mm]{_YEAR}?",
    # October 30 - November 2, 2023
    "mdmd": rf"[Mm][ ;_](?:T )?{_DAY}{_YEAR}?{_TO}[Mm][ ;_](?:T )?{_DAY}(?![.k][DdN])(?!%){_YEAR}?",
    # 30 October 2023, 3. März, 1 de mayo de 2023, 13-Jul-2023, 2-4 октября
    "dm": rf"{_BEFORE}(?<![DdN][.k:/])(?:T[ '])?{_DAYS}(?:[ ;_.-]|[,;]? )(?:[CPT] ){{0,2}}[Mm]"
    rf"(?:{_YEAR}|{_SHORT_YEAR})?(?! z){_AFTER}",
    # July 13, April 8-9, October 2-4, 2023, Friday, May 26
    "md": rf"{_BEFORE}[Mm][ ;_](?:T )?{_DAYS}(?![.k:/][DdN])(?!%)(?! z)(?:{_YEAR}|{_SHORT_YEAR})?{_AFTER}",
    "qd": rf"q (?:T )?{_DAYS}{_YEAR}|{_DAYS} (?:[CP] )?q{_YEAR}",
    # July 2023, в июле 2023 года, March-April 2023
    "my": rf"[Mm](?:(?:[-~]| a )[Mm])?(?:[ ,;_-](?:[CPG] ){{0,2}})Y(?:[ _]G)?(?![-/][DdY])",
    # 2023年7月, 2023年, 7月
    "cjk-ym": r"[Yy][_ ]J(?:[_ ]D[_ ]K)?",
    # in March, last March
    "pm": r"[PQ] M(?![ ,;_-](?:[CPGT] ){0,2}[DYy])",
    # since 2014, between 2009 and 2019, в 2022-2023 годах
    "py": rf"(?:P |P T |Q )(?:G )?Y(?:(?:[-~]| [raP] )Y)?(?:[ _]G)?(?! n)(?! Y){_END}",
    "yg": rf"{_FREE}Y(?:[-~]Y)?[ _]G|(?<![A-Za-z]_)G Y(?:[-~]Y)?(?! n){_END}",
    # the past tense and the future of units
    "ago": r"(?:[DdN]|H) [UG] A",
    "since": r"[DdN] [UG] S",
    "anniversary": r"[DdN](?:[_'-]o)?[ -](?:[UG] )?V",
    "period": r"Q [UG]",
    "weekday": r"(?:Q )?(?:W|f-F)",
    "relative": "R",
}


@cache
def grammar() -> re.Pattern[str]:
    """Return the compiled alternation; the form that matched is the last matched group named f_*."""
    return re.compile("|".join(f"(?P<f_{name.replace('-', '_')}>{form})" for name, form in _FORMS.items()))
