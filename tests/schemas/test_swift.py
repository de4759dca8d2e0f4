"""Swift records are what the frozen dataclass would have been, made faster."""

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from schemas.documents import Line
from schemas.echoes import Block, Copy
from schemas.items import Dropped, Item, Paragraph, Published
from schemas.signatures import Signed
from schemas.swift import swift

SWIFT = (Line, Copy, Block, Dropped, Item, Paragraph, Published, Signed)


@dataclass(frozen=True, slots=True)
class Plain:
    """As ordinary as they come."""

    a: int
    b: str = "b"


@swift
@dataclass(frozen=True, slots=True)
class Swift:
    """As Plain."""

    a: int
    b: str = "b"


def test_one_is_made_compared_shown_and_copied_as_a_plain_one() -> None:
    made = Swift(1, b="c")
    assert (made.a, made.b) == (1, "c")
    assert Swift(1).b == "b"
    assert made == Swift(1, "c") != Swift(2, "c")
    assert hash(made) == hash(Plain(1, "c"))
    assert repr(made) == repr(Plain(1, "c")).replace("Plain", "Swift")
    assert type(made) is Swift
    assert replace(made, a=3) == Swift(3, "c")
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own
    assert copy.deepcopy(made) == made
    assert inspect.signature(Swift).parameters.keys() == inspect.signature(Plain).parameters.keys()


def test_it_is_frozen_and_asks_for_its_fields() -> None:
    with pytest.raises(FrozenInstanceError):
        Swift(1).a = 2  # type: ignore[misc] - that is the point
    with pytest.raises(TypeError):
        Swift()  # type: ignore[call-arg] - that is the point
    with pytest.raises(TypeError):
        Dropped(1, 2, "echo")  # type: ignore[misc] - by name only


@pytest.mark.parametrize("record", SWIFT)
def test_every_field_is_set_and_none_is_mixed_up(record: Any) -> None:
    names = record.__slots__
    made = record(**{name: name.upper() for name in names})
    assert {name: getattr(made, name) for name in names} == {name: name.upper() for name in names}
    assert type(made) is record


def test_what_its_own_init_does_beside_setting_fields_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Listed:
        a: list[int] = field(default_factory=list)

    @dataclass(frozen=True)
    class Open:
        a: int

    @dataclass(frozen=True, slots=True)
    class Checked:
        a: int

        def __post_init__(self) -> None:
            raise AssertionError

    @dataclass(frozen=True, slots=True)
    class Child(Plain):
        c: int = 0

    @dataclass(frozen=True, slots=True)
    class Mixed:
        a: int
        b: int = field(kw_only=True)

    for refused in (Listed, Open, Checked, Child, Mixed):
        with pytest.raises(TypeError, match=refused.__name__):
            swift(refused)
