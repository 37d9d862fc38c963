"""Memory of large arrays is used again once nobody has an array in it, and never before."""

import gc

import numpy as np
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim import _memory

LARGE = 3_000_000


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(_memory, "_kept", [])


@pytest.mark.skipif(not _memory._FLAGS, reason="the system's pages cannot be asked for here")
def test_a_block_is_used_again_when_the_last_array_in_it_is_gone():
    first = _memory.empty(LARGE, np.float64)
    assert (first.shape, first.dtype, first.flags.c_contiguous, first.flags.writeable) == ((LARGE,), "f8", True, True)
    first[:] = 7
    where = first.ctypes.data
    part = pd.Series(first[1:3], copy=False)
    del first
    gc.collect()
    other = _memory.empty(LARGE, np.float64)
    assert other.ctypes.data != where
    other[:] = 8
    assert part.tolist() == [7, 7]
    del part
    again = _memory.empty(LARGE - 5, np.int64)
    assert again.ctypes.data == where
    del again
    # Neither one that is much smaller nor one that is larger.
    assert _memory.empty(LARGE // 2, np.int64).ctypes.data != where
    assert _memory.empty(2 * LARGE, np.int64).ctypes.data != where


def test_only_so_much_is_kept(monkeypatch):
    monkeypatch.setattr(_memory, "MOST", 48 << 20)
    several = [_memory.empty(LARGE, np.int64) for _ in range(4)]
    alone = _memory.empty(3 * LARGE, np.int64)
    del several, alone
    assert sum(map(len, _memory._kept)) <= 48 << 20
    small = _memory.empty(100, np.int8)
    assert (len(small), small.base) == (100, None)


def test_results_stay_what_they_are_while_others_are_worked_out():
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    orders = pd.DataFrame({"cart_amount": np.full(400_000, 500.0), "points_balance": 5000})
    first = ns.score(program, orders)
    for balance in (1, 2, 3):
        ns.score(program, orders.assign(points_balance=balance))
    assert set(first["points_redeemed"]) == {400}
    assert set(first["payable"]) == {100.0}
