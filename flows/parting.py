"""Large files as parts, each a document of its own: `dump.txt#bytes=2000000-3998012` (half open).

Where a file is cut is the business of `cleaners.parts`. One that can only be read whole, and is too large for
that, is kept in pieces of which nothing is read.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.inputs import COST, Harm, Ref, opened
from flows.memory import TOO_LARGE

if TYPE_CHECKING:
    from cleaners.parts import Read, Sizes, Stretch

_MEANT = re.compile(r"(.+)#bytes=(\d{1,16})-(\d{1,16})", re.DOTALL)
#: Files of up to this many bytes are one document, and not opened to see how they would be cut.
WHOLE = 8_000_000
#: Nor are those of up to so many lines (cleaners.text_parts). Of a smaller file with more, nothing was read.
LINES = 150_000
#: Bytes of memory a byte of a document of which nothing is read: copies on its way between processes.
_KEPT = 8


def parted(ref: Ref, memory: int | None = None, sizes: "Sizes | None" = None) -> Iterator[Ref]:
    """Yield a file as it is or, if it is large, its parts in order. Raises UnusableInputError.

    `memory`: bytes that cleaning one document may take; None: no limit. `sizes`: for other parts than usual.
    """
    small = ref.bytes <= (sizes.whole if sizes else WHOLE)
    if small and not _is_crumbs(ref):
        yield ref
        return
    # Brings the parsers, which runs without large files do without until their workers have them.
    from cleaners.parts import SIZES, blind  # noqa: PLC0415

    sizes = sizes or SIZES
    with opened(ref) as handle:

        def read(start: int, size: int) -> bytes:
            handle.seek(start)
            return handle.read(size)

        if ref.harm and ref.harm.whole:
            for one in blind(read, 0, ref.bytes, sizes, (ref.harm.reason, ref.harm.detail)):
                yield _part(ref, one)
            return
        found = _stretches(ref, read, memory, sizes, small=small)
        if found is None:
            yield ref
            return
        name, stretches = found
        for one in stretches:
            yield _part(replace(ref, input_format=name), one)


def _is_crumbs(ref: Ref) -> bool:
    """Say whether a small file has more lines than a document may have."""
    if ref.bytes <= LINES or (ref.harm and ref.harm.whole):
        return False
    with opened(ref) as handle:
        return handle.read(ref.bytes).count(b"\n") > LINES


def meant(location: str) -> tuple[str, tuple[int, int]] | None:
    """Return the file and the bytes that `FILE#bytes=START-END` means, None for another location."""
    found = _MEANT.fullmatch(location)
    return (found[1], (int(found[2]), int(found[3]))) if found else None


def _stretches(
    ref: Ref, read: "Read", memory: int | None, sizes: "Sizes", *, small: bool
) -> "tuple[str | None, Iterator[Stretch]] | None":
    """Return the format of a file and its parts; None for a file that is to be read whole."""
    from cleaners.formats import TEXT, detect, named, names  # noqa: PLC0415 - as above
    from cleaners.formats.entry import TAIL, Glimpse  # noqa: PLC0415 - as above
    from cleaners.parts import blind, cut  # noqa: PLC0415 - as above
    from cleaners.text_parts import cutter_of  # noqa: PLC0415 - as above
    from flows.cleaning import options_of  # noqa: PLC0415 - as above
    from flows.warming import compile_apart  # noqa: PLC0415 - as above

    head = read(0, sizes.most)
    if ref.input_format is None:
        tail = read(max(ref.bytes - TAIL, 0), TAIL)
        known = detect(Glimpse.of_ends(head, tail, ref.bytes, ref.uri, columns=ref.columns))
    elif ref.input_format in names():
        known = named(ref.input_format)
    else:
        return None
    if known is not None and small:
        return None
    if known is None:  # plain text is cut by the splitter, and that by compiled code
        compile_apart()
    cutter = cutter_of(known, head, options_of(ref))
    if cutter is not None:
        return known.name if known else TEXT, cut(read, ref.bytes, cutter, sizes)
    if memory is None or (known.cost if known else COST) * ref.bytes <= memory:
        return None
    return ref.input_format, blind(read, 0, ref.bytes, sizes, ("memory", TOO_LARGE))


def _part(ref: Ref, one: "Stretch") -> Ref:
    """Return a part of a file as a document. What its archive lost is missing behind the last one."""
    harm = ref.harm if one.part.last else None
    return replace(
        ref,
        uri=f"{ref.uri}#bytes={one.start}-{one.end}",
        start=one.start,
        bytes=one.end - one.start,
        part=None if one.lost else one.part,
        cost=_KEPT if one.lost else ref.cost,
        harm=Harm(*one.lost, whole=True) if one.lost else harm,
    )
