"""Which settings can be counted instead of computed, and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim.calculator.compiled import answer
from nector_sim.calculator.reasons import REASONS
from nector_sim.calculator.tables import compile_program
from nector_sim.exploration.counting import UNREACHED, AmountSettings
from nector_sim.exploration.grid import Part, Settings
from nector_sim.exploration.prepared import Prepared
from nector_sim.rules.money import to_minor
from nector_sim.rules.offers import VariableAmount
from nector_sim.rules.program import PercentMinPayable

#: Parts of a program that a checkout with given balances does not look at.
_UNSEEN = ("name", "points_label", "earning", "expiry", "tiers", "reversal", "valid_from")
#: Fields of the offer that a grid may change and still be counted.
_FREE = ("points_per_step", "discount_per_step", "max_discount", "min_cart", "name")


@dataclass(frozen=True, slots=True)
class Closed:
    """Orders to which the offer is closed whatever the setting: by tier, date or maximum cart."""

    is_open: npt.NDArray[np.bool_]
    orders: dict[str, int]
    """How many, by reason."""


def countable(settings: Settings, prepared: Prepared) -> tuple[AmountSettings, Closed] | None:
    """Give settings as whole numbers that :func:`~nector_sim.exploration.counting.count_settings` takes.

    Parameters
    ----------
    settings : Settings
    prepared : Prepared

    Returns
    -------
    tuple of (AmountSettings, Closed), or None
        None where the settings are not all of one variable amount offer whose limits are thresholds of the cart, or the
        orders have something that each setting treats differently.
    """
    program, columns, sales = settings.program, prepared.columns, prepared.sales
    if len(program.offers) != 1 or not program.enabled or columns.requested is not None or sales.redeems is not None:
        return None
    if any(key not in ("offers.0", "min_payable", *_UNSEEN) for key in settings.parts):
        return None
    if any(path.startswith("offers.0.") and path.removeprefix("offers.0.") not in _FREE for path in settings.paths):
        return None
    if sales.refund_depends_on_discount:
        return None
    whole = np.zeros(len(settings), dtype=np.int32)
    offers = settings.parts.get("offers.0", Part((), (), program.offers, whole))
    minima = settings.parts.get("min_payable", Part((), (), (program.min_payable,), whole))
    if not all(_is_plain(offer) for offer in offers.models):
        return None
    percent = np.array([isinstance(minimum, PercentMinPayable) for minimum in minima.models])
    min_cart = np.array([to_minor(offer.min_cart, program.decimals) for offer in offers.models], dtype=np.int64)
    # With credits, what is left for points is no longer the cart that these two look at.
    if columns.credits is not None and (percent.any() or min_cart.any()):
        return None
    max_cart = program.offers[0].max_cart
    if max_cart is not None and min_cart.max() > to_minor(max_cart, program.decimals):
        return None
    step = np.array([to_minor(offer.discount_per_step, program.decimals) for offer in offers.models], dtype=np.int64)
    amounts = AmountSettings(
        points_per_step=np.array([offer.points_per_step for offer in offers.models], dtype=np.int64),
        discount_per_step=step,
        most_steps=np.array(
            [
                UNREACHED if offer.max_discount is None else to_minor(offer.max_discount, program.decimals) // size
                for offer, size in zip(offers.models, step.tolist(), strict=True)
            ],
            dtype=np.int64,
        ),
        min_cart=min_cart,
        minimum=np.array([_minimum(minimum, program.decimals) for minimum in minima.models], dtype=np.int64),
        minimum_is_percent=percent,
        offer=offers.codes.astype(np.intp),
        min_payable=minima.codes.astype(np.intp),
    )
    return amounts, _closed(settings, prepared)


def _is_plain(offer: Any) -> bool:
    return isinstance(offer, VariableAmount) and offer.max_discount_percent is None and offer.min_cart_multiple is None


def _minimum(minimum: Any, decimals: int) -> int:
    if minimum is None:
        return 0
    return (
        to_minor(minimum.percent, 2) if isinstance(minimum, PercentMinPayable) else to_minor(minimum.amount, decimals)
    )


def _closed(settings: Settings, prepared: Prepared) -> Closed:
    """Ask the calculator which orders the offer is closed to, its minimum cart set aside."""
    offer = settings.program.offers[0]
    orders = len(prepared.columns.cart)
    if offer.tiers is None and offer.starts_at is None and offer.ends_at is None and offer.max_cart is None:
        return Closed(np.ones(orders, dtype=np.bool_), {})
    anyone = settings.program.model_copy(update={"offers": (offer.model_copy(update={"min_cart": Decimal(0)}),)})
    codes = answer(compile_program(anyone), prepared.columns).limited_by
    counts = {reason: int(np.count_nonzero(codes == REASONS.index(reason))) for reason in ("no_offer", "max_cart")}
    is_open = (codes != REASONS.index("no_offer")) & (codes != REASONS.index("max_cart"))
    return Closed(is_open, {reason: count for reason, count in counts.items() if count})
