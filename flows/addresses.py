"""Addresses of the web as inputs: what counts as one, and how it is shown and stored."""

import hashlib
import os
import re
from urllib.parse import urlsplit

_WEB = re.compile(r"https?://", re.IGNORECASE)
_BOT = re.compile(r"/bot\d+:[^/]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def is_address(location: str) -> bool:
    """Say whether a location is an address of the web, not a path."""
    return _WEB.match(location) is not None


def redacted(address: str) -> str:
    """Return an address as it may be stored and shown: without login, and its query by a hash only.

    A token in a query is a secret. The hash keeps two queries of one page apart.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("://")[0] + "://…"
    shown = _BOT.sub("/bot-", f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    if not parts.query:
        return shown
    return f"{shown}?{hashlib.sha256(parts.query.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def filled(address: str) -> str:
    """Return an address with `${NAME}` replaced by environment variables: the moment it is dialled, so that a
    secret is in no file, parameter or log. Raises KeyError with the name of one that is not set."""
    return _VARIABLE.sub(lambda match: os.environ[match[1]], address)
