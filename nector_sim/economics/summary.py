"""What a program earns and costs on a set of orders, in one page."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from nector_sim.economics.assumptions import as_assumptions, named_percent
from nector_sim.economics.labels import said, who_redeems
from nector_sim.economics.margin import (
    Drivers,
    Floats,
    Margin,
    View,
    break_even_share,
    check_costs,
    drivers_in_view,
    drivers_of,
    margin_of,
)
from nector_sim.economics.sales import Sales, read_sales
from nector_sim.errors import InputError
from nector_sim.frames.currency import currency_of
from nector_sim.frames.kinds import as_frame, like
from nector_sim.frames.results import Naming
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import as_program

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.economics.assumptions import Assumptions, AssumptionsLike
    from nector_sim.rules.program import Program, ProgramLike


def break_even_sentence(uplift: float | None) -> str:
    """Say a break-even uplift in words."""
    if uplift is None:
        return "It never pays for itself: no number of orders like the ones you have brings it back."
    if uplift <= 0:
        return "It costs nothing, so it needs no more orders."
    more = uplift * 100
    text = "less than 0.1" if more < 0.1 else f"{more:,.1f}"
    return f"Break-even: {text} % more orders like today's would pay for the program."


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Result):
    """A program on a set of orders. Money in major units; margins are estimates, under the assumptions.

    Counts of redemption, and what follows from them, are expected values where take-up is assumed below 100 %.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("limits", "waterfall")

    view: View
    orders: int
    orders_left_out: int
    """Never paid."""
    orders_could_redeem: int
    """At a take-up of 100 %, with at least one point."""
    orders_redeemed: float
    points_redeemed: float
    cart: float
    discount: float
    payable: float
    lines: Margin
    """Of the setting, summed."""
    lines_without: Margin
    """Of the same orders with no redemption, summed."""
    limited_by: dict[str, float]
    """Share of orders by what limited the discount; only reasons that occur."""
    orders_below_floor: int | None
    """Orders that earn less than the floor, if all redeem but those that say no; None without a floor."""
    label: str
    """Who is taken to redeem, as an id of :data:`nector_sim.economics.labels.LABELS`. None of them is a bound."""
    assumed_take_up: float
    """Share of the orders on which redeemers could use points, where they do not say."""
    assumed_redeemers: float
    """Share of the customers."""
    currency: str
    """ISO 4217 code; empty where neither the program nor the orders say."""

    def text(self) -> str:
        """Say the summary in a few lines."""
        cart, discount, cost, margin = (
            money_text(round(amount), self.currency) if self.currency else f"{amount:,.0f}"
            for amount in (self.cart, self.discount, self.cost_of_program, self.margin)
        )
        return "\n".join(
            [
                f"{count(self.orders, 'order')}, carts of {cart}: points take off {discount} "
                f"({self.discount_rate:.2%}), {self.who_redeems}.",
                f"The program costs {cost} of margin and leaves {margin}.",
                self.break_even,
            ]
        )

    def to_frame(self) -> pd.DataFrame:
        """Give the summary as a table of one row; see :meth:`row`."""
        import pandas as pd

        return pd.DataFrame([self.row()])

    @property
    def margin(self) -> float:
        """What the orders earn with the setting."""
        return float(self.lines.margin)

    @property
    def margin_without(self) -> float:
        """What the same orders earn with no redemption."""
        return float(self.lines_without.margin)

    @property
    def cost_of_program(self) -> float:
        """Margin without redemption less margin with it."""
        return self.margin_without - self.margin

    @property
    def break_even_uplift(self) -> float | None:
        """Share of extra orders that pays for the setting; None is `never`."""
        share = float(break_even_share(self.cost_of_program, self.margin))
        return None if np.isinf(share) else share

    @property
    def who_redeems(self) -> str:
        """Who is taken to redeem, in words."""
        return said(self.label, take_up=self.assumed_take_up, redeemers=self.assumed_redeemers)

    @property
    def break_even(self) -> str:
        """The break-even in words."""
        return break_even_sentence(self.break_even_uplift)

    @property
    def discount_rate(self) -> float:
        """Discount as a share of the carts."""
        return self.discount / self.cart if self.cart else 0.0

    @property
    def share_could_redeem(self) -> float:
        """Orders that could redeem as a share of all."""
        return self.orders_could_redeem / self.orders if self.orders else 0.0

    @property
    def take_up(self) -> float | None:
        """Orders that redeemed as a share of those that could; None where none could."""
        return self.orders_redeemed / self.orders_could_redeem if self.orders_could_redeem else None

    def row(self) -> dict[str, Any]:
        """Give the summary as one row of a table of settings.

        Returns
        -------
        dict
            The columns of a sweep: ``break_even_uplift`` is missing (None) where it is `never`.
        """
        return {
            "orders": self.orders,
            "orders_redeemed": self.orders_redeemed,
            "points_redeemed": self.points_redeemed,
            "discount": self.discount,
            "payable": self.payable,
            "discount_rate": self.discount_rate,
            "margin": round(self.margin, 2),
            "cost_of_program": round(self.cost_of_program, 2),
            "break_even_uplift": self.break_even_uplift,
            **{f"share_{reason}": share for reason, share in self.limited_by.items()},
        }


