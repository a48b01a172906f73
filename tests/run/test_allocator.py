"""Freed memory stays with the process, and can still be asked back."""

import ctypes
import subprocess
import sys
from textwrap import dedent

import pytest

CODE = dedent("""
    import ctypes, numpy
    from fusion.run.allocator import keep_freed_memory

    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096

    assert keep_freed_memory()
    before = resident()
    large = numpy.ones(100 << 20, dtype=numpy.uint8)
    del large
    kept = resident() - before
    ctypes.CDLL(None).malloc_trim(0)
    print(kept >> 20, (resident() - before) >> 20)
""")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc has mallopt")
def test_a_large_array_stays_until_it_is_asked_back():
    found = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    kept, after = map(int, found.stdout.split())
    assert kept >= 100  # without it: mapped, and unmapped at once
    assert after < 50
