"""Dates: `find` reads the mentions in a text, `resolve` dates the items of a document, `explain_dates` says
which mention was read as what."""

from cleaners.dates.explain import Reading, explain_dates
from cleaners.dates.finder import find
from cleaners.dates.inputs import DateInput
from cleaners.dates.resolver import resolve

__all__ = ["DateInput", "Reading", "explain_dates", "find", "resolve"]