def summarize(
    orders: Any,
    *,
    assumptions: AssumptionsLike,
    view: View = "cash",
    program: ProgramLike | None = None,
    replayed: bool = False,
    floor_percent: float | str | None = None,
    refunds: Any = None,
    prefix: str = "",
    suffix: str = "",
) -> Summary:
    """Work out what a program earns and costs on scored orders.

    Parameters
    ----------
    orders : table
        Scored orders, pandas, Polars, Arrow or DuckDB: ``cart_amount``, ``discount``, ``payable``,
        ``points_redeemed``, ``limited_by``, and what
        :func:`~nector_sim.economics.sales.read_sales` reads beside them. A ``redeems`` column decides for its orders
        whether they redeem; take-up is assumed for the others.
    assumptions : Assumptions, path or mapping
        For ranges, the likely value is used.
    view : {"cash", "accrual"}
        When points cost: redeemed, or earned (needs ``points_earned`` and `program`).
    program : Program, optional
        For the accrual view.
    replayed : bool
        The orders come from a replay, where take-up has played its part already. A column ``could_redeem`` then says
        which orders could have redeemed; without it those that did.
    floor_percent : float or str, optional
        Count the orders whose margin is less than this percentage of their net sales.
    refunds : table, optional
        As in :func:`nector_sim.replay`: refunds beside the columns of the orders, several of an order if needed.
    prefix, suffix : str
        Those that the orders were scored with.

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        If something that the margin needs is missing; it is named.

    Examples
    --------
    >>> import pandas as pd
    >>> from nector_sim import Assumptions
    >>> scored = pd.DataFrame({"cart_amount": [1000.0, 500.0], "discount": [100.0, 0.0], "payable": [900.0, 500.0],
    ...                        "points_redeemed": [100, 0], "limited_by": ["balance", "balance"]})
    >>> summary = summarize(scored, assumptions=Assumptions(gross_margin_percent=50))
    >>> summary.margin_without, summary.margin, summary.cost_of_program
    (750.0, 650.0, 100.0)
    >>> print(summary.break_even)
    Break-even: 15.4 % more orders like today's would pay for the program.
    """
    assumptions, program = as_assumptions(assumptions), None if program is None else as_program(program)
    orders = Naming(prefix, suffix).plain(as_frame(orders))
    sales = read_sales(orders, refunds)
    if missing := [name for name in ("points_redeemed", "limited_by") if name not in orders]:
        raise InputError(f"These orders have no column {', '.join(missing)}; score or replay them first")
    check_costs(sales, assumptions)
    could = orders["could_redeem"].to_numpy(dtype=np.bool_) if replayed and "could_redeem" in orders else None
    return summarize_sales(
        sales,
        points=orders["points_redeemed"].to_numpy(dtype=np.float64)[sales.used],
        limited_by=orders["limited_by"][sales.used].factorize(),
        could=None if could is None else could[sales.used],
        assumptions=assumptions,
        view=view,
        program=program,
        replayed=replayed,
        floor_percent=floor_percent,
        left_out=int(np.count_nonzero(~sales.used)),
        currency=currency_of(orders) or "",
    )


