"""Settings whose totals are found without scoring the orders for each: which they are, and their numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from nector_sim.calculator.compiled import answer
from nector_sim.calculator.parameters import compile_program, min_payable_row, offer_row
from nector_sim.calculator.reasons import REASONS
from nector_sim.exploration.combining import VARIANT, combine_settings
from nector_sim.exploration.counting import AmountSettings, count_settings
from nector_sim.exploration.grid import Part, Settings
from nector_sim.exploration.prepared import Prepared
from nector_sim.exploration.totals import Totals, weights_of
from nector_sim.rules.known import Known, fields, unknown
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import UNREACHED
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

#: Parts of a program that a checkout with given balances does not look at.
_UNSEEN = ("name", "points_label", "earning", "expiry", "tiers", "tiering", "reversal", "valid_from")
_ANY_OFFER = "kind name min_cart max_cart tiers starts_at ends_at"
#: What both shortcuts compute; a program with more is scored setting by setting.
KNOWN: Known = {
    Program: frozenset(_UNSEEN) | fields("currency timezone enabled offers min_payable"),
    VariableAmount: fields(_ANY_OFFER, "points_per_step discount_per_step max_discount"),
    FixedAmount: fields(_ANY_OFFER, "points discount"),
    # Offers in percent are left out by both; their models are here for the fields that every offer has.
    VariablePercent: fields(_ANY_OFFER, "points_per_step percent_per_step"),
    FixedPercent: fields(_ANY_OFFER, "points percent"),
    FixedMinPayable: fields("kind amount"),
    PercentMinPayable: fields("kind percent"),
    Earning: fields(
        "points_per_unit points per_amount whole_steps min_cart max_points",
        "base rounding delay_days on_redeeming_orders",
    ),
    Expiry: fields("months days kind"),
    Tier: fields("name min_spend min_orders min_earned earning_factor"),
    Tiering: fields("window_months"),
    Reversal: fields("earned redeemed overdraft"),
}
#: Columns of orders that both shortcuts compute.
KNOWN_COLUMNS = ("cart", "balance", "credits", "tier", "at")
#: Fields of an offer that decide whom it is for; a shortcut asks once.
_FOR_WHOM = ("tiers", "starts_at", "ends_at")


def counted(settings: Settings, prepared: Prepared, *, threads: int) -> Totals | None:
    """Count the totals of settings of one variable amount offer."""
    program, columns = settings.program, prepared.columns
    if len(program.offers) != 1 or not _is_common(settings, prepared):
        return None
    offers, minima = _part(settings, "offers.0", program.offers[0]), _part(settings, "min_payable", program.min_payable)
    if any(offer.is_fixed or offer.is_percent for offer in offers.models):
        return None
    if any(path == "offers.0.max_cart" for path in settings.paths):
        return None
    terms = np.array([_terms(offer, program) for offer in offers.models], dtype=np.int64).T
    minimum, is_percent = _minima(minima, program)
    # With credits, what is left for points is no longer the cart that these two look at.
    if columns.credits is not None and (is_percent.any() or terms[3].any()):
        return None
    if (terms[3] > terms[4]).any():
        return None  # carts between the two are closed for either reason
    is_open, closed = _closed(settings, prepared)
    amounts = AmountSettings(
        terms[0],
        terms[1],
        terms[2],
        terms[3],
        minimum,
        is_percent,
        offers.codes.astype(np.intp),
        minima.codes.astype(np.intp),
    )
    arrays = [columns.balance, _left(prepared), *weights_of(prepared.sales)]
    if closed:
        arrays = [array[is_open] for array in arrays]
    balance, cart, *weights = arrays
    found = count_settings(balance, cart, amounts, weights=weights, threads=threads)
    if found is None:
        return None
    points, step = terms[0][offers.codes], terms[1][offers.codes]
    return Totals(
        given=found.given,
        points=found.steps * points,
        discount=found.steps * step,
        nothing_paid=found.nothing_paid,
        limited=found.limited | {reason: (count, 0) for reason, count in closed.items()},
        weighted=[(steps * step, nothing) for steps, nothing in found.weighted],
    )


def combined(settings: Settings, prepared: Prepared, *, threads: int) -> Totals | None:
    """Combine the totals of settings of one or two amount offers."""
    program, columns = settings.program, prepared.columns
    if len(program.offers) not in (1, 2) or not _is_common(settings, prepared):
        return None
    if any(getattr(offer, field) is not None for offer in program.offers for field in _FOR_WHOM):
        return None
    minima = _part(settings, "min_payable", program.min_payable)
    minimum, is_percent = _minima(minima, program)
    count = len(minimum)
    rows: list[tuple[Any, ...]] = []
    places = []
    for position, offer in enumerate(program.offers):
        part = _part(settings, f"offers.{position}", offer)
        if any(model.is_percent for model in part.models):
            return None
        places.append(len(rows) + part.codes.astype(np.intp) * count + minima.codes)
        for model in part.models:
            points, amount, most, low, high = _terms(model, program)
            if low > high:
                return None  # carts between the two are closed for either reason
            rows += [
                (points, amount, most, model.is_fixed, low, high, 0 if percent else size, size if percent else 0)
                for size, percent in zip(minimum.tolist(), is_percent.tolist(), strict=True)
            ]
    found = combine_settings(
        columns.balance,
        columns.cart,
        _left(prepared),
        np.array(rows, dtype=VARIANT),
        np.stack(places, axis=1),
        weights=weights_of(prepared.sales),
        threads=threads,
    )
    return Totals(
        given=found.given,
        points=found.points,
        discount=found.discount,
        nothing_paid=found.nothing_paid,
        limited=found.limited | {"max_cart": (found.closed, 0)},
        weighted=found.weighted,
    )


def _is_common(settings: Settings, prepared: Prepared) -> bool:
    """What both ways need: nobody's request depends on the setting, and nobody's offer."""
    program, sales = settings.program, prepared.sales
    if not program.enabled or sales.redeems is not None:
        return False
    if any(not key.startswith("offers.") and key not in ("min_payable", *_UNSEEN) for key in settings.parts):
        return False
    if any(path.rpartition(".")[2] in _FOR_WHOM for path in settings.paths if path.startswith("offers.")):
        return False
    columns = prepared.columns
    if any(getattr(columns, name) is not None for name in columns._fields if name not in KNOWN_COLUMNS):
        return False
    swept = [model for part in settings.parts.values() for model in part.models if isinstance(model, BaseModel)]
    return not any(next(unknown(model, KNOWN), None) for model in (program, *swept))


def _part(settings: Settings, key: str, model: Any) -> Part:
    """A part of the program over the settings; one variant where the grid leaves it alone."""
    alone = Part((), (), (model,), np.zeros(len(settings), dtype=np.int32))
    return settings.parts.get(key, alone)


def _terms(offer: Any, program: Program) -> tuple[int, int, int, int, int]:
    """Points and discount of a step, the most steps, the minimum and the maximum cart."""
    row = offer_row(offer, program)
    cap = UNREACHED if offer.max_discount is None else row["max_discount"] // row["amount"]
    high = UNREACHED if offer.max_cart is None else row["max_cart"]
    return row["points"], row["amount"], min(cap, row["most_steps"]), row["min_cart"], high


def _minima(part: Part, program: Program) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Each minimum payable, minor units or basis points, and which of the two."""
    rows = [min_payable_row(program.model_copy(update={"min_payable": minimum})) for minimum in part.models]
    is_percent = [row["min_payable_percent"] > 0 for row in rows]
    return np.array([sum(row.values()) for row in rows], dtype=np.int64), np.array(is_percent, dtype=np.bool_)


def _left(prepared: Prepared) -> npt.NDArray[np.int64]:
    """What credits leave of each cart, minor units."""
    columns = prepared.columns
    return columns.cart if columns.credits is None else columns.cart - np.minimum(columns.credits, columns.cart)


def _closed(settings: Settings, prepared: Prepared) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """Ask the calculator to which orders the only offer is open, its minimum cart aside, and why not to the others."""
    offer = settings.program.offers[0]
    if offer.max_cart is None and all(getattr(offer, field) is None for field in _FOR_WHOM):
        return np.ones(len(prepared.columns.cart), dtype=np.bool_), {}
    anyone = offer.model_copy(update={"min_cart": Decimal(0)})
    program = settings.program.model_copy(update={"offers": (anyone,)})
    codes = answer(compile_program(program), prepared.columns).limited_by
    counts = {reason: int(np.count_nonzero(codes == REASONS.index(reason))) for reason in ("no_offer", "max_cart")}
    is_open = (codes != REASONS.index("no_offer")) & (codes != REASONS.index("max_cart"))
    return is_open, {reason: count for reason, count in counts.items() if count}
