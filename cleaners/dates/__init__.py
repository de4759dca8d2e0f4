"""Dates: `find` reads the mentions in a text, `resolve` says when the items of a document were published."""

from cleaners.dates.finder import find
from cleaners.dates.inputs import DateInput
from cleaners.dates.resolver import resolve

__all__ = ["DateInput", "find", "resolve"]
