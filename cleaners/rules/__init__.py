"""Enumerable knowledge as TOML: each rule has an id, a reason and an example."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.errors import ConfigError


@cache
def rules(name: str) -> dict[str, Any]:
    """Return the parsed rule file `name`.toml of this package. Raises ConfigError if it is not valid TOML."""
    try:
        return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"rule file cleaners/rules/{name}.toml is not valid TOML: {error}. Mend that line."
        ) from error
