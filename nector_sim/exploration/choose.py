"""Choosing a setting from a sweep: the frontier, the most generous setting within constraints, and first grids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from nector_sim.economics.summary import break_even_sentence
from nector_sim.errors import InputError, Problem
from nector_sim.exploration.limits import limits_of, met_by_all, place_of, require, share_that_holds, shown, swept
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program


@dataclass(frozen=True, slots=True, repr=False)
class Recommendation(Result):
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
        One row for each step to a neighbouring value: ``path``, ``value``, ``meets``, and the changes of ``discount``,
        ``margin``, ``orders_redeemed`` and ``discount_rate``, and of ``margin_with_response`` where there is one.
    currency : str or None
        Of the sweep; None where a table does not say, such as one that was read from a file.
    holds : float or None
        In what share of the resamples of customers the setting meets every constraint; None where the sweep has no
        ranges.
    program : Program or None
        The recommended setting as a program; None where the table does not say of which program its settings are.
    """

    setting: dict[str, Any]
    row: pd.Series[Any]
    met: int
    settings: int
    on_edge: tuple[str, ...]
    trade_offs: pd.DataFrame
    currency: str | None = None
    holds: float | None = None
    program: Program | None = None

    def to_frame(self) -> pd.DataFrame:
        """Give the steps to neighbouring settings: :attr:`trade_offs`."""
        return self.trade_offs.copy()

    def text(self) -> str:
        """Say the recommendation in a few lines, the setting first."""
        uplift, margin = self.row["break_even_uplift"], Decimal(round(self.row["margin"]))
        kept = f"{margin:,}" if self.currency is None else money_text(margin, self.currency)
        lines = [
            ", ".join(f"{path} = {shown(value)}" for path, value in self.setting.items()),
            break_even_sentence(None if pd.isna(uplift) else float(uplift)),
            f"It gives {self.row['discount_rate']:.2%} of the carts and leaves a margin of {kept}; "
            f"{self.met:,} of {count(self.settings, 'setting')} meet the constraints.",
        ]
        if "margin_with_response" in self.row:
            share, earned = self.row["response"], Decimal(round(self.row["margin_with_response"]))
            earned_text = f"{earned:,}" if self.currency is None else money_text(earned, self.currency)
            lines.append(
                f"With the response that you state, customers who use points place {abs(share):.1%} "
                f"{'more' if share >= 0 else 'fewer'} orders than under today's setting, and it leaves {earned_text}."
            )
        if self.holds is not None:
            lines.append(f"It meets them in {self.holds:.0%} of the draws of your customers.")
        # Amounts and carts go no lower than 0, so nothing lies beyond it.
        ends = [path for path in self.on_edge if self.setting[path] == 0]
        if open_ends := [path for path in self.on_edge if path not in ends]:
            lines.append(
                f"It sits on the edge of the grid in {', '.join(open_ends)}: a better one may lie beyond; widen it."
            )
        if ends:
            lines.append(f"It sits on the edge of the grid in {', '.join(ends)}, which goes no lower than 0.")
        return "\n".join(lines)


def program_of(table: pd.DataFrame, row: Any) -> Program:
    """Give the program of one row of a sweep.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`, whole or in part.
    row : label
        Of the table's index.

    Returns
    -------
    Program

    Raises
    ------
    InputError
        If the table does not say of which program its settings are (it was read from a file), or has no such row.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> believed = ns.Assumptions(gross_margin_percent=55)
    >>> grid = {"offers.0.max_discount": [200, 500]}
    >>> table = ns.sweep(program, ns.demo_orders().head(1000), grid=grid, assumptions=believed)
    >>> program_of(table, 0).offers[0].max_discount
    Decimal('200')
    """
    if "program" not in table.attrs:
        raise InputError(
            "This table does not say of which program its settings are; use program.replaced() with the values of a row"
        )
    if row not in table.index:
        raise InputError(f"There is no row {row!r} in this table of {count(len(table), 'setting')}")
    values = {path: table.loc[row, path] for path in swept(table)}
    plain = {path: value.item() if isinstance(value, np.generic) else value for path, value in values.items()}
    given = {path: None if isinstance(value, float) and pd.isna(value) else value for path, value in plain.items()}
    return Program.parse(json.loads(table.attrs["program"])).replaced(given)


def frontier(table: pd.DataFrame) -> pd.DataFrame:
    """Give the settings of a sweep that no other beats in both what customers receive and what the merchant keeps.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`.

    Returns
    -------
    pandas.DataFrame
        Its rows on the frontier, by rising ``discount``; of settings alike in both, the first. With resamples they
        have the ranges of the sweep, which its picture shows.

    Examples
    --------
    >>> table = pd.DataFrame({"discount": [10.0, 20.0, 15.0], "margin": [90.0, 80.0, 70.0]})
    >>> frontier(table).index.tolist()
    [0, 1]
    """
    require(table, "discount", "margin")
    ordered = table.sort_values(["discount", "margin"], ascending=False, kind="stable")
    best = ordered["margin"].cummax().shift(fill_value=-np.inf)
    return ordered[ordered["margin"] > best].sort_values("discount", kind="stable")


