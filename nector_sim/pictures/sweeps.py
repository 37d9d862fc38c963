"""Pictures of a sweep's table: one lever as a curve with its range, two as a map, and the frontier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nector_sim.errors import InputError
from nector_sim.pictures.settings_map import (
    NOW,
    VALUES,
    Frontier,
    HeatMap,
    field_name,
    setting_text,
    total_text,
)
from nector_sim.pictures.style import PROPOSAL, make_room, money_axis, plain_axes, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lever(
    table: pd.DataFrame,
    ax: Axes,
    *,
    field: str,
    value: str = "cost_of_program",
    at: Mapping[str, Any] | None = None,
    today: Any = None,
    data: str = "",
) -> Axes:
    """Draw what one field changes, all others held: a curve, and its range where the sweep has one.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`; with ``resamples=`` it has ranges, of customers drawn anew.
    ax : matplotlib.axes.Axes
    field : str
        The swept field, as in the grid: ``min_payable.amount``.
    value : str
        What to draw: ``margin``, ``cost_of_program``, ``discount``, ``discount_rate``, ``break_even_uplift``.
    at : mapping of str to number, optional
        Values of the other swept fields, where there are others.
    today : number, optional
        Today's value of the field, marked where it was swept.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Raises
    ------
    InputError
        If a field or value is unknown, another field varies and is not held, or the table does not say its currency.

    Examples
    --------
    >>> table = pd.DataFrame({"min_payable.amount": [0, 500], "orders": 9, "margin": [10.0, 20.0],
    ...                       "cost_of_program": [90.0, 80.0]})
    >>> table.attrs["currency"] = "INR"
    >>> ns.plots(table).lever(field="min_payable.amount", today=0).description
    'Cost of the program over minimum amount to pay: ₹90 at ₹0 (today), ₹80 at ₹500.'
    """
    if value not in table or value not in VALUES:
        known = ", ".join(name for name in VALUES if name in table)
        raise InputError(f"value is {value!r}; a sweep can be drawn by {known or ', '.join(VALUES)}")
    line, currency = _held(table, field, at or {}), _currency(table)
    places = line[field].astype(float)
    # No limit at all stands to the right of the largest one.
    places = places.fillna(places.max() * 1.15 if places.notna().any() else 0.0)
    make_room(ax, left=0.16, top=0.84)
    plain_axes(ax)
    ranged = f"{value}_low" in line
    if ranged:
        low, high = line[f"{value}_low"].astype(float), line[f"{value}_high"].astype(float)
        ax.fill_between(places, low, high, color=PROPOSAL, alpha=0.15, linewidth=0)
    ax.plot(places, line[value], color=PROPOSAL, linewidth=1.6, marker="o", markersize=4)
    marked = _is(line[field], today) if today is not None else np.zeros(len(line), np.bool_)
    ax.scatter(places[marked], line[value][marked], s=130, facecolors="none", edgecolors=NOW, linewidths=2, zorder=3)
    ax.set_xticks(places, [setting_text(number, field, currency) for number in line[field]], fontsize=8)
    ax.set_xlabel(field_name(field).capitalize(), fontsize=9)
    if value in ("margin", "cost_of_program", "discount"):
        money_axis(ax.yaxis, currency)
    else:
        ax.yaxis.set_major_formatter(lambda number, _: total_text(number, value, currency))
    what = VALUES[value].capitalize() + (" – band: 90 %, customers resampled" if ranged else "")
    title_of(ax, what + (" – ring: today" if marked.any() else ""), data)
    said = [
        f"{total_text(float(total), value, currency)} at {setting_text(number, field, currency)}"
        + (" (today)" if now else "")
        for number, total, now in zip(line[field], line[value], marked, strict=True)
    ]
    ax.set_label(f"{VALUES[value].capitalize()} over {field_name(field)}: {', '.join(said)}.")
    return ax


def heat_map(
    table: pd.DataFrame,
    ax: Axes,
    *,
    x: str,
    y: str,
    value: str = "margin",
    at: Mapping[str, Any] | None = None,
    today: Mapping[str, Any] | None = None,
    floor: float | None = None,
    data: str = "",
) -> Axes:
    """Draw one total of a sweep over two of its fields.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`.
    ax : matplotlib.axes.Axes
    x, y : str
        Swept fields, as in the grid.
    value : str
        As in :func:`lever`.
    at : mapping of str to number, optional
        Values of the other swept fields, where there are others.
    today : mapping of str to number, optional
        Today's values of `x` and `y`, for the ring.
    floor : float, optional
        Where a line is drawn, in the value's unit.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Raises
    ------
    InputError
        If a field is unknown, or another field varies and is not held.
    """
    held = _held(table, x, at or {}, also=y)
    picture = HeatMap(ax, currency=_currency(table))
    picture.update(held, x=x, y=y, value=value, today=today, floor=floor, data=data)
    ax.set_label(picture.describe())
    return ax


def frontier(
    table: pd.DataFrame,
    ax: Axes,
    *,
    recommended: pd.Series[Any] | None = None,
    today: pd.Series[Any] | None = None,
    data: str = "",
) -> Axes:
    """Draw every setting of a sweep by what customers receive and what you keep, and join those that none beats.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`nector_sim.sweep`.
    ax : matplotlib.axes.Axes
    recommended, today : pandas.Series, optional
        Rows of the table to mark; ``recommendation.row`` is one.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.
    """
    picture = Frontier(ax, currency=_currency(table))
    picture.update(table, recommended=recommended, today=today, data=data)
    ax.set_label(picture.describe())
    return ax


def _currency(table: pd.DataFrame) -> str:
    """The currency that a sweep wrote beside its table; a file does not keep it."""
    if "currency" not in table.attrs:
        raise InputError('the table does not say its currency; write table.attrs["currency"] = "INR", or what it is in')
    return str(table.attrs["currency"])


def _held(table: pd.DataFrame, field: str, at: Mapping[str, Any], *, also: str | None = None) -> pd.DataFrame:
    """The settings of a sweep at these values of its other fields, by the field that is drawn."""
    fields = list(table.columns[: list(table.columns).index("orders")]) if "orders" in table else []
    drawn = [field] if also is None else [field, also]
    if unknown := [name for name in (*drawn, *at) if name not in fields]:
        raise InputError(f"{unknown[0]} was not swept; this table has {', '.join(fields) or 'no setting'}")
    held = table
    for name, value in at.items():
        held = held[_is(held[name], value)]
    if not len(held):
        raise InputError(f"no setting of the table is at {dict(at)}")
    if open_ones := [name for name in fields if name not in drawn and len(held[name].unique()) > 1]:
        name = open_ones[0]
        raise InputError(f"{name} varies too; hold it: at={{{name!r}: {held[name].iloc[0]!s}}}")
    return held.sort_values(drawn, na_position="last")


def _is(column: pd.Series[Any], value: Any) -> Any:
    """Where a column holds a value; a field left out is missing."""
    return np.asarray(column.isna() if pd.isna(value) else column.astype(float) == float(value))
