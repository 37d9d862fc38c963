"""Choosing a setting from a sweep: the frontier, the most generous setting within constraints, and first grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from nector_sim.economics.assumptions import named_percent
from nector_sim.economics.summary import break_even_sentence
from nector_sim.errors import InputError, Problem
from nector_sim.frames.checks import as_frame, read_inputs, refuse, rejects_frame
from nector_sim.rules.money import money_text
from nector_sim.rules.program import PercentMinPayable, Program

#: Quantiles of the data that a first grid takes its values from.
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
#: Point values of a first grid, as multiples of today's.
MULTIPLES = (Decimal("0.5"), Decimal("0.75"), Decimal(1), Decimal("1.25"), Decimal("1.5"), Decimal(2))


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The setting that a sweep recommends, and what lies around it.

    Attributes
    ----------
    setting : dict
        Values by dotted path, NaN where a field is left out.
    row : pandas.Series
        The setting's row of the sweep.
    met : int
        How many settings of the grid meet every constraint.
    settings : int
        How many there are.
    on_edge : tuple of str
        Paths on which the setting is at the edge of the grid, so that a better one may lie beyond.
    trade_offs : pandas.DataFrame
        One row a step to a neighbouring value: ``path``, ``value``, ``meets``, and the changes of ``discount``,
        ``margin``, ``orders_redeemed`` and ``discount_rate``.
    currency : str or None
        Of the sweep; None where a table does not say, as one that was read from a file.
    """

    setting: dict[str, Any]
    row: pd.Series[Any]
    met: int
    settings: int
    on_edge: tuple[str, ...]
    trade_offs: pd.DataFrame
    currency: str | None = None

    def text(self) -> str:
        """Say the recommendation in a few lines, the break-even first."""
        uplift, margin = self.row["break_even_uplift"], Decimal(round(self.row["margin"]))
        kept = f"{margin:,}" if self.currency is None else money_text(margin, self.currency)
        lines = [
            ", ".join(f"{path} = {_shown(value)}" for path, value in self.setting.items()),
            break_even_sentence(None if pd.isna(uplift) else float(uplift)),
            f"It gives {self.row['discount_rate']:.2%} of the carts and leaves a margin of {kept}; "
            f"{self.met:,} of {self.settings:,} settings meet the constraints.",
        ]
        # Amounts and carts go no lower than 0, so nothing lies beyond it.
        ends = [path for path in self.on_edge if self.setting[path] == 0]
        if open_ends := [path for path in self.on_edge if path not in ends]:
            lines.append(
                f"It sits on the edge of the grid in {', '.join(open_ends)}: a better one may lie beyond; widen it."
            )
        if ends:
            lines.append(f"It sits on the edge of the grid in {', '.join(ends)}, which goes no lower than 0.")
        return "\n".join(lines)


def frontier(table: pd.DataFrame) -> pd.DataFrame:
    """Give the settings of a sweep that no other beats in both what customers receive and what the merchant keeps.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`.

    Returns
    -------
    pandas.DataFrame
        Its rows on the frontier, by rising ``discount``; of settings alike in both, the first.

    Examples
    --------
    >>> table = pd.DataFrame({"discount": [10.0, 20.0, 15.0], "margin": [90.0, 80.0, 70.0]})
    >>> frontier(table).index.tolist()
    [0, 1]
    """
    _require(table, "discount", "margin")
    ordered = table.sort_values(["discount", "margin"], ascending=False, kind="stable")
    best = ordered["margin"].cummax().shift(fill_value=-np.inf)
    return ordered[ordered["margin"] > best].sort_values("discount", kind="stable")