def recommend(
    table: pd.DataFrame,
    *,
    margin_at_least: float | None = None,
    margin_per_order_at_least: float | None = None,
    cost_at_most: float | None = None,
    discount_rate_at_most_percent: float | str | None = None,
    break_even_at_most_percent: float | str | None = None,
    customers_who_get_less_at_most_percent: float | str | None = None,
    orders_below_floor_at_most: int | None = None,
    maximise: Literal["generosity", "margin"] = "generosity",
) -> Recommendation:
    """Recommend the most generous setting of a sweep that meets every limit, or the one that earns most.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`, replayed. In a sweep with resamples, a limit counts as met where it is met
        9 times out of 10, with customers drawn anew.
    margin_at_least, margin_per_order_at_least : float, optional
        Major units; of all orders together, and of an order on average.
    cost_at_most : float, optional
        What the program may cost over all orders, major units.
    discount_rate_at_most_percent : float or str, optional
        Discount as a percentage of the carts.
    break_even_at_most_percent : float or str, optional
        Extra orders in 100 at which the setting pays for itself.
    customers_who_get_less_at_most_percent : float or str, optional
        Of the customers who order, how many may get less in discounts than under the program that was swept.
    orders_below_floor_at_most : int, optional
        Needs a sweep with ``floor_percent``.
    maximise : {"generosity", "margin"}
        ``"generosity"``: the largest sum of discounts; on a tie, more orders that redeem; then the first. It needs a
        limit. ``"margin"``: the largest margin with the response that the assumptions of the sweep state
        (``response_percent``, ``response_half_at_percent``); it needs one.

    Returns
    -------
    Recommendation

    Raises
    ------
    InputError
        If no limit is given, or no setting meets them all, with what comes closest; if each order was worked out by
        itself; or if margin is to be maximised and the sweep's assumptions state no response.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> orders = pd.DataFrame({"order_id": [1, 2], "customer_id": ["a", "a"], "cart_amount": [500.0, 2500.0],
    ...                        "ordered_at": ["2026-03-01T10:00Z", "2026-03-02T10:00Z"]})
    >>> table = ns.sweep(program, orders, grid={"offers.0.max_discount": [100, 200, 300]},
    ...                  opening=pd.DataFrame({"customer_id": ["a"], "points": [900]}),
    ...                  assumptions=ns.Assumptions(gross_margin_percent=60))
    >>> recommend(table, discount_rate_at_most_percent=15).setting
    {'offers.0.max_discount': 200}
    """
    require(table, "orders", "discount", "margin", "orders_redeemed", "discount_rate", "break_even_uplift")
    if table.attrs.get("replayed") is False:
        raise InputError(
            "These settings were worked out for each order by itself; over time customers use what is left, and such "
            "settings exceed their limits. Sweep replays: leave out replayed=False"
        )
    limits: dict[str, float | str | None] = {
        "margin_at_least": margin_at_least,
        "margin_per_order_at_least": margin_per_order_at_least,
        "cost_at_most": cost_at_most,
        "discount_rate_at_most_percent": discount_rate_at_most_percent,
        "break_even_at_most_percent": break_even_at_most_percent,
        "customers_who_get_less_at_most_percent": customers_who_get_less_at_most_percent,
        "orders_below_floor_at_most": orders_below_floor_at_most,
    }
    tests = limits_of(table, limits)
    if not tests and maximise == "generosity":
        raise InputError(
            "Name a limit, such as discount_rate_at_most_percent=3: without one the most generous setting is the one "
            "that gives everything"
        )
    good = met_by_all(table, tests)
    if not good.any():
        raise InputError(
            "No setting of the grid meets every limit; widen the grid or loosen one of them:",
            [Problem(test.name, test.closest(table)) for test in tests],
        )
    ranked = table[good]
    if maximise == "margin":
        if "margin_with_response" not in table:
            raise InputError(
                "To maximise the margin, sweep with assumptions that state a response (response_percent and "
                'response_half_at_percent): without one the answer is always "give nothing", since every discount '
                "costs and none of what it brings is counted"
            )
        ranked = ranked.sort_values("margin_with_response", ascending=False, kind="stable")
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
        holds=share_that_holds(tests, place_of(table, ranked.index[0])),
        program=program_of(table, ranked.index[0]) if "program" in table.attrs else None,
    )


def _on_edge(values: pd.Series[Any], value: Any) -> bool:
    """Whether a value is the first or last of several; a limit left out is no edge, since nothing lies beyond it."""
    if not pd.api.types.is_numeric_dtype(values) or pd.isna(value) or values.nunique() < 2:
        return False
    return bool(value == values.min() or (value == values.max() and not values.isna().any()))


def _trade_offs(table: pd.DataFrame, setting: Mapping[str, Any], row: pd.Series[Any], good: Any) -> pd.DataFrame:
    rows = []
    changes = ["discount", "margin", "orders_redeemed", "discount_rate"]
    changes += [name for name in ("margin_with_response",) if name in table]
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
