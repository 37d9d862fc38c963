"""Pictures of what is owed: outstanding by age, the months behind and ahead, and the triangle of redemption."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from nector_sim.pictures.style import INK, PROPOSAL, make_room, money_axis, plain_axes, short_money, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nector_sim.economics.ultimate import Ultimate
    from nector_sim.exploration.forecast_result import Forecast
    from nector_sim.ledger.liability import Liability

_SPENT, _OWED = "#E69F00", "#0072B2"
_MOST_LABELS = 14
_IN_MONEY = ("cart_amount", "discount", "margin", "cost_of_program")


def draw_outstanding(owed: Liability, ax: Axes, *, data: str = "") -> Axes:
    """Draw what is owed by age, at face value, and what is expected of it with its range.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> program = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])
    >>> balances = pd.DataFrame({"customer_id": ["a"], "points": [100]})
    >>> owed = ns.liability(balances, program=program, at="2026-01-01", ultimate_percent=[60, 70, 80])
    >>> draw_outstanding(owed, new_figure().subplots()).get_xticklabels()[0].get_text()
    'brought along'
    """
    plain_axes(ax)
    ages = owed.by_age()
    places = np.arange(len(ages))
    ax.bar(places, ages["face"].astype(float), color=_OWED, alpha=0.35, width=0.7, label="at face value")
    if "expected" in ages:
        low, likely, high = (ages[name].astype(float) for name in ("expected_low", "expected", "expected_high"))
        ax.errorbar(
            places, likely, yerr=[likely - low, high - likely], fmt="o", color=INK, capsize=4,
            label="expected, 5 to 95 %",
        )  # fmt: skip
    ax.set_xticks(places, ages["age"].tolist())
    money_axis(ax.yaxis, owed.currency)
    ax.set_ylabel("owed")
    ax.legend(frameon=False, fontsize=8)
    at = owed.at.astimezone(ZoneInfo(owed._timezone))
    title_of(ax, f"Owed by age of the points ({owed.currency}), {at:%Y-%m-%d %H:%M}", data)
    make_room(ax, left=0.15, top=0.86)
    return ax


def draw_expiring(owed: Liability, ax: Axes, *, data: str = "") -> Axes:
    """Draw what expires by month, at face value; what never does is written beside.

    Examples
    --------
    >>> from nector_sim.pictures.style import new_figure
    >>> program = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])
    >>> balances = pd.DataFrame({"customer_id": ["a", "b"], "points": [100, 40], "expires_at": ["2026-03-15", None]})
    >>> owed = ns.liability(balances, program=program, at="2026-01-01")
    >>> draw_expiring(owed, new_figure().subplots()).get_label()
    'Expires by month, at face value: 2026-03 100; never 40'
    """
    plain_axes(ax)
    months = owed.by_expiry()
    never = months["month"] == "never"
    dated, face = months[~never], months["face"].astype(float)
    places = np.arange(len(dated))
    ax.bar(places, face[~never], color=_SPENT, alpha=0.6, width=0.7)
    every = max(1, -(-len(dated) // _MOST_LABELS))
    ax.set_xticks(places[::every], dated["month"].tolist()[::every], rotation=45, ha="right", fontsize=8)
    money_axis(ax.yaxis, owed.currency)
    ax.set_ylabel("expires if it is not redeemed before")
    if never.any():
        stays = short_money(float(face[never].iloc[0]), owed.currency)
        ax.annotate(f"never expires: {stays}", (0.98, 0.95), xycoords="axes fraction", ha="right", fontsize=8)
    title_of(ax, f"Expires by month, at face value ({owed.currency})", data)
    make_room(ax, left=0.15, bottom=0.2, top=0.86)
    said = "; ".join(f"{month} {amount:,.0f}" for month, amount in zip(months["month"], face, strict=True))
    ax.set_label(f"Expires by month, at face value: {said or 'nothing is owed'}")
    return ax


def draw_fan(
    ahead: Forecast, ax: Axes, *, setting: str | None = None, measure: str = "points_redeemed", scale: float = 1.0
) -> Axes:
    """Draw the months behind, and the months ahead as a fan from the 5th to the 95th percentile, times `scale`."""
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    past = ahead.past(measure) * scale
    months = ahead.timeline(setting)
    fan = months[months["measure"] == measure]
    said = measure.replace("_", " ")
    in_money = measure in _IN_MONEY or scale != 1
    ax.plot(np.arange(-len(past), 0), past, color=_OWED, marker=".", label="behind")
    places = fan["month"].to_numpy() - 1
    low, likely, high = (fan[name].to_numpy() * scale for name in ("low", "likely", "high"))
    ax.plot(places, likely, color=_SPENT, linestyle="--", marker=".", label="ahead, likely")
    ax.fill_between(places, low, high, color=_SPENT, alpha=0.25, linewidth=0, label="5 to 95 %")
    ax.axvline(-0.5, color=INK, linewidth=0.8)
    ticks = np.arange(-len(past), ahead.months)
    every = max(1, -(-len(ticks) // _MOST_LABELS))
    ax.set_xticks(ticks[::every], [f"{number + (number >= 0):+d}" for number in ticks[::every]])
    ax.set_ylim(bottom=min(0.0, *ax.get_ylim()))
    if in_money:
        money_axis(ax.yaxis, ahead.currency)
    else:
        ax.yaxis.set_major_formatter(lambda amount, _: f"{amount:,.0f}")
    ax.set_xlabel(f"months before and after {ahead.origin:%Y-%m-%d}")
    ax.set_ylabel(f"{said} a month" if measure != "outstanding" else "outstanding at the end of the month")
    ax.legend(frameon=False, fontsize=8)
    name = setting or ahead.settings[0]
    title_of(ax, f"{said.capitalize()}, behind and ahead under “{name}”", "")
    make_room(ax, left=0.16, bottom=0.14, top=0.86)
    last, first = (f"{amount:,.0f}" for amount in (past[-1] if len(past) else 0, likely[0]))
    ax.set_label(f"{said.capitalize()} by month: {last} in the last month, {first} likely in the next")
    return ax


def draw_owed(ahead: Forecast, ax: Axes, *, setting: str | None = None) -> Axes:
    """Draw what is owed at the end of each month, behind and ahead: at face value, else in points."""
    name = setting or ahead.settings[0]
    value = ahead.point_value(name)
    worth = not np.isnan(value)
    draw_fan(ahead, ax, setting=name, measure="outstanding", scale=value if worth else 1.0)
    unit = f"at face value ({ahead.currency})" if worth else "in points"
    ax.set_ylabel("owed at the end of the month")
    title_of(ax, f"Owed, behind and ahead under “{name}”, {unit}", "")
    ax.set_label(str(ax.get_label()).replace("Outstanding by month", f"Owed by month, {unit}"))
    return ax


def draw_triangle(estimate: Ultimate, ax: Axes, *, data: str = "") -> Axes:
    """Draw the triangle: of the points of each month, the share redeemed by now, by months since the credit."""
    plain_axes(ax)
    ax.grid(axis="y", color="#EEEEEE")
    issued = estimate.table.set_index("month")["issued"].reindex(estimate.triangle.index)
    shares = 100 * estimate.triangle.div(issued.where(issued > 0), axis=0)
    for position, (_, share) in enumerate(shares.iterrows()):
        known = share.dropna()
        ax.plot(
            known.index, known, color=PROPOSAL, alpha=0.25 + 0.75 * (position + 1) / len(shares), marker=".",
            linewidth=1,
        )  # fmt: skip
    ax.axhline(estimate.percent[1], color=INK, linestyle="--", linewidth=1)
    ax.annotate(f"ever redeemed: {estimate.percent[1]:.1f} %", (0.98, estimate.percent[1]), ha="right", va="bottom",
                xycoords=("axes fraction", "data"), fontsize=8)  # fmt: skip
    ax.set_xlabel("months since the credit")
    ax.set_ylabel("redeemed, % of the points of a month")
    title_of(ax, "Redeemed by months since the credit (a line for each month, % of its points)", data)
    make_room(ax, top=0.86)
    return ax