def recommend(
    table: pd.DataFrame,
    *,
    margin_at_least: float | None = None,
    discount_rate_at_most_percent: float | str | None = None,
    break_even_at_most_percent: float | str | None = None,
    orders_below_floor_at_most: int | None = None,
    maximise: Literal["generosity", "margin"] = "generosity",
    uplift_percent: float | str | None = None,
    response_percent: float | None = None,
) -> Recommendation:
    """Recommend the most generous setting of a sweep that meets every constraint.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`.
    margin_at_least : float, optional
        Major units.
    discount_rate_at_most_percent : float or str, optional
        Discount as a percentage of the carts.
    break_even_at_most_percent : float or str, optional
        Extra orders in 100 at which the setting pays for itself.
    orders_below_floor_at_most : int, optional
        Needs a sweep with ``floor_percent``.
    maximise : {"generosity", "margin"}
        ``"generosity"``: the largest sum of discounts; on a tie, more orders that redeem; then the first.
        ``"margin"`` needs one of the next two.
    uplift_percent : float or str, optional
        Assumed extra orders in 100 under any setting that gives something.
    response_percent : float, optional
        Assumed extra orders in 100 for each per cent of the carts that is given.

    Returns
    -------
    Recommendation

    Raises
    ------
    InputError
        If no setting meets the constraints, with how many meet each of them; or if margin is to be maximised without a
        stated uplift or response.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> orders = pd.DataFrame({"cart_amount": [500.0, 2500.0], "points_balance": [5000, 5000]})
    >>> table = ns.sweep(program, orders, grid={"offers.0.max_discount": [100, 200, 300]},
    ...                  assumptions=ns.Assumptions(gross_margin_percent=60))
    >>> recommend(table, discount_rate_at_most_percent=15).setting
    {'offers.0.max_discount': 200}
    """
    _require(table, "orders", "discount", "margin", "orders_redeemed", "discount_rate", "break_even_uplift")
    meets = _constraints(
        table,
        margin_at_least=margin_at_least,
        discount_rate_at_most_percent=discount_rate_at_most_percent,
        break_even_at_most_percent=break_even_at_most_percent,
        orders_below_floor_at_most=orders_below_floor_at_most,
    )
    good = np.logical_and.reduce([np.ones(len(table), dtype=np.bool_), *meets.values()])
    if not good.any():
        raise InputError(
            "No setting of the grid meets every constraint; widen the grid or loosen one of them:",
            [Problem(name, f"{int(met.sum()):,} of {len(table):,} settings meet it") for name, met in meets.items()],
        )
    ranked = table[good]
    if maximise == "margin":
        earns = ranked["margin"] * (1 + _response(ranked, uplift_percent, response_percent))
        ranked = (
            ranked.assign(_earns=earns).sort_values("_earns", ascending=False, kind="stable").drop(columns="_earns")
        )
    elif maximise == "generosity":
        ranked = ranked.sort_values(["discount", "orders_redeemed"], ascending=False, kind="stable")
    else:
        raise InputError(f'maximise is {maximise!r}; it is "generosity" or "margin"')
    row = ranked.iloc[0]
    paths = swept(table)
    setting = {path: table.loc[ranked.index[0], path] for path in paths}
    setting = {path: value.item() if isinstance(value, np.generic) else value for path, value in setting.items()}
    return Recommendation(
        setting=setting,
        row=row,
        met=int(good.sum()),
        settings=len(table),
        on_edge=tuple(path for path in paths if _on_edge(table[path], setting[path])),
        trade_offs=_trade_offs(table, setting, row, good),
        currency=table.attrs.get("currency"),
    )


def first_grid(program: Program, orders: Any) -> dict[str, list[Any]]:
    """Make a grid around a program from the quantiles of the orders, so that nobody need invent one.

    Parameters
    ----------
    program : Program
        Its first offer must be a variable amount.
    orders : pandas.DataFrame, or a table with an Arrow interface
        ``cart_amount`` and ``points_balance``.

    Returns
    -------
    dict of str to list
        For :func:`nector_sim.sweep`, with today's values among them: the discount per step by multiples of today's; the
        maximum discount at quantiles of what customers could use (the smaller of their points' value and their cart),
        and none; the minimum payable at quantiles of the carts, or in percent from 0 to 80.

    Raises
    ------
    OrdersError
        Listing every row that cannot be used.
    InputError
        For a program without a variable amount offer, no orders at all, or orders that lack a column.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> orders = pd.DataFrame({"cart_amount": [400.0, 800.0, 1600.0], "points_balance": [100, 200, 300]})
    >>> first_grid(program, orders)["min_payable.amount"]
    [0.0, 100.0, 440.0, 480.0, 600.0, 800.0, 1200.0, 1400.0, 1500.0]
    """
    if not program.offers or program.offers[0].kind != "variable_amount":
        raise InputError("A first grid needs a program whose first offer is a variable_amount; name the paths yourself")
    frame, offer, decimals = as_frame(orders), program.offers[0], program.decimals
    if not len(frame):
        raise InputError("A first grid needs orders; there are none")
    scale = 10**decimals
    inputs = read_inputs(program, frame.get, list(frame.columns))
    if inputs.refused:
        raise refuse(rejects_frame(frame, inputs.refused), len(frame))
    cart = inputs.columns.cart / scale
    worth = inputs.columns.balance * float(offer.discount_per_step / offer.points_per_step)
    usable = np.minimum(cart, worth)
    least = Decimal(1).scaleb(-decimals)
    steps = {max((offer.discount_per_step * multiple).quantize(least), least) for multiple in MULTIPLES}
    caps = _round(np.quantile(usable[usable > 0], QUANTILES) if (usable > 0).any() else [], decimals)
    if offer.max_discount is not None:
        caps.add(float(offer.max_discount))
    grid: dict[str, list[Any]] = {
        "offers.0.discount_per_step": sorted({float(step) for step in steps | {offer.discount_per_step}}),
        "offers.0.max_discount": [*sorted(caps - {0.0}), None],
    }
    if isinstance(program.min_payable, PercentMinPayable):
        grid["min_payable.percent"] = sorted({0.0, 10.0, 20.0, 40.0, 60.0, 80.0, float(program.min_payable.percent)})
    else:
        today = {0.0} if program.min_payable is None else {0.0, float(program.min_payable.amount)}
        grid["min_payable.amount"] = sorted(_round(np.quantile(cart, QUANTILES), decimals) | today)
    return grid


