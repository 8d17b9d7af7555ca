"""CRC-32 against zlib."""

import ctypes
import random
import zlib

import pytest


def test_published_check_value(engine):
    assert engine.scl_crc32(0, b"123456789", ctypes.c_size_t(9)) == 0xCBF43926


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 1030])
def test_equals_zlib_in_one_piece_and_in_two(engine, size):
    data = random.Random(size).randbytes(size)
    cut = size // 3
    whole = engine.scl_crc32(0, data, ctypes.c_size_t(size))
    first = engine.scl_crc32(0, data[:cut], ctypes.c_size_t(cut))
    chained = engine.scl_crc32(ctypes.c_uint32(first), data[cut:], ctypes.c_size_t(size - cut))
    assert whole == chained == zlib.crc32(data)
