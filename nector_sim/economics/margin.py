"""What orders earn: the lines of the margin.

Points and discounts are exact; margins are estimates in floating point that rest on assumptions. The table followed
here is in ``data/law/margin.md``. Every line is linear in a few amounts of an order, its :class:`Drivers`; so
:func:`margin_of` is the same for one order, for all orders one by one, and for sums over any group of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from nector_sim.economics.assumptions import as_assumptions
from nector_sim.economics.sales import Sales, is_cash_on_delivery, read_sales
from nector_sim.errors import InputError
from nector_sim.frames.kinds import as_frame, like
from nector_sim.frames.results import Naming
from nector_sim.results import count
from nector_sim.rules.program import as_program

if TYPE_CHECKING:
    from nector_sim.economics.assumptions import Assumptions, AssumptionsLike
    from nector_sim.economics.rates import Rates
    from nector_sim.rules.program import Program, ProgramLike

#: ``cash``: points cost when they are redeemed. ``accrual``: they cost when they are earned.
View = Literal["cash", "accrual"]
Floats = npt.NDArray[np.float64]
Numbers = float | Floats


@dataclass(frozen=True, slots=True)
class Drivers:
    """The amounts that every line of a margin is linear in, of one order, of each, or summed; money in major units.

    ``kept`` means times 1 less the refunded share; ``fee`` means on orders that pay the payment fees, not cash on
    delivery.
    """

    orders: Numbers
    returned_orders: Numbers
    fee_orders: Numbers
    """On which something is paid."""
    cod_orders: Numbers
    """On which something is paid."""
    kept_cart: Numbers
    kept_discount: Numbers
    kept_cost: Numbers
    """Where the cost of the goods is known."""
    kept_cart_uncosted: Numbers
    """Where it is not."""
    fee_payable: Numbers
    fee_cart: Numbers
    fee_discount: Numbers
    returned_cost: Numbers = 0.0
    """Of returned goods whose cost is known."""
    returned_cart_uncosted: Numbers = 0.0
    """Carts that came back where it is not."""
    kept_points_value: Numbers = 0.0
    """Points earned at face value, for the accrual view."""
    fee_points_value: Numbers = 0.0
    """Of these, what will probably lower payments that pay the payment fees."""

    def map(self, function: Any) -> Drivers:
        """Apply a function, such as a sum, to each amount."""
        return Drivers(**{field.name: function(getattr(self, field.name)) for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Margin:
    """The lines of a margin, of one order, of each, or summed; money in major units."""

    net_sales: Numbers
    cost_of_goods: Numbers
    points_given: Numbers
    """Points as a means of payment (``tender``), or as earned (the accrual view)."""
    payment_fee: Numbers
    fulfilment: Numbers
    return_cost: Numbers

    @property
    def fees(self) -> Numbers:
        """Payment fees and fulfilment."""
        return self.payment_fee + self.fulfilment

    @property
    def margin(self) -> Numbers:
        """What is left."""
        return self.net_sales - self.cost_of_goods - self.points_given - self.fees - self.return_cost


def margin_of(drivers: Drivers, rates: Rates) -> Margin:
    """Work out the lines of a margin."""
    net = rates.net_share
    discounted = 0.0 if rates.as_tender else drivers.kept_discount
    # Tax on top is taken of the full price where points are a means of payment.
    taxed = drivers.fee_cart if rates.as_tender else drivers.fee_cart - drivers.fee_discount
    lost = 1 - rates.resale  # of goods that came back
    uncosted = drivers.kept_cart_uncosted + lost * drivers.returned_cart_uncosted
    assumed_cost = 0.0 if rates.gross_margin is None else (1 - rates.gross_margin) * net * uncosted
    return Margin(
        net_sales=net * (drivers.kept_cart - discounted),
        cost_of_goods=drivers.kept_cost + lost * drivers.returned_cost + assumed_cost,
        points_given=(drivers.kept_discount if rates.as_tender else 0.0)
        + rates.ultimate_redemption * price_of_points(drivers.kept_points_value, drivers.fee_points_value, rates),
        payment_fee=rates.payment_fee * (drivers.fee_payable + rates.tax_on_top * taxed)
        + rates.payment_fee_fixed * drivers.fee_orders
        + rates.cod_fee * drivers.cod_orders,
        fulfilment=rates.fulfilment_cost * drivers.orders,
        return_cost=rates.return_cost * drivers.returned_orders,
    )


def price_of_points(value: Numbers, fee_value: Numbers, rates: Rates) -> Numbers:
    """What points cost when they are redeemed: net of tax where they lower the taxable value, less the fee not paid."""
    if rates.as_tender:
        return value - rates.payment_fee * fee_value
    return rates.net_share * value - rates.payment_fee * (1 + rates.tax_on_top) * fee_value


def drivers_of(sales: Sales) -> Drivers:
    """Give the drivers of each order, redemption included."""
    kept, payable = sales.kept_share, sales.payable
    pays, fee = payable > 0, ~sales.cash_on_delivery
    kept_cart = kept * sales.cart
    known = np.zeros_like(fee) if sales.cost is None else ~np.isnan(sales.cost)
    came_back = sales.refunded_share
    return Drivers(
        orders=np.ones_like(sales.cart),
        returned_orders=sales.returned.astype(np.float64),
        fee_orders=(pays & fee).astype(np.float64),
        cod_orders=(pays & ~fee).astype(np.float64),
        kept_cart=kept_cart,
        kept_discount=kept * sales.discount,
        kept_cost=np.zeros_like(sales.cart) if sales.cost is None else kept * np.nan_to_num(sales.cost),
        kept_cart_uncosted=np.where(known, 0.0, kept_cart),
        fee_payable=np.where(fee, payable, 0.0),
        fee_cart=np.where(fee, sales.cart, 0.0),
        fee_discount=np.where(fee, sales.discount, 0.0),
        returned_cost=np.zeros_like(sales.cart) if sales.cost is None else came_back * np.nan_to_num(sales.cost),
        returned_cart_uncosted=np.where(known, 0.0, came_back * sales.cart),
    )


def order_margin(
    assumptions: AssumptionsLike,
    *,
    cart_amount: float,
    discount: float = 0.0,
    credits_used: float = 0.0,
    cost: float | None = None,
    refunded_share: float = 0.0,
    returned: bool = False,
    payment_method: str = "",
) -> Margin:
    """Work out what one order earns (cash view).

    Parameters
    ----------
    assumptions : Assumptions, path or mapping
        For ranges, the likely value is used.
    cart_amount, discount, credits_used : float
        Major units.
    cost : float, optional
        Cost of the goods, major units; left out, the gross margin tells it.
    refunded_share : float
        From 0 to 1.
    returned : bool
        Whether ``return_cost`` applies though nothing was refunded.
    payment_method : str
        Cash on delivery pays ``cod_fee`` instead of the payment fees.

    Returns
    -------
    Margin
        Its lines, major units.

    Raises
    ------
    InputError
        If neither a cost nor a gross margin is known.

    Examples
    --------
    >>> from nector_sim import Assumptions
    >>> lines = order_margin(Assumptions(gross_margin_percent=50), cart_amount=1000, discount=100)
    >>> lines.net_sales, lines.cost_of_goods, lines.margin
    (900.0, 500.0, 400.0)
    """
    assumptions = as_assumptions(assumptions)
    sales = Sales(
        cart=np.array([cart_amount], dtype=np.float64),
        discount=np.array([discount], dtype=np.float64),
        credits=np.array([credits_used], dtype=np.float64),
        cost=None if cost is None else np.array([cost], dtype=np.float64),
        returned=np.array([returned or refunded_share > 0]),
        refunded_share=np.array([refunded_share], dtype=np.float64),
        cash_on_delivery=np.array([is_cash_on_delivery(payment_method)]),
        redeems=None,
        points_earned=None,
        used=np.array([True]),
    )
    check_costs(sales, assumptions)
    return margin_of(drivers_of(sales).map(lambda amount: float(np.sum(amount))), assumptions.rates())


def margins(
    orders: Any,
    *,
    assumptions: AssumptionsLike,
    view: View = "cash",
    program: ProgramLike | None = None,
    refunds: Any = None,
    prefix: str = "",
    suffix: str = "",
) -> Any:
    """Work out what each order earns.

    Parameters
    ----------
    orders : table
        Scored or replayed orders, pandas, Polars, Arrow or DuckDB; the columns that count are those of
        :func:`~nector_sim.economics.sales.read_sales`.
    assumptions : Assumptions, path or mapping
        For ranges, the likely value is used. Take-up plays no part: the orders are as they were scored.
    view : {"cash", "accrual"}
        ``accrual`` needs a column ``points_earned``.
    program : Program, optional
        Says what a point is worth; needed for the accrual view.
    refunds : table, optional
        As in :func:`nector_sim.replay`: refunds beside the columns of the orders, several of an order if needed.
    prefix, suffix : str
        Those that the orders were scored with.

    Returns
    -------
    table of the orders' kind
        One row for each order, in pandas with the orders' index: ``net_sales``, ``cost_of_goods``, ``points_given``,
        ``payment_fee``, ``fulfilment``, ``return_cost``, ``margin``; major units. Orders that were never paid are NaN.

    Raises
    ------
    InputError
        If something that the margin needs is missing; it is named.

    Examples
    --------
    >>> import pandas as pd
    >>> from nector_sim import Assumptions
    >>> scored = pd.DataFrame({"cart_amount": [1000.0, 500.0], "discount": [100.0, 0.0]})
    >>> margins(scored, assumptions=Assumptions(gross_margin_percent=50))["margin"].tolist()
    [400.0, 250.0]
    """
    import pandas as pd

    assumptions, program = as_assumptions(assumptions), None if program is None else as_program(program)
    scored = Naming(prefix, suffix).plain(as_frame(orders))
    sales = read_sales(scored, refunds)
    check_costs(sales, assumptions)
    lines = margin_of(drivers_in_view(sales, view, program), assumptions.rates())
    names = [*(field.name for field in fields(Margin)), "margin"]
    frame = pd.DataFrame(np.nan, index=scored.index, columns=names)
    for name in names:
        frame.loc[sales.used, name] = getattr(lines, name)
    return like(frame, orders)


def drivers_in_view(sales: Sales, view: View, program: Program | None) -> Drivers:
    """Give the drivers of each order in a view."""
    if view == "cash":
        return drivers_of(sales)
    if view != "accrual":
        raise InputError(f'The view {view!r} is unknown; it is "cash" or "accrual"')
    if sales.points_earned is None:
        raise InputError(
            "The accrual view needs a column points_earned: replay the orders under a program with [earning]"
        )
    if program is None:
        raise InputError("The accrual view needs the program, which says what a point is worth")
    without = sales.without_points()
    earned = without.kept_share * np.nan_to_num(sales.points_earned) * point_value(program)
    return replace(drivers_of(without), kept_points_value=earned, fee_points_value=earned * fee_share(sales))


def fee_share(sales: Sales) -> float:
    """The share of the carts that pay the payment fees; where later orders will redeem is not known."""
    carts = float(sales.cart.sum())
    return float(sales.cart[~sales.cash_on_delivery].sum()) / carts if carts else 1.0


def break_even_share(missing: Any, among: Any) -> Floats:
    """The share of some orders, like those, whose margin makes up for what is missing; infinite where none does.

    ``missing`` and ``among``, the margin of those orders, broadcast; where there is more than before, it is negative.
    Where nothing is missing it is 0, whatever those orders earn.
    """
    missing, among = np.asarray(missing, dtype=np.float64), np.asarray(among, dtype=np.float64)
    share: Floats = np.where(among > 0, missing / np.where(among > 0, among, 1), np.inf)
    return np.where(missing == 0, 0.0, share)


def point_value(program: ProgramLike) -> float:
    """Give what one point is worth at the checkout, at face value.

    Parameters
    ----------
    program : Program

    Returns
    -------
    float
        Major units: discount over points of a step; of several offers, the most generous.

    Raises
    ------
    InputError
        If no offer gives an amount, so that a point has no value by itself.

    Examples
    --------
    >>> from nector_sim import Program, VariableAmount
    >>> point_value(Program(offers=[VariableAmount(points_per_step=100, discount_per_step=5)]))
    0.05
    """
    value = as_program(program).point_value
    if value is None:
        raise InputError("A point has no value of its own: no offer of the program gives an amount for points")
    return float(value)


def check_costs(sales: Sales, assumptions: Assumptions) -> None:
    """Make sure that the cost of the goods is known."""
    unknown = len(sales.cart) if sales.cost is None else int(np.isnan(sales.cost).sum())
    if unknown and assumptions.gross_margin_percent is None:
        which = "no column cost" if sales.cost is None else f"no cost on {unknown} of {count(len(sales.cart), 'row')}"
        raise InputError(
            f"The margin cannot be computed: the orders have {which}, and the assumptions no gross_margin_percent; "
            "give one of the two"
        )
