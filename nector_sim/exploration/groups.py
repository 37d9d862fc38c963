"""Orders by month, band of cart, decile of customers, tier or any column."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.errors import InputError
from nector_sim.frames.columns import read_money, read_times
from nector_sim.frames.ids import id_keys
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program

#: Bands of cart size that orders are grouped by.
BANDS = 5
#: Said beside deciles: they are no experiment.
DECILES_DIFFER = (
    "Deciles of customers differ in more than points: who spends most would spend more anyway, so the difference "
    "between them is not what points do."
)


def labels_of(program: Program, orders: pd.DataFrame, by: str) -> Any:
    """Each order's group; blanks are in none."""
    if not isinstance(by, str):
        raise InputError(f"by is {by!r}; name one group: month, cart_band, customer_decile, tier or a column")
    needs = {"month": "ordered_at", "cart_band": "cart_amount", "customer_decile": "customer_id"}.get(by, by)
    if by in orders.columns:
        return pd.Categorical(orders[by])
    if needs not in orders.columns:
        raise InputError(
            f"Grouping by {by} needs a column {needs}; the orders have {', '.join(map(str, orders.columns))}"
        )
    if by == "month":
        instants = pd.to_datetime(read_times(orders["ordered_at"], program.timezone).numbers, unit="us", utc=True)
        return pd.Categorical(instants.tz_convert(program.timezone).strftime("%Y-%m"))
    cart = read_money(orders["cart_amount"], program.decimals).numbers / 10**program.decimals
    if by == "cart_band":
        return _bands(cart, program.currency)
    customers = id_keys(orders["customer_id"])
    spent = pd.Series(cart).groupby(customers).sum()
    rank = spent.rank(method="first", ascending=False) - 1
    decile = (rank * 10 // len(spent) + 1).astype(int)
    return pd.Categorical(decile.reindex(customers).to_numpy())


def _bands(cart: npt.NDArray[np.float64], currency: str) -> Any:
    """Bands of cart size of about equally many orders, with edges rounded to two figures."""
    edges = np.quantile(cart, np.arange(1, BANDS) / BANDS) if len(cart) else np.zeros(0)
    rounded = sorted({float(f"{edge:.1e}") for edge in edges if edge > 0})
    texts = [money_text(Decimal(str(edge)), currency) for edge in rounded]
    names = (
        ["all"]
        if not texts
        else [
            f"below {texts[0]}",
            *(f"{low} to below {high}" for low, high in itertools.pairwise(texts)),
            f"{texts[-1]} or more",
        ]
    )
    codes = np.searchsorted(rounded, cart, side="right")
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(names, ordered=True))
