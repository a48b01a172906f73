"""Batches are the tiles one by one, in order, whoever reads them; memory is bounded."""

import threading
from pathlib import Path

import numpy as np
import pytest

from fusion.data.prepare.tile_batches import tile_batches
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError


class Read:
    """Pixels that are their own left edge; says how many squares were read."""

    dimensions = (200, 4)
    downsamples = (1.0,)

    def __init__(self, broken=None):
        self.broken, self.squares = broken, 0
        self.lock = threading.Lock()

    def region(self, level, x, y, width, height):
        with self.lock:
            self.squares += 1
        if x == self.broken:
            raise ReadError("slide.svs", "a tile cannot be decoded")
        return np.full((height, width, 3), x, dtype=np.uint8)

    def close(self): ...


def of(pixels):
    return SlideFile(Path("slide.svs"), "p1", 0.5, pixels)


def corners(count):
    return np.stack([np.arange(count), np.zeros(count)], axis=1)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 50])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_tile_once_and_in_order(count, threads):
    found = list(tile_batches(of(Read()), corners(count), 2.0, 2, batch=8, threads=threads))
    assert [len(b) for b in found] == [8] * (count // 8) + ([count % 8] if count % 8 else [])
    assert [int(tile[0, 0, 0]) for b in found for tile in b] == list(range(count))
    assert all(b.dtype == np.uint8 and b.shape[1:] == (2, 2, 3) for b in found)


def test_no_more_is_read_ahead_than_is_said():
    pixels = Read()
    batches = tile_batches(of(pixels), corners(100), 2.0, 2, batch=10, threads=2)
    for given in range(1, 4):
        next(batches)
        assert pixels.squares <= 10 * (given + 3)  # given, and three ready or being read
    batches.close()
    assert pixels.squares <= 60


def test_what_was_read_before_a_damaged_tile_is_given():
    batches = tile_batches(of(Read(broken=25)), corners(40), 2.0, 2, batch=10)
    assert [len(next(batches)), len(next(batches))] == [10, 10]
    with pytest.raises(ReadError, match="cannot be decoded"):
        next(batches)


def test_nobody_reads_on_after_the_end():
    before = threading.active_count()
    batches = tile_batches(of(Read()), corners(100), 2.0, 2, batch=10, threads=3)
    next(batches)
    batches.close()
    assert threading.active_count() == before
