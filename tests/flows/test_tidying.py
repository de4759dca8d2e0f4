"""Tidying up: rubbish in cycles goes, and so does freed memory between what is in use."""

import gc
import platform
import subprocess
import sys
import weakref

import pytest

from flows.tidying import tidy_up

#: Two hundred thousand small blocks, of which every hundredth stays: it holds back what is free around it.
HOLES = """
import ctypes
from pathlib import Path
from flows.tidying import tidy_up

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
blocks = [libc.malloc(1000) for _ in range(200_000)]
for block in blocks:
    ctypes.memset(block, 1, 1000)
for number, block in enumerate(blocks):
    if number % 100:
        libc.free(block)
before = resident()
tidy_up()
print(before - resident())
"""


class Link:
    """Something that refers to itself."""

    def __init__(self) -> None:
        self.to = self


def test_cycles_go() -> None:
    gc.disable()  # it might come just then by itself
    try:
        one = Link()
        gone = weakref.ref(one)
        del one
        assert gone() is not None
        tidy_up()
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others give back by themselves")
def test_freed_memory_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 50_000_000
