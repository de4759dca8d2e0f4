"""The forms of dates, as one regular expression over word codes (see tokens.py).

Every piece is bounded, so matching is linear. A gap and a word are one letter each; `_` is 'glued',
`;` a full stop and a space, `k` a comma between digits, `~` a dash between spaces.
"""

import re
from functools import cache

_DAY = "D(?:[_.'-]o)?"
_SPELLED = "(?:t(?:[ -][hH]|_h| a [hH])?|h(?: t)?)"  # second, twenty-first, vinte e um
_TO = "(?:[-~]| [rpa] (?:[TP] )?)"  # from day to day
_UNTIL = "(?:[-~]| [rp] )"  # between months 'and' joins two days
_DAYS = f"{_DAY}(?:{_TO}{_DAY})?"
_YEAR = "(?:[ ,;._-](?:[CPpG] ){0,2}[Yy](?:[ _]G)?)"
_SHORT_YEAR = r"(?: 'd| '[dD]|'[dD]| C d| d(?=[;.|\n]|_\Z))"
_BEFORE = "(?:(?:W|w|f-F)[ ,;(](?:[TPp] ){0,2})?"  # Friday, the
_AFTER = "(?:[ ,(_](?:[Pp] )?(?:W|f-F))?"  # , Friday
_CLOCK = "(?:(?:[ ,]|_x_| [Ppx] )[Dd]:[Dd](?::[Dd])?)?"
#: No digit may touch a numeric date: 1.2.3.4, 192.168.10.12, +7-910-..., 12/13/14/15.
_FREE = r"(?<![DdNYyx][./:_k-])(?<![DdNYy]['])"
_END = r"(?![./_k-][DdNYy])(?!%)"

