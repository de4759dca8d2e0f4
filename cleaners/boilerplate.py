"""Boilerplate: marks the lines of an article that are page furniture. Nothing is deleted here or later."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cleaners.keys import key
from cleaners.rules import rules

_TEASER_REACH = 3  # lines between a see-also marker and the headline that it teases
_STANDFIRST = 320  # characters; the longest teaser text of 2,000 article pages' related boxes is shorter
_LEAST_PARAGRAPHS = 4  # below this, a document has no room for a caption, a lead and a body


@dataclass(frozen=True, slots=True)
class Rule:
    """A line rule: `pattern` matches whole lines of at most `longest` characters."""

    id: str
    pattern: re.Pattern[str]
    longest: int


@cache
def line_rules() -> tuple[Rule, ...]:
    """Return the rules of rules/boilerplate.toml in their order."""
    return tuple(
        Rule(rule["id"], re.compile(rf"^\W*?(?:{rule['pattern']})\W*$", re.IGNORECASE), int(rule["longest"]))
        for rule in rules("boilerplate")["rule"]
    )


def line_rule(text: str) -> str | None:
    """Return the id of the first rule that matches the whole line, or None."""
    for rule in line_rules():
        if len(text) <= rule.longest and rule.pattern.match(text):
            return rule.id
    return None


def mark_boilerplate(texts: Sequence[str], raw: Sequence[str]) -> dict[int, str]:
    """Return rule ids by line index for the non-blank lines of one article.

    texts: display forms; raw: the same lines as they stood in the source, whose trailing blanks are evidence.
    """
    marked = {at: rule for at, text in enumerate(texts) if (rule := line_rule(text))}
    marked |= _teasers(texts, marked)
    if _caption_before_lead(texts, raw, marked):
        marked[1] = "caption-before-lead"
    return marked


def _teasers(texts: Sequence[str], marked: dict[int, str]) -> dict[int, str]:
    """Return the lines of teasers: equal headlines around a see-also marker, and the standfirst below."""
    found: dict[int, str] = {}
    keys = [key(text) for text in texts]
    for marker in (at for at, rule in marked.items() if rule == "see-also"):
        above = range(max(0, marker - _TEASER_REACH), marker)
        below = range(marker + 1, min(len(texts), marker + 1 + _TEASER_REACH))
        pair = next(((a, b) for b in below for a in reversed(above) if keys[a] == keys[b]), None)
        if pair is None:
            continue
        found |= dict.fromkeys(pair, "teaser")
        behind = pair[1] + 1
        if behind + 1 < len(texts) and behind not in marked and len(texts[behind]) <= _STANDFIRST:
            found[behind] = "teaser"
    return found


def _caption_before_lead(texts: Sequence[str], raw: Sequence[str], marked: dict[int, str]) -> bool:
    """Say whether line 1 is a caption: behind a headline, and the only line that ends in a no-break space."""
    if len(texts) < _LEAST_PARAGRAPHS or 1 in marked or headline(texts) is None:
        return False
    emptied = [at for at, line in enumerate(raw) if line.rstrip("\r\n ").endswith("\u00a0")]
    return emptied == [1]


def headline(texts: Sequence[str]) -> str | None:
    """Return the first line if it reads as a headline: short, and not closed like a sentence."""
    first = texts[0].strip() if texts else ""
    # 200 characters: the longest headline of the seeds has 81, of real feeds about 180.
    if not first or len(first) > 200 or re.search(r"[.…:;,]['\"”’»)]*$", first):
        return None
    return first if len(texts) > 1 else None
