"""Schedules and whom to tell, as feedmill.toml has them."""

from pathlib import Path

import pytest

from flows.settings import load
from flows.timetable import Timetable, cron, hours, names, timetable
from schemas.errors import ConfigError


@pytest.mark.parametrize("good", ["*/5 * * * *", "0 6 * * MON-FRI", "17 3 1,15 * *", "  0   0 * *  0 "])
def test_five_fields_are_a_schedule(good: str) -> None:
    assert cron(good, "x") == " ".join(good.split())


@pytest.mark.parametrize("bad", ["", "5 minutes", "* * * *", "* * * * * *", "* * * * ;", 5, ["*"]])
def test_what_is_no_schedule_is_refused_with_an_example(bad: object) -> None:
    with pytest.raises(ConfigError, match=r"here\.schedule = .* is no cron schedule.*\*/5"):
        cron(bad, "here.schedule")


@pytest.mark.parametrize("bad", [0, -1, True, "48", 1e9])
def test_hours_are_a_positive_number(bad: object) -> None:
    with pytest.raises(ConfigError, match="number of hours"):
        hours(bad, "x")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"keep": 3}, "unknown key 'keep'"),
        ({"keep_days": 0}, "from 1 to 3650"),
        ({"keep_days": True}, "from 1 to 3650"),
        ({"notify": "mail me"}, "begins with http"),
        ({"maintain": "daily"}, "no cron schedule"),
        ([], "must be a table"),
    ],
)
def test_a_bad_table_is_refused(table: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        timetable(table, "serve")


def test_a_file_gives_schedules_to_sources(tmp_path: Path) -> None:
    (tmp_path / "feedmill.toml").write_text(
        '[serve]\nmaintain = "never"\nnotify = "${WHERE}"\n'
        '[[sources]]\nname = "a"\npath = "a"\nschedule = "*/5 * * * *"\nsilent_hours = 48\n'
        '[[sources]]\nname = "b"\npath = "b"\n'
    )
    settings = load(tmp_path, {})
    assert settings.serve == Timetable(maintain=None, notify="${WHERE}")
    assert [(one.schedule, one.silent_hours) for one in settings.sources] == [
        ("*/5 * * * *", 48.0),
        (None, None),
    ]


def test_secrets_are_named_by_variables() -> None:
    assert names("https://${HOST}/x?key=${KEY_2}&y=$NO&z=${}") == ["HOST", "KEY_2"]
