"""The forms of dates, as regular expressions over word codes (see tokens.py).

Every piece is bounded, so matching is linear. A gap and a word are one letter each; `_` is 'glued',
`;` a full stop and a space, `k` a comma between digits, `~` a dash between spaces.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

_GAPS = "_ ,;.k/-:('$~%)|\n"
_DAY = "D(?:[_.'-]o|_[aC])?"  # 5th, 22e, 22de, 4'ü
_SPELLED = "(?:t(?:[ -][hH]|_h|[ -]a[ -][hH])?|h(?: t)?)"  # second, twenty-first, vinte e um
_TO = "(?:[-~/]|[ ;][rpa] (?:[TP] )?)"  # from day to day
_UNTIL = "(?:[-~]| [rp] )"  # between months 'and' joins two days
_DAYS = f"{_DAY}(?:{_TO}{_DAY})?"
_AND = "[ ,][ab] (?:[TPC] )?"
_LIST = f"{_DAY}(?:,(?:T )?{_DAY}){{0,6}}{_AND}{_DAY}"  # 5, 6 and 7
_OF = "(?:(?:[CPpT] ){0,2}|(?:[CPT] ){1,2}U (?:[CP][ '])?)"  # de, of the, of the month of
_YEAR = "(?:[ ,;._-](?:[CPpG] ){0,2}[Yy](?:[ _]G)?)"
_SHORT_YEAR = r"(?: 'd| '[dD]|'[dD]| C d| d(?=[;.|\n]|_\Z))"
_YEARS = f"(?:{_YEAR}|{_SHORT_YEAR})"
_NO_NUMBER = "(?![.k:/][DdN])(?!%)"
_NO_DECIMAL = r"(?<![DdN][.k:/])(?<!\$)"
_BEFORE = "(?:(?:W|w|f-F)[ ,;(](?:[TPp] ){0,2})?"  # Friday, the
_AFTER = "(?:[ ,(_](?:[Pp] )?(?:W|f-F))?"  # , Friday
_CLOCK = "(?:(?:[ ,]|_x_| [Ppx] )[Dd]:[Dd](?::[Dd])?)?"
_SUFFIX = "'[xoaCTPrHh]"  # Turkish: Mart'ta, 2015'te; the reader looks at the letters
#: No digit may touch a numeric date: 1.2.3.4, 192.168.10.12, +7-910-..., 12/13/14/15.
_FREE = r"(?<![DdNYyx][./:_k-])(?<![DdNYy]['])"
_END = r"(?![./_k-][DdNYy])(?!%)"
_NO_STREET = r"(?<!z[ ;])(?<!z [CPTx] )"  # ул. 8 Марта, rue du 4 Septembre
_NO_TAIL = "(?! z|-[xarHC])"  # 12 March Street, 5 Mar-a-Lago
_NO_DAY = "(?![ ,;_./-](?:[CPGT] ){0,2}[DYyht])"
_DAY_OF = f"{_DAYS}(?:[ ;_.-]|/(?=m)){_OF}|{_DAY} U C |D~(?=[Mm](?![ ,]D))"  # 4e jour de; 2- أكتوبر
_WEAK_DAY = "(?:P )?D(?P<s5>[-/])e(?:(?P=s5)[Yy])?"
_LED = "(?:[BPp] (?:T )?)?"

#: Name: (codes that it may start with, form). The first form that fits at a place wins.
FORMS = {
    # 10/1/2018-10/7/2018, 2018-01-10/2018-07-10, 28.02-03.03.2023, between 10/1-11/7
    "dmydmy": ("D", rf"{_FREE}D(?P<s6>[-/.])D(?P=s6)[Yy][-~]D(?P=s6)D(?P=s6)[Yy]{_END}"),
    "ymdymd": ("Yy", rf"{_FREE}[Yy](?P<s7>[-/.])D(?P=s7)D[-/~][Yy](?P=s7)D(?P=s7)D{_END}"),
    "dmdmy": ("D", rf"{_FREE}D(?P<s8>[/.])D[-~]D(?P=s8)D(?P=s8)[Yy]{_END}"),
    "dm-dm": ("BPpDWw", rf"{_LED}{_FREE}D/D[-~]D/D{_END}(?!k[DdN])"),
    # 2023-03-03, 2023/03/03 14:05, 2023.03.03
    "ymd": ("Yy", rf"(?:{_FREE}|(?<=x[-_]))[Yy](?P<s1>[-/.])D(?P=s1)D{_CLOCK}{_END}"),
    # 11-12.05.2023
    "ddmy": ("D", rf"{_FREE}D[-~]D\.D\.Y(?:[ _]G)?{_END}"),
    # 13.07.2023, 13/07/2023, 13-07-2023
    "dmy": ("WwfD", rf"{_BEFORE}{_FREE}D(?P<s2>[-/.])D(?P=s2)[Yy](?:[ _]G)?{_CLOCK}{_END}"),
    # 13.07.23
    "dmd": (
        "WwfD",
        rf"{_BEFORE}{_FREE}D(?P<s3>[-/.])D(?P=s3)[Dd](?!_[xN])(?:[ _]G)?{_CLOCK}{_END}",
    ),
    # 08/12,2015 and 12-08, 2015
    "dmky": (
        "PpD",
        rf"(?:[Pp] (?:T )?)?{_FREE}(?:D/D[k,](?:Y|[Dd](?=[;.|\n]|_\Z))|D-D[k,]Y){_END}",
    ),
    # on 7/13, Friday 7/6, and 4/22 or 7.6 where the reader finds nothing else to make of it
    "on-dm": ("PpTWwfD", rf"(?:[Pp] (?:T )?|T |(?:W|w|f-F)[ ,;(])?{_FREE}D/D(?!/)(?![ ;](?:C )?[Mm]){_END}"),
    "day-dm": ("Wwf", rf"(?:W|w|f-F)[ ,;(]{_FREE}D[.-]D(?![.k:/][DdN]){_END}"),
    # am 28.10., am 27. 11., and el 4.22 or em 4-22 at the end of a phrase
    "de-dm": ("PpT", rf"[PpT] D[.;]D(?=[;.])(?!\.[YDd])|[PT] D[.-]D(?! z){_END}"),
    # 9 de 8 de 1971, le 18 08 1978
    "dcd": ("DPpT", r"D C D C Y|[PpT] D D Y(?! [DdNYy])"),
    # 2020/23/Sep, 2019/aug/01, 2020 September 23
    "ymd-named": (
        "Y",
        rf"Y(?P<s4>[-/ ])(?:{_DAY}(?P=s4)[Mm]|[Mm](?P=s4){_DAY})(?![.k:/][DdN])",
    ),
    # 23/Sep/2020, September-23-2020, 23-2020-September
    "dmy-named": ("DMm", r"D/[Mm]/[Yy]|[Mm]/D/[Yy]|[Mm]-D-[Yy]|D-Y-[Mm]|[Mm]-Y-D"),
    # the second of August, twenty-first May 2023
    "spelled-dm": (
        "WwfPpTth",
        rf"{_BEFORE}(?:[PpT] ){{0,2}}{_SPELLED} (?:[CPpTo] |U C ){{0,2}}[Mmq]{_YEAR}?(?! z){_AFTER}",
    ),
    # May twenty-first
    "spelled-md": ("Mm", rf"[Mm](?:[ ,](?:[TCP] )?){_SPELLED}(?! [nUv]){_YEAR}?"),
    "spelled-qd": ("Pq", rf"(?:P q (?:T )?|q T ){_SPELLED}(?! [xnUv]){_YEAR}?"),
    # 22 Gen, 2018, set-23-2020
    "weak": (
        "DthPeY",
        rf"(?:D|{_SPELLED}) (?:C )?e[ ,;](?:[CPp] )?Y|P D e|{_WEAK_DAY}|e-D-Y|Y/e/D",
    ),
    # 2023年7月13日, 4月8日至9日
    "cjk": (
        "YyDdN",
        r"(?:[YyDdN][_ ]J[_ ])?D[_ ]K[_ ]D(?:[_ ]L|(?!_\w))(?:(?:[-~_ ]|[_ ]r[_ ])D[_ ]L)?(?:[ _(]W)?",
    ),
    # 30 March - 2 April 2023, с 30 марта по 2 апреля
    "dmdm": (
        "D",
        rf"{_DAY}[ ;_.](?:C )?[Mm]{_YEAR}?{_UNTIL}(?:[TC] )?{_DAY}[ ;_.](?:C )?[Mm]{_YEAR}?",
    ),
    # October 30 - November 2, 2023
    "mdmd": (
        "Mm",
        rf"[Mm][ ;_](?:T )?{_DAY}{_YEAR}?{_UNTIL}[Mm][ ;_](?:T )?{_DAY}(?![.k][DdN])(?!%){_YEAR}?",
    ),
    # 5 and 16 July; 5, 6 and 7 July; July 5 and 16
    "dd-m": (
        "D",
        rf"{_NO_DECIMAL}{_LIST}(?:[ ;_.-])(?:[CPpT] ){{0,2}}[Mm]{_YEARS}?(?! z)",
    ),
    "m-dd": ("Mm", rf"[Mm][ ;_](?:[TB] )?{_LIST}{_NO_NUMBER}(?! z){_YEARS}?"),
    # 30 October 2023, 3. März, 1 de mayo de 2023, 13-Jul-2023, 2-4 октября
    "dm": (
        "WwfTD",
        rf"{_BEFORE}{_NO_DECIMAL}{_NO_STREET}(?:T[ '])?(?:{_DAY_OF})[Mm](?:/M)?{_YEARS}?{_NO_TAIL}{_AFTER}",
    ),
    # July 13, April 8-9, October 2-4, 2023, Friday, May 26
    "md": (
        "WwfMm",
        rf"{_BEFORE}[Mm](?:{_SUFFIX} |[ ;_./-])(?:[TC] )?{_DAYS}{_NO_NUMBER}{_NO_TAIL}{_YEARS}?{_AFTER}",
    ),
    "qd": ("qD", rf"q (?:T )?{_DAYS}{_YEAR}|{_DAYS} (?:[CPp] )?q{_YEAR}|D_o q"),
    # July 2023, в июле 2023 года, March-April 2023
    "my": ("Mm", r"[Mm](?:(?:[-~/]| a )[Mm])?(?:[ ,;_-](?:[CPpG] ){0,2})Y(?:[ _]G)?(?![-/][DdY])"),
    # 2016, Nov; 2016 Kasım; August 99
    "ym": ("YMm", rf"{_FREE}Y[ ,~][Mm](?![ ,;_./-](?:[CPGT] ){{0,2}}[DdYyht])|[Mm] (?:C )?d(?![./k:-])"),
    # 2023年7月, 2023年, 7月
    "cjk-ym": ("Yy", r"[Yy][_ ]J(?:[_ ]D[_ ]K)?"),
    # Mart'ta, 2015'te
    "suffixed": ("MY", rf"[MY]{_SUFFIX}"),
    # em julho passado
    "pmq": ("PpS", "[PpS] [Mm] Q"),
    # in March, last March, luglio scorso
    "pm": (
        "BPpSQrMmU",
        rf"(?:U (?=[CP]))?[BPpSQC] [Mm]{_NO_DAY}|r M{_NO_DAY}|[Mm] Q",
    ),
    # since 2014, between 2009 and 2019, в 2022-2023 годах
    "py": (
        "PpSBQ",
        rf"(?:[BPpS] (?:T )?|Q )(?:G )?Y(?:(?:[-~]| [rap] )Y)?(?:[ _]G)?(?! n)(?! Y)(?![-/][Mm]){_END}",
    ),
    "yg": ("YG", rf"{_FREE}Y(?:[-~]Y)?[ _]G|(?<![A-Za-z]_)G Y(?:[-~]Y)?(?! n){_END}"),
    # the past tense of units: 3 days ago, vor 3 Tagen, il y a 3 jours, hace 3 días, 3天前
    "ago": ("DdNHhrZ", r"[DdNHhr] [UG] A|[DdN][_ ]Z|Z"),
    "ago-before": ("PpAS", r"(?:[PpAS]|P a r) [DdNHhr] [UG]"),
    "since": ("DdN", r"[DdN] [UG] (?:S|P U|P)"),
    "period": ("QUG", r"Q[ '][UG]|[UG] Q"),
    # spring 2023, in summer, the third quarter of 2023, the first half of 2024
    "vague": (
        "DhvPQ",
        r"(?:[Dh](?:[_'-]o)? )?v (?:[CPpT] ){0,2}Y(?! n)(?:[ _]G)?|[PQ] (?:T )?v(?! (?:[CPpT] ){0,2}Y)",
    ),
    "weekday-behind": ("Wf", "(?:W|f-F) Q"),
    "weekday": ("QWwf", "(?:Q[ _])?(?:W|f-F)"),
    "relative": ("R", "R(?:'E)?"),
}


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms that may start with one code: in one alternation, and one by one in their order.

    The form that matched is the last matched group of `either`, named f_*.
    """

    either: re.Pattern[str]
    single: Mapping[str, re.Pattern[str]]

    def after(self, name: str) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Yield the forms behind one: they are tried where its words turn out to be no date."""
        return islice(self.single.items(), list(self.single).index(name) + 1, None)


@cache
def grammar() -> Mapping[str, Forms]:
    """Return the forms by the code that they start with. One alternation for all codes is twice as slow."""
    forms: dict[str, dict[str, str]] = {}
    for name, (codes, form) in FORMS.items():
        for code in codes:
            forms.setdefault(code, {})[name.replace("-", "_")] = form
    return {
        code: Forms(
            re.compile("|".join(f"(?P<f_{name}>{form})" for name, form in named.items())),
            {name: re.compile(form) for name, form in named.items()},
        )
        for code, named in forms.items()
    }


@cache
def starts() -> re.Pattern[str]:
    """Return the places at which a form may start. Most forms need a second word that is known."""
    alone = "".join(sorted(code for code, forms in grammar().items() if _starts_alone(code, forms)))
    return re.compile(f"[{alone}]|[{''.join(sorted(grammar()))}](?=[^|\\n][^x])")


def _starts_alone(code: str, forms: Forms) -> bool:
    """Tell whether a word is a form by itself, or together with one that is not known (Mart'ta)."""
    return any(forms.either.match(f"_{code}{gap}x_", 1) for gap in _GAPS)
