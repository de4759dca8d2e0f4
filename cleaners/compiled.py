"""Compiled: functions of loops over numbers, turned to machine code by numba.

Numba and LLVM cost 0.8 s and 130 MB to load, so whoever cleans nothing does not load them: a function is
compiled, or taken from the cache, when it is first called. The machine code is kept beside the file of the
function; where that cannot be written, in the user's cache folder; where neither can be, it is made anew by
each process. Numba writes a file of the cache aside and renames it: processes may compile at the same time.
The cache goes by the date of the function's own file: what compiled code takes from elsewhere comes as an
argument, never as a global, and what calls each other stands in one file.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(signature: Any = None, **options: Any) -> Callable[[Function], Function]:
    """Compile a function; one with a signature at once, with its machine code kept for other processes.

    options: of numba.njit, beside those that all functions here have.
    """
    import numba  # noqa: PLC0415 - it costs what the head of this file says

    def decorate(function: Function) -> Function:
        if signature is None:
            return cast("Function", numba.njit(nogil=True, error_model="numpy", **options)(function))
        try:
            made = numba.njit(signature, nogil=True, error_model="numpy", cache=True, **options)(function)
        except RuntimeError:  # no folder to keep it in: read-only packages and no home
            made = numba.njit(signature, nogil=True, error_model="numpy", **options)(function)
        return cast("Function", made)

    return decorate


def compiled_late(signature: str) -> Callable[[Function], Function]:
    """Compile a function when it is first called. Compiled code cannot call it."""

    def decorate(function: Function) -> Function:
        @cache
        def made() -> Function:
            return compiled(signature)(function)

        @wraps(function)
        def call(*args: Any) -> Any:
            return made()(*args)

        return cast("Function", call)

    return decorate
