"""The chain ladder with Mack's standard error: a second opinion on ultimate redemption, which has no tail.

Older months show how redemption goes on, and the chain ladder carries that over to the younger ones. The arithmetic is
the `chainladder` library's (extra ``actuarial``), which is imported when it is asked for.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._extras import library

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Developed:
    """A triangle, carried on to its end.

    Attributes
    ----------
    ultimate : ndarray of float64, shape (months,)
    factors : ndarray of float64, shape (months - 1,)
        From one age to the next.
    standard_error : float
        Of the sum of `ultimate`, by Mack's formula; NaN where the triangle does not tell.
    """

    ultimate: Floats
    factors: Floats
    standard_error: float


def develop(triangle: Floats) -> Developed:
    """Carry a triangle on to its end by the chain-ladder method (volume-weighted), with Mack's standard error."""
    months = pd.period_range("2000-01", periods=len(triangle), freq="M").to_timestamp()
    row, age = np.nonzero(~np.isnan(triangle))
    frame = pd.DataFrame({"credited": months[row], "redeemed_in": months[row + age], "points": triangle[row, age]})
    with _quiet():
        cl = library("chainladder", "the chain-ladder method")
        made = cl.Triangle(frame, origin="credited", development="redeemed_in", columns="points", cumulative=True)
        # Mack's way to guess the spread of the last factor fails where earlier ones have none at all.
        for way in ("mack", "log-linear"):
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                fitted = cl.MackChainladder().fit(cl.Development(sigma_interpolation=way).fit_transform(made))
            error = float(fitted.total_mack_std_err_.to_numpy()[0, 0])
            if math.isfinite(error):
                break
        ultimate = np.array(fitted.ultimate_.values[0, 0, :, 0], dtype=np.float64)  # noqa: PD011 (no frame)
        factors = np.array(fitted.ldf_.values[0, 0, 0, : len(triangle) - 1], dtype=np.float64)  # noqa: PD011
    if (triangle == 0).any():
        ultimate, factors = _by_volume(triangle)
    return Developed(ultimate, factors, error)


def _by_volume(triangle: Floats) -> tuple[Floats, Floats]:
    """Ultimates and factors with every cell counted: chainladder takes a 0 for a cell that is not known."""
    known = ~np.isnan(triangle[:, 1:])
    now, then = (np.where(known, cells, 0.0).sum(axis=0) for cells in (triangle[:, :-1], triangle[:, 1:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = then / now
        to_come = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
        age = (~np.isnan(triangle)).sum(axis=1) - 1
        return triangle[np.arange(len(triangle)), age] * to_come[age], factors


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the one warning that chainladder gives under pandas 3."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsing integer or float values with a format in to_datetime")
        yield
