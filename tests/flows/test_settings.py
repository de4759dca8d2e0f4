"""Settings: where values come from, and what is said of bad ones."""

import datetime as dt
import json
from pathlib import Path

import pytest

from flows.settings import DEFAULT_WAREHOUSE, Settings, load, moment
from schemas.errors import ConfigError
from schemas.options import Columns

CASES = json.loads((Path(__file__).parent / "cases" / "settings.json").read_text(encoding="utf-8"))


def config(folder: Path, text: str) -> Path:
    file = folder / "feedmill.toml"
    file.write_text(text, encoding="utf-8")
    return file


def origin(settings: Settings, key: str) -> str:
    return dict(settings.origins)[key]


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    assert settings.warehouse == tmp_path / DEFAULT_WAREHOUSE
    assert settings.sources == ()
    assert settings.config_file is None
    assert settings.workers >= 1
    assert origin(settings, "warehouse") == "default"


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    file = config(tmp_path, 'warehouse = "of-file.duckdb"\nworkers = 3\nbatch_bytes = 5000\n')
    environ = {"FEEDMILL_WAREHOUSE": "of-environment.duckdb", "FEEDMILL_WORKERS": "4"}
    settings = load(tmp_path, environ, warehouse="of-flag.duckdb")
    assert (settings.warehouse, settings.workers, settings.batch_bytes) == (
        tmp_path / "of-flag.duckdb",
        4,
        5000,
    )
    assert [origin(settings, key) for key in ("warehouse", "workers", "batch_bytes")] == [
        "--warehouse",
        "FEEDMILL_WORKERS",
        str(file),
    ]


def test_paths_of_a_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    config(tmp_path / "etc", 'warehouse = "w.duckdb"\n[[sources]]\nname = "a"\npath = "in"\n')
    settings = load(tmp_path, {"FEEDMILL_CONFIG": "etc/feedmill.toml"})
    assert settings.warehouse == tmp_path / "etc" / "w.duckdb"
    assert settings.sources[0].location == str(tmp_path / "etc" / "in")


def test_a_source_is_read_whole(tmp_path: Path) -> None:
    config(
        tmp_path,
        '[[sources]]\nname = "a"\npath = "in"\ninclude = ["*.txt"]\nexclude = []\nfetched_at = 2024-05-01\n'
        'input_format = "text"\n',
    )
    (source,) = load(tmp_path, {}).sources
    assert (source.name, source.include, source.exclude) == ("a", ("*.txt",), ())
    assert (source.fetched_at, source.input_format) == ("2024-05-01", "text")


def test_the_file_of_this_project_is_valid() -> None:
    settings = load(Path(__file__).parents[2], {})
    assert [source.name for source in settings.sources] == ["seeds"]
    assert settings.sources[0].include == ("*.txt",)


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["label"])
def test_a_bad_value_is_named_with_its_place(case: dict[str, str], tmp_path: Path) -> None:
    file = config(tmp_path, case["input"])
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})
    assert str(file) in str(caught.value)
    assert case["expect"] in str(caught.value)


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FEEDMILL_WORKERS: workers = 'many' must be a whole number"):
        load(tmp_path, {"FEEDMILL_WORKERS": "many"})


def test_a_missing_config_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FEEDMILL_CONFIG: there is no file"):
        load(tmp_path, {"FEEDMILL_CONFIG": "nowhere.toml"})


def test_a_config_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "feedmill.toml").write_bytes(b'warehouse = "\xff"')
    with pytest.raises(ConfigError, match="byte 13 is not UTF-8"):
        load(tmp_path, {})


@pytest.mark.parametrize("case", CASES["moments"], ids=lambda case: case["input"])
def test_moments(case: dict[str, str]) -> None:
    assert moment(case["input"], "--fetched-at") == case["expect"]


def test_moments_from_toml() -> None:
    assert moment(dt.date(2024, 5, 1), "here") == "2024-05-01"
    assert (
        moment(dt.datetime(2024, 5, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=3))), "here")
        == "2024-04-30T23:00:00Z"
    )


@pytest.mark.parametrize("text", CASES["no_moments"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--fetched-at: .* is no ISO day or timestamp"):
        moment(text, "--fetched-at")


def test_columns_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "feedmill.toml").write_text(
        '[[sources]]\nname = "news"\npath = "a.csv"\n[sources.columns]\ntext = "body"\nid = "nr"\n'
    )
    [source] = load(tmp_path, {}).sources
    assert source.columns == Columns(roles=(("id", "nr"), ("text", "body")), scope="news")