def swept(table: pd.DataFrame) -> list[str]:
    """Give the swept paths of a sweep's table: the columns before its totals."""
    return [str(name) for name in table.columns[: list(table.columns).index("orders")]]


def _constraints(table: pd.DataFrame, **limits: float | str | None) -> dict[str, Any]:
    """Which settings meet each constraint that is given."""
    meets: dict[str, Any] = {}
    for name, limit in limits.items():
        if limit is None:
            continue
        if name == "margin_at_least":
            meets[name] = table["margin"].to_numpy() >= limit
        elif name == "discount_rate_at_most_percent":
            meets[name] = table["discount_rate"].to_numpy() <= named_percent(name, limit) / 100
        elif name == "break_even_at_most_percent":
            most = named_percent(name, limit, at_most_100=False) / 100
            meets[name] = table["break_even_uplift"].fillna(np.inf).to_numpy() <= most
        else:
            _require(table, "orders_below_floor")
            meets[name] = table["orders_below_floor"].to_numpy() <= limit
    return meets


def _response(table: pd.DataFrame, uplift: float | str | None, response: float | None) -> Any:
    """The assumed share of extra orders of each setting."""
    assumed = 0.0 if uplift is None else named_percent("uplift_percent", uplift, at_most_100=False)
    if not assumed and not response:
        raise InputError(
            "To maximise the margin, state an uplift_percent or a response_percent above 0: with an uplift of 0 the "
            'answer is always "give nothing", since every discount costs and none of what it brings is counted'
        )
    gives = (table["discount"] > 0).astype(float)
    return assumed / 100 * gives + (response or 0.0) * table["discount_rate"]


def _on_edge(values: pd.Series[Any], value: Any) -> bool:
    """Whether a value is the first or last of several; a limit left out is no edge, since nothing lies beyond it."""
    if not pd.api.types.is_numeric_dtype(values) or pd.isna(value) or values.nunique() < 2:
        return False
    return bool(value == values.min() or (value == values.max() and not values.isna().any()))


def _trade_offs(table: pd.DataFrame, setting: Mapping[str, Any], row: pd.Series[Any], good: Any) -> pd.DataFrame:
    rows = []
    changes = ("discount", "margin", "orders_redeemed", "discount_rate")
    for path, value in setting.items():
        others = np.ones(len(table), dtype=np.bool_)
        for other, fixed in setting.items():
            if other != path:
                others &= (table[other].isna() if pd.isna(fixed) else table[other] == fixed).to_numpy()
        for neighbour in _neighbours(table.loc[others, path], value):
            at = others & (table[path].isna() if pd.isna(neighbour) else table[path] == neighbour).to_numpy()
            position = int(np.flatnonzero(at)[0])
            there = table.iloc[position]
            rows.append(
                {"path": path, "value": neighbour, "meets": bool(good[position])}
                | {name: there[name] - row[name] for name in changes}
            )
    return pd.DataFrame(rows, columns=["path", "value", "meets", *changes])


def _neighbours(values: pd.Series[Any], value: Any) -> list[Any]:
    """The next smaller and the next larger value; a limit left out is the largest."""
    if not pd.api.types.is_numeric_dtype(values):
        return [other for other in values.drop_duplicates() if other != value]
    known = np.sort(values.dropna().unique())
    ladder = [*known.tolist(), *([np.nan] if values.isna().any() else [])]
    place = len(known) if pd.isna(value) else int(np.searchsorted(known, value))
    return [ladder[i] for i in (place - 1, place + 1) if 0 <= i < len(ladder)]


def _round(amounts: Any, decimals: int) -> set[float]:
    """Amounts to two figures, as a person would write them, none finer than the currency."""
    return {round(float(f"{amount:.1e}"), decimals) for amount in amounts}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if pd.isna(value) else f"{value:,g}" if isinstance(value, int | float) else str(value)


def _require(table: pd.DataFrame, *names: str) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        hint = "; sweep with floor_percent" if "orders_below_floor" in missing else "; give the table of a sweep"
        raise InputError(f"The table has no column {', '.join(missing)}{hint}")
