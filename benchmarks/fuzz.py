"""Fuzz the parser of one format: no error, no hang, no lost byte, the same answer twice.

usage: python benchmarks/fuzz.py FORMAT [--seconds 600] [--seeds FOLDER] [--found FOLDER] [--seed 1]

Seconds are CPU seconds. Starts from the samples of the tests, and from the files of FOLDER if one is given.
With atheris (`pip install atheris`) the search is guided by which parts of cleaners/formats an input reaches;
without, inputs are damaged at random. Each input is read as the format and its bytes are accounted for; every
eighth is also cleaned twice, and cut into small parts that must tile it. What fails, or takes more than five
seconds, is written to the folder of what was found, with its traceback in the log; one input for each kind of
failure.
"""

# ruff: noqa: E402 - parsers are imported under the instruments of atheris, if it is there

import argparse
import os
import random
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "tests" / "cleaners" / "formats" / "samples"
sys.path[:0] = [str(ROOT), str(SAMPLES.parent)]
try:
    import atheris
except ImportError:
    atheris = None

if atheris:
    import cleaners.dates.finder  # noqa: F401 - dates are compiled, and numba knows no instruments

    with atheris.instrument_imports(include=["cleaners.formats"]):
        from cleaners.formats import detect, named
else:
    from cleaners.formats import detect, named
from format_properties import assert_tiled, cleaned

from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.reading import read
from cleaners.parts import Sizes, cut
from cleaners.recorded import make_body, tile
from cleaners.text_parts import cutter_of
from flows.warming import warm_up
from schemas.options import CleanOptions

