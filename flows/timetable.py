"""When things run and who is told: `[serve]`, and `schedule` and `silent_hours` of sources."""

import re
from dataclasses import dataclass, fields

from schemas.errors import ConfigError

# Five fields. Prefect says what each may hold; here only what cannot be a schedule at all.
_CRON = re.compile(r"\S+( \S+){4}")
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,\-#?]+")
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """What `feedmill serve` does beside the sources' schedules. Times are UTC.

    `maintain`: when the warehouse is checked, checkpointed and its run log cut; None: never. `keep_days`: how
    long runs are remembered, in Prefect and in the warehouse's books of who gave what. `notify`: an address
    that is sent a POST when something needs a person; `${NAME}` in it is taken from the environment.
    """

    maintain: str | None = "17 3 * * *"
    keep_days: int = 30
    notify: str | None = None


def timetable(table: object, where: str) -> Timetable:
    """Return the table `[serve]` of feedmill.toml; `where` names it. Raises ConfigError."""
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table. Write it as [serve] in front of the sources.")
    known, default = [field.name for field in fields(Timetable)], Timetable()
    for key in table:
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key!r}. Known keys: {', '.join(known)}.")
    days = table.get("keep_days", default.keep_days)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 3650:
        raise ConfigError(f"{where}.keep_days = {days!r} must be a whole number of days from 1 to 3650.")
    notify = table.get("notify")
    if notify is not None and not (isinstance(notify, str) and re.match(r"https?://|\$\{", notify)):
        raise ConfigError(
            f"{where}.notify must be an address that begins with http:// or https://, or names a variable "
            "that holds one: ${NAME}."
        )
    maintain = table.get("maintain", default.maintain)
    return Timetable(
        maintain=None if maintain == "never" else cron(maintain, f"{where}.maintain"),
        keep_days=days,
        notify=notify,
    )


def cron(value: object, where: str) -> str | None:
    """Return a cron schedule of five fields, single-spaced, or None of None. Raises ConfigError."""
    if value is None:
        return None
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if _CRON.fullmatch(text) and all(map(_CRON_FIELD.fullmatch, text.split())):
        return text
    raise ConfigError(
        f"{where} = {value!r} is no cron schedule. Write five fields: minute, hour, day, month, weekday; "
        '"*/5 * * * *" is every five minutes, "0 6 * * *" each day at six (UTC).'
    )


def hours(value: object, where: str) -> float | None:
    """Return a number of hours that a source may be silent, or None of None. Raises ConfigError."""
    if value is None:
        return None
    # Prefect looks at what did not happen for ten seconds at the least.
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 10 / 3600 <= value <= 24 * 3650:
        return float(value)
    raise ConfigError(f"{where} = {value!r} must be a number of hours, such as 48.")


def names(text: str) -> list[str]:
    """Return the environment variables that `${NAME}` in a text names: what they hold is secret."""
    return [match[2:-1] for match in _VARIABLE.findall(text)]
