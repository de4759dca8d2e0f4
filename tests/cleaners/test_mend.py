"""mend: what must stay, what must change, and that every change can be replayed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaners.mend import mend, replay
from cleaners.mojibake import maybe_bad
from schemas.traces import Step

CASES = Path(__file__).parent / "cases"

#: Characters whose neighbourhood decides: halves of mojibake, invisible ones, marks, breaks, emoji parts.
TRICKY = (
    "aZ éÃ©Â\x80\x85\x9d€âœ™\u200b\u200d\u200c\ufe0f\u0301\u0303"
    "❤👍\U0001f3fd\U0001f3f4\U000e0067\U000e007fم\u061c\u200f"
    "\n\r\x0b\u2028 \t\xa0вЂРЎ\ud83d\ude00\ud800\x00\x1b[m¢à²»Ñ\x81ÐŒ\u00adक\u094d"
)
TEXTS = st.text(alphabet=st.sampled_from(TRICKY), max_size=12) | st.text(
    alphabet=st.characters(), max_size=20
)


def cases(name: str) -> list[Any]:
    rows = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["label"]) for row in rows]


@pytest.mark.parametrize("case", cases("mend_kept"))
def test_kept(case: dict[str, str]) -> None:
    assert mend(case["input"]) == (case["input"], ())


@pytest.mark.parametrize("case", cases("mend_changed"))
def test_changed(case: dict[str, str]) -> None:
    text, steps = mend(case["input"])
    assert text == case["expect"]
    assert steps
    assert replay(case["input"], steps) == text
    assert mend(text) == (text, ())


@pytest.mark.parametrize("case", cases("mend_known_failures"))
@pytest.mark.xfail(strict=True, reason="known limit, see the label")
def test_known_failure(case: dict[str, str]) -> None:
    assert mend(case["input"])[0] == case["expect"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a\rb", ["line-breaks"]),
        ("schÃ¶n", ["repair"]),
        ("Ñ\x85a\x85", ["line-breaks", "repair", "space"]),
        ("\ud83d\ude00", ["junk"]),
        ("aâ€¨b", ["repair", "late-breaks"]),
        ("a\0", ["junk"]),
        ("a\u200b", ["invisibles"]),
        ("e\u0301", ["compose"]),
        (" a", ["space"]),
        ("Ã\u200b©\0 ", ["junk", "invisibles", "space", "repair"]),
    ],
)
def test_steps_are_named(text: str, names: list[str]) -> None:
    assert [step.name for step in mend(text)[1]] == names


def test_the_plan_of_a_repair_is_stored() -> None:
    assert mend("schÃ¶n")[1] == (Step("repair", (("encode", "latin-1"), ("decode", "utf-8"))),)
    text, steps = mend("fine\rschÃ¶n")
    assert text == "fine\nschön"
    assert steps[1] == Step("repair", (("line", "1"), ("encode", "latin-1"), ("decode", "utf-8")))


def test_replay_uses_the_plan_and_does_not_detect() -> None:
    # ftfy would leave this alone; the stored plan says otherwise and must win.
    plan = (("encode", "windows-1251"), ("decode", "koi8-r"))
    wrong = "Привет".encode("koi8-r").decode("windows-1251")
    assert mend(wrong)[1] == ()
    assert replay(wrong, (Step("repair", plan),)) == "Привет"
    assert replay("schÃ¶n", ()) == "schÃ¶n"


def test_surrogates_in_order_are_one_character() -> None:
    assert mend("\ud83d\ude00")[0] == "😀"


def test_replay_of_a_foreign_plan_fails() -> None:
    with pytest.raises(UnicodeError):
        replay("Привет", (Step("repair", (("encode", "latin-1"), ("decode", "utf-8"))),))
    with pytest.raises(KeyError):
        replay("a", (Step("unheard-of"),))


@settings(max_examples=500)
@given(TEXTS)
@example("Ã\u200b©")
@example("A\u0303©")
@example(" Ã x")
def test_mend_is_idempotent_and_replayable(text: str) -> None:
    mended, steps = mend(text)
    assert replay(text, steps) == mended
    assert mend(mended) == (mended, ())
    assert (mended == text) == (steps == ())


@settings(max_examples=300)
@given(TEXTS)
def test_the_result_is_clean(text: str) -> None:
    mended, _ = mend(text)
    assert not set(mended) & set("\0\r\x0b\x0c\x1b\x85\u2028\u2029\u200b\u00ad\ufeff\ud800\ud83d")
    assert "\n\n\n" not in mended
    assert mended.encode() == mended.strip(" \n\t\xa0").encode()


_CLASSES = re.compile(f"[{''.join(MOJIBAKE_CATEGORIES.values())}]")
#: All members of ftfy's classes and what its rules name apart: many strings of these are mojibake to it.
_BAD = [chr(code) for code in range(0x80, 0xFB10) if _CLASSES.match(chr(code))] + list("aZ в´±†Ä×√Ă")


@settings(max_examples=2000)
@given(st.text(alphabet=st.sampled_from(_BAD), min_size=1, max_size=6))
def test_the_gate_never_misses_what_ftfy_sees(text: str) -> None:
    assert maybe_bad(text) or not is_bad(text)


@pytest.mark.parametrize("codec", ["latin-1", "cp437", "mac-roman", "iso8859-2", "iso8859-9"])
@pytest.mark.parametrize(
    "text", ["“Où est-il ?” – naïve", "Привет, мир: «да»", "Żółć ąę", "東京 会議", "Ο πρόεδρος"]
)
def test_the_gate_lets_real_mojibake_through(text: str, codec: str) -> None:
    broken = text.encode().decode(codec)
    assert maybe_bad(broken) or not is_bad(broken)


def test_hostile_marks_are_left_in_their_order() -> None:
    # Canonical order of this run would take half an hour.
    text = "a" + "\u0301\u0323" * 200_000
    assert mend(text) == (text, ())
    assert mend("e\u0301" + "\u0323" * 5)[0].startswith("ẹ")


@pytest.mark.parametrize("text", ["&" + "amp;" * 100_000, "Ã©" * 50_000, "&#1;" * 50_000, "\u200e" * 100_000])
def test_hostile_text_takes_no_time(text: str) -> None:
    """Entities of entities are undone once by one elsewhere: 40 kB took seconds, 400 kB more than 25."""
    assert len(mend(text)[0]) <= len(text)