LONGEST = 40_000
SLOW = 5.0
#: Every how many inputs the whole journey is gone: it takes ten times as long as reading alone.
WHOLE = 8
SMALL = Sizes(whole=200, part=300, most=3_000)
PIECES = [
    *(b'"', b"\\", b"\r", b"\n", b"\r\n", b"\n\n", b"\x00", b"\xff\xfe", b"\xff", b"\xed\xa0\xbd"),
    *("\u2028".encode(), "\u202e".encode(), "\u00a0".encode(), "\U0001f6a2".encode()),
    *(b"{", b"}", b"[", b"]", b",", b":", b"[" * 70, b'{"a":' * 70, b"null", b"true", b"NaN"),
    *(b"-1", b"1e309", b"9" * 30, b"\\ud83d", b"\\u0000", b"\\x0B", b'"text":', b'"messages": [', b'"id":'),
    *(b'"date":"0001-01-01T00:00:00+14:00"', b"0001-01-01", b"9999-12-31T23:59:59-23:59", b"1e400"),
    *(b"<", b">", b"</div>", b"<div>", b'<div class="', b"<br>", b'<a href="', b"<pre>", b"<!--"),
    *(b"&#0;", b"&#xD800;", b"]]>", b"<![CDATA[", b"<item>", b"</item>", b"<entry>", b"</entry>"),
    *(b"<!ENTITY a 'b'>", b"&a;", b"<!DOCTYPE x [", b"\nFrom x y\nA: b\n", b"--=_b1\n", b"Content-Type: "),
    *(b"charset=utf-7", b"=?utf-8?B?////?=", b"=?x?Q?=80?=", b"WARC/1.0\r\n", b"Content-Length: -1\r\n"),
    *(b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n", b";", b"\t", b"''", b'""'),
]


class Fuzzer:
    """One format, what it is fed, and what went wrong."""

    def __init__(self, name: str, folder: Path | None, found: Path, seed: int) -> None:
        self.name = name
        self.known = None if name == "text" else named(name)
        self.chance = random.Random(seed)  # noqa: S311 - damage, not secrets
        self.found = found
        self.inputs = 0
        self.failures: set[str] = set()
        self.slowest = 0.0
        samples = [*SAMPLES.iterdir(), *(folder.iterdir() if folder else ())]
        self.seeds = [
            data[:LONGEST] for path in samples if path.is_file() and self._mine(data := path.read_bytes())
        ]
        if not self.seeds:
            raise SystemExit(f"no sample is {name}")

    def _mine(self, data: bytes) -> bool:
        """Say whether a sample is of this format."""
        known: Format | None = detect(Glimpse.of(data))
        return known is self.known

    def check(self, data: bytes) -> None:
        """Read one input, and note what goes wrong."""
        self.inputs += 1
        started = time.process_time()
        try:
            self._hold(data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            self._note(f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}", data)
        took = time.process_time() - started
        self.slowest = max(self.slowest, took)
        if took > SLOW:
            self._note("slow", data)

    def _note(self, kind: str, data: bytes) -> None:
        if kind in self.failures:
            return
        self.failures.add(kind)
        path = self.found / f"{self.name}-{kind}"
        path.write_bytes(data)
        print(f"FOUND {path} ({len(data)} bytes, input {self.inputs})", flush=True)
        traceback.print_exc(file=sys.stdout)

    def _hold(self, data: bytes) -> None:
        if self.known is None:
            assert_tiled(cleaned("text", data))
        else:
            parsed = read(self.known, data, CleanOptions())
            bodies = [make_body(record) for record in parsed.records]
            reached = 0
            for one in tile(parsed, bodies, [None] * len(bodies), data, self.name):
                assert one.byte_start == reached
                reached = one.byte_end
            assert reached == len(data)
        if self.inputs % WHOLE == 0:
            document = cleaned(self.name, data)
            assert_tiled(document)
            assert cleaned(self.name, data) == document
            self._parts(data)

    def _parts(self, data: bytes) -> None:
        cutter = cutter_of(self.known, data, CleanOptions())
        if cutter is None:
            return
        reached = 0
        for one in cut(lambda start, size: data[start : start + size], len(data), cutter, SMALL):
            assert one.start == reached < one.end
            reached = one.end
            if self.known and one.lost is None:
                read(self.known, data[one.start : one.end], CleanOptions(part=one.part))
        assert reached == len(data)

    def damage(self, data: bytes, most: int = LONGEST) -> bytes:
        """Return a damaged copy of some bytes."""
        chance = self.chance
        out = bytearray(data or chance.choice(self.seeds))
        for _ in range(chance.choice([1, 1, 1, 2, 4, 10])):
            at, size = chance.randrange(len(out) + 1), chance.choice([1, 2, 5, 20, 100, 1000])
            other = chance.choice(self.seeds)
            begin = chance.randrange(len(other))
            match chance.randrange(8):
                case 0:
                    out[at : at + 1] = chance.randbytes(1)
                case 1:
                    del out[at : at + size]
                case 2:
                    out[at:at] = out[at : at + size]
                case 3:
                    out[at:at] = chance.choice(PIECES) * chance.choice([1, 1, 1, 3, 100])
                case 4:
                    out[at : at + chance.randrange(8)] = chance.choice(PIECES)
                case 5:
                    out[at:at] = other[begin : begin + size]
                case 6:
                    out[at : at + size] = other[begin : begin + size]
                case _ if chance.random() < 0.2:
                    del out[at:]
        return bytes(out[:most])


def main() -> None:
    """Fuzz one format."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("format")
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--seeds", type=Path)
    options.add_argument("--found", type=Path, default=Path("fuzz-found"))
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    asked.found.mkdir(parents=True, exist_ok=True)
    fuzzer = Fuzzer(asked.format, asked.seeds, asked.found, asked.seed)
    warm_up(compiled=True)  # compiling is no slow input
    end = time.process_time() + asked.seconds

    def finish() -> None:
        way = "guided" if atheris else "at random"
        print(
            f"{asked.format}: {fuzzer.inputs:,} inputs in {asked.seconds:.0f} CPU s, {way}; slowest "
            f"{fuzzer.slowest:.2f} s; {len(fuzzer.failures)} kinds of failure",
            flush=True,
        )

    for seed in fuzzer.seeds:
        fuzzer.check(seed)
    if not atheris:
        while time.process_time() < end:
            fuzzer.check(fuzzer.damage(b""))
        finish()
        return

    def one(data: bytes) -> None:
        fuzzer.check(data)
        if time.process_time() > end:
            finish()
            sys.stdout.flush()
            os._exit(1 if fuzzer.failures else 0)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        fuzzer.chance.seed(seed)
        if fuzzer.chance.random() < 0.3:
            return atheris.Mutate(data, most)
        return fuzzer.damage(data, most)

    corpus = asked.found / f"corpus-{asked.format}"
    corpus.mkdir(exist_ok=True)
    for at, seed in enumerate(fuzzer.seeds):
        (corpus / f"seed-{at}").write_bytes(seed)
    flags = [f"-max_len={LONGEST}", "-timeout=300", "-rss_limit_mb=3000", "-verbosity=0", "-close_fd_mask=0"]
    atheris.Setup([sys.argv[0], str(corpus), *flags, f"-seed={asked.seed}"], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