def summarize_sales(
    sales: Sales,
    *,
    points: npt.NDArray[Any],
    limited_by: tuple[npt.NDArray[Any], Any],
    assumptions: Assumptions,
    could: npt.NDArray[np.bool_] | None = None,
    view: View = "cash",
    program: Program | None = None,
    replayed: bool = False,
    floor_percent: float | str | None = None,
    left_out: int = 0,
    recorded: bool = False,
    currency: str = "",
) -> Summary:
    """Do the work of :func:`summarize` on arrays."""
    rates, redeemed = assumptions.rates(), points > 0
    # How far each order counts as redeemed: 0 or 1 where that is known, the assumed take-up elsewhere.
    weight: float | Floats = 1.0 if replayed else float(assumptions.without_table().rates().using)
    if sales.redeems is not None and not replayed:
        weight = np.where(np.isnan(sales.redeems), weight, sales.redeems)
    # Points earned cost whether or not they are redeemed on these orders, so take-up has no say in the accrual view.
    drawn = weight if view == "cash" else 1.0
    before, after = drivers_of(sales.without_points()), drivers_in_view(sales, view, program)
    without = before.map(lambda amounts: float(np.sum(amounts)))
    total = Drivers(
        *(
            getattr(without, f.name) + _sum(getattr(after, f.name) - getattr(before, f.name), drawn)
            for f in fields(Drivers)
        )
    )
    discount, cart = _exact(_sum(sales.discount, weight)), _exact(sales.cart.sum())
    below = None
    if floor_percent is not None:
        said = drivers_in_view(sales.as_said(), view, program)
        below = int(np.count_nonzero(below_floor(margin_of(said, rates), floor_percent)))
    return Summary(
        view=view,
        orders=len(points),
        orders_left_out=left_out,
        orders_could_redeem=int(np.count_nonzero(redeemed if could is None else could)),
        orders_redeemed=_whole(_sum(redeemed, weight)),
        points_redeemed=_whole(_sum(points, weight)),
        cart=cart,
        discount=discount,
        payable=_exact(cart - sales.credits.sum() - discount),
        lines=margin_of(total, rates),
        lines_without=margin_of(without, rates),
        limited_by=_mix(*limited_by, weight, redeemed),
        orders_below_floor=below,
        label=who_redeems(
            float(rates.take_up), recorded=recorded or sales.redeems is not None, redeemers=float(rates.redeemers)
        ),
        assumed_take_up=float(rates.take_up),
        assumed_redeemers=float(rates.redeemers),
        currency=program.currency if program is not None else currency,
    )


def orders_below_floor(
    orders: Any, *, assumptions: AssumptionsLike, floor_percent: float | str, prefix: str = "", suffix: str = ""
) -> Any:
    """Give the orders that earn less than a floor.

    Parameters
    ----------
    orders : table
        Scored or replayed orders, pandas, Polars, Arrow or DuckDB.
    assumptions : Assumptions, path or mapping
        For ranges, the likely value is used.
    floor_percent : float or str
        The least that an order should earn, as a percentage of its net sales.
    prefix, suffix : str
        Those that the orders were scored with.

    Returns
    -------
    table of the orders' kind
        Their rows, with ``margin`` beside them (major units).
    """
    frame, assumptions = as_frame(orders), as_assumptions(assumptions)
    sales = read_sales(Naming(prefix, suffix).plain(frame))
    check_costs(sales, assumptions)
    lines = margin_of(drivers_of(sales.as_said()), assumptions.rates())
    below = below_floor(lines, floor_percent)
    rows = frame.loc[sales.used].loc[below]
    return like(rows.assign(margin=np.asarray(lines.margin)[below].round(2)), orders)


def below_floor(lines: Margin, floor_percent: float | str) -> npt.NDArray[np.bool_]:
    """Say which orders earn less than a floor, given the lines of each."""
    return np.asarray(lines.margin < named_percent("floor_percent", floor_percent) / 100 * lines.net_sales)


def _sum(amounts: npt.NDArray[Any] | float, weight: float | Floats) -> float:
    """Sum amounts of orders, each counted as far as its weight says."""
    if isinstance(weight, float):
        return float(np.sum(amounts)) * weight
    return float(np.sum(amounts * weight))


def _mix(
    codes: npt.NDArray[Any], reasons: Any, weight: float | Floats, redeemed: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Share of orders by reason; an order that could redeem and does not is limited by what was requested."""
    counts = np.bincount(codes, np.where(redeemed, weight, 1.0), len(reasons))
    mix = {str(reason): float(count) for reason, count in zip(reasons, counts, strict=True)}
    mix["requested"] = mix.get("requested", 0.0) + _sum(redeemed, 1 - weight)
    return {reason: count / len(codes) for reason, count in sorted(mix.items(), key=lambda item: -item[1]) if count > 0}


def _exact(amount: Any) -> float:
    """A sum of amounts, freed from the noise of adding floats; no currency has more than four decimals."""
    return round(float(amount), 4)


def _whole(count: Any) -> float:
    """A count as a whole number where it is one, else an expected value."""
    value = round(float(count), 6)
    return int(value) if value.is_integer() else value
