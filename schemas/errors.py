"""Errors that reach a person. Each message says what, where, why, and what to do next."""


class FeedmillError(Exception):
    """Root of every error that feedmill raises on purpose."""


class InputError(FeedmillError):
    """An input that cannot be read at all: missing, unreadable, or of no known kind."""


class ConfigError(FeedmillError):
    """A setting or a rule file that does not make sense."""


class WarehouseBusy(FeedmillError):  # noqa: N818  # a state of the world, not a mistake
    """Another process holds the warehouse's write lock."""


class WarehouseError(FeedmillError):
    """The warehouse file is missing, newer than this program, or failed a check."""
