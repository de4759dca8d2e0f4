"""Numbers in words and figures -> digits: `twenty thousand`, `20 thousand` and `20 000` are one number."""

from collections.abc import Iterable

#: Words of so many and more multiply what stands before them, and end it: two million five hundred.
_POWER = 1_000
_HUNDRED = 100
#: Digits of a figure that may be multiplied. Longer ones are no amounts.
_DIGITS = 15


def amounts(said: Iterable[tuple[str, bool]]) -> list[str]:
    """Return the numbers of neighbouring words: each word its value in digits, and whether it is a figure.

    A figure begins a number, words go on with it; `16 17` are two.
    """
    found: list[str] = []
    whole, part = 0, -1  # of the number under way; -1: none
    for digits, figure in said:
        if figure or len(digits) > _DIGITS:
            if part >= 0:
                found.append(str(whole + part))
            whole, part = 0, -1
            if len(digits) > _DIGITS:
                found.append(digits)
            else:
                part = int(digits)
            continue
        value = int(digits)
        if value >= _POWER:
            whole, part = whole + (part if part > 0 else 1) * value, 0
        elif value == _HUNDRED:
            part = (part if part > 0 else 1) * value
        else:
            part = max(part, 0) + value
    if part >= 0:
        found.append(str(whole + part))
    return found
