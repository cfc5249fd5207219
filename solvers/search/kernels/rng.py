"""Random numbers: xorshift64 (Marsaglia, Xorshift RNGs, 2003, shifts 13, 7, 17).

The state is one nonzero uint64 that the caller owns, so a seed fixes a run. No multiplication, so
that the functions run without numba too, where numpy warns of overflow.
"""

from __future__ import annotations

import numpy as np

from solvers.search.kernels.jit import inlined

_SHIFT_A, _SHIFT_B, _SHIFT_C = np.uint64(13), np.uint64(7), np.uint64(17)
_TOP_31 = np.uint64(33)  # the high bits are the better ones
_TOP_53 = np.uint64(11)
_TO_UNIT = 1.0 / (1 << 53)


@inlined
def draw(rng):
    """Next 64 random bits; ``rng``, shape (1,), uint64, is overwritten."""
    x = rng[0]
    x ^= x << _SHIFT_A
    x ^= x >> _SHIFT_B
    x ^= x << _SHIFT_C
    rng[0] = x
    return x


@inlined
def draw_below(rng, bound):
    """Integer in [0, bound), for 1 <= bound < 2**31."""
    return (np.int64(draw(rng) >> _TOP_31) * np.int64(bound)) >> 31


@inlined
def draw_unit(rng):
    """Float in (0, 1], so that its logarithm exists."""
    return (np.float64(draw(rng) >> _TOP_53) + 1.0) * _TO_UNIT
