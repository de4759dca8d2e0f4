"""Dates: `find` reads the mentions in a text, `resolve` says when the items of a document were published."""

from cleaners.dates.finder import find

__all__ = ["find"]
