"""Write what is known of a day in EDTF (ISO 8601-2): 2023-07-13, 2024-01-10/2024-01-12, ../2024-04-08,
XXXX-07-13."""

from datetime import date


def day_or_interval(earliest: date | None, latest: date | None) -> str | None:
    """Return a day, a closed interval, or an interval with an open end; None if both ends are unknown."""
    if earliest is None and latest is None:
        return None
    if earliest == latest and earliest is not None:
        return earliest.isoformat()
    return f"{earliest.isoformat() if earliest else '..'}/{latest.isoformat() if latest else '..'}"


def yearless(month: int, day: int) -> str:
    """Return a day of an unknown year."""
    return f"XXXX-{month:02d}-{day:02d}"