_FORMS = {
    # 2023-03-03, 2023/03/03 14:05, 2023.03.03
    "ymd": rf"(?:{_FREE}|(?<=x[-_]))[Yy](?P<s1>[-/.])D(?P=s1)D{_CLOCK}{_END}",
    # 11-12.05.2023
    "ddmy": rf"{_FREE}D[-~]D\.D\.Y(?:[ _]G)?{_END}",
    # 13.07.2023, 13/07/2023, 13-07-2023
    "dmy": rf"{_BEFORE}{_FREE}D(?P<s2>[-/.])D(?P=s2)[Yy](?:[ _]G)?{_CLOCK}{_END}",
    # 13.07.23
    "dmd": rf"{_BEFORE}{_FREE}D(?P<s3>[-/.])D(?P=s3)[Dd](?!_[xN])(?:[ _]G)?{_CLOCK}{_END}",
    # 08/12,2015
    "dmky": rf"(?:[Pp] (?:T )?)?{_FREE}D/D[k,](?:Y|[Dd](?=[;.|\n]|_\Z)){_END}",
    # on 7/13, Friday 7/6, and 4/22 or 7.6 where the reader finds nothing else to make of it
    "on-dm": rf"(?:[Pp] (?:T )?|T |(?:W|w|f-F)[ ,;(])?{_FREE}D/D(?!/){_END}",
    "day-dm": rf"(?:W|w|f-F)[ ,;(]{_FREE}D\.D(?![.k:/][DdN]){_END}",
    # am 28.10., am 27. 11., and el 4.22 or em 4-22 at the end of a phrase
    "de-dm": rf"[PpT] D[.;]D(?=[;.])(?!\.[YDd])|[PT] D[.-]D(?! z){_END}",
    # 9 de 8 de 1971, le 18 08 1978
    "dcd": r"D C D C Y|[PpT] D D Y(?! [DdNYy])",
    # 2020/23/Sep, 2019/aug/01, 2020 September 23
    "ymd-named": rf"Y(?P<s4>[-/ ])(?:{_DAY}(?P=s4)[Mm]|[Mm](?P=s4){_DAY})(?![.k:/][DdN])",
    # 23/Sep/2020, September-23-2020, 23-2020-September
    "dmy-named": r"D/[Mm]/[Yy]|[Mm]/D/[Yy]|[Mm]-D-[Yy]|D-Y-[Mm]|[Mm]-Y-D",
    # 2023年7月13日, 4月8日至9日
    # the second of August, twenty-first May 2023
    "spelled-dm": rf"{_BEFORE}(?:[PpT] ){{0,2}}{_SPELLED} (?:[CPpTo] ){{0,2}}[Mmq]{_YEAR}?(?! z){_AFTER}",
    # May twenty-first
    "spelled-md": rf"[Mm](?:[ ,](?:T )?){_SPELLED}(?! [xnUv]){_YEAR}?",
    # 22 Gen, 2018, set-23-2020
    "weak": rf"(?:D|{_SPELLED}) (?:C )?e[ ,;](?:[CPp] )?Y|(?:P )?D(?P<s5>[-/])e(?:(?P=s5)[Yy])?"
    r"|e-D-Y|Y/e/D",
    "cjk": r"(?:[YyDd][_ ]J[_ ])?D[_ ]K[_ ]D(?:[_ ]L)?(?:(?:[-~_ ]|[_ ]r[_ ])D[_ ]L)?(?:[ _(]W)?",
    # 30 March - 2 April 2023, с 30 марта по 2 апреля
    "dmdm": rf"{_DAY}[ ;_.](?:C )?[Mm]{_YEAR}?{_UNTIL}{_DAY}[ ;_.](?:C )?[Mm]{_YEAR}?",
    # October 30 - November 2, 2023
    "mdmd": rf"[Mm][ ;_](?:T )?{_DAY}{_YEAR}?{_UNTIL}[Mm][ ;_](?:T )?{_DAY}(?![.k][DdN])(?!%){_YEAR}?",
    # 30 October 2023, 3. März, 1 de mayo de 2023, 13-Jul-2023, 2-4 октября
    "dm": rf"{_BEFORE}(?<![DdN][.k:/])(?<!\$)(?:T[ '])?{_DAYS}(?:[ ;_.-]|/(?=m))(?:[CPpT] ){{0,2}}[Mm]"
    rf"(?:{_YEAR}|{_SHORT_YEAR})?(?! z){_AFTER}",
    # July 13, April 8-9, October 2-4, 2023, Friday, May 26
    "md": rf"{_BEFORE}[Mm][ ;_./-](?:T )?{_DAYS}(?![.k:/][DdN])(?!%)(?! z)(?:{_YEAR}|{_SHORT_YEAR})?{_AFTER}",
    "qd": rf"q (?:T )?{_DAYS}{_YEAR}|{_DAYS} (?:[CPp] )?q{_YEAR}",
    # July 2023, в июле 2023 года, March-April 2023
    "my": r"[Mm](?:(?:[-~]| a )[Mm])?(?:[ ,;_-](?:[CPpG] ){0,2})Y(?:[ _]G)?(?![-/][DdY])",
    # 2023年7月, 2023年, 7月
    "cjk-ym": r"[Yy][_ ]J(?:[_ ]D[_ ]K)?",
    # in March, last March
    "pm": r"[PpSQ] M(?![ ,;_-](?:[CPGT] ){0,2}[DYyht])",
    # since 2014, between 2009 and 2019, в 2022-2023 годах
    "py": rf"(?:[PpS] (?:T )?|Q )(?:G )?Y(?:(?:[-~]| [rap] )Y)?(?:[ _]G)?(?! n)(?! Y)(?![-/][Mm]){_END}",
    "yg": rf"{_FREE}Y(?:[-~]Y)?[ _]G|(?<![A-Za-z]_)G Y(?:[-~]Y)?(?! n){_END}",
    # the past tense and the future of units
    "ago": r"[DdNHhr] [UG] A",
    "since": r"[DdN] [UG] (?:S|P U|P)",
    "anniversary": r"[DdN](?:[_'-]o)?[ -](?:[UG] )?V",
    "period": r"Q [UG]",
    # spring 2023, in summer, the third quarter of 2023, the first half of 2024
    "vague": r"(?:[Dh](?:[_'-]o)? )?v (?:[CPpT] ){0,2}Y(?! n)(?:[ _]G)?"
    r"|[PQ] (?:T )?v(?! (?:[CPpT] ){0,2}Y)",
    "weekday": r"(?:Q )?(?:W|f-F)",
    "relative": "R",
}


@cache
def grammar() -> re.Pattern[str]:
    """Return the compiled alternation; the form that matched is the last matched group named f_*."""
    return re.compile("|".join(f"(?P<f_{name.replace('-', '_')}>{form})" for name, form in _FORMS.items()))
