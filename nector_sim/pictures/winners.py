"""The picture of which setting earns most where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nector_sim.errors import InputError
from nector_sim.exploration.winners import TODAY
from nector_sim.pictures.style import COLOURS, FAINT, INK, make_room, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nector_sim.exploration.winners import Winners

_NAMES = {
    "response_percent": "Response: more orders, at most",
    "response_half_at_percent": "Given back for half of the response",
    "redeemers_percent": "Customers who ever use points",
    "take_up_percent": "Take-up of redeemers",
}
#: Today's setting is grey; the others take these in turn.
_OTHERS = [
    COLOURS[name] for name in ("balance", "max_discount", "cart", "min_payable", "min_cart", "requested", "coupon")
]


def winners(result: Winners, ax: Axes, *, x: str | None = None, y: str | None = None, data: str = "") -> Axes:
    """Draw which setting earns most over two assumptions, a colour for each setting.

    Parameters
    ----------
    result : Winners
    ax : matplotlib.axes.Axes
    x, y : str, optional
        Assumptions of the map; left out, its first and its second. Others are held at their first value.
    data : str
        What the orders are, for the title.

    Returns
    -------
    matplotlib.axes.Axes
        The same.

    Raises
    ------
    InputError
        If the map is over fewer than two assumptions, or not over `x` or `y`.
    """
    x, y = x or result.over[0], y or next((name for name in result.over if name != (x or result.over[0])), "")
    if x == y or not {x, y} <= set(result.over):
        raise InputError(f"this map is over {', '.join(result.over)}; x and y are two of these")
    table = result.table
    for name in result.over:
        if name not in (x, y):
            table = table[table[name] == table[name].iloc[0]]
    cells = table.pivot(index=y, columns=x, values="winner")
    found = list(dict.fromkeys(table.sort_values(x)["winner"]))
    others = [name for name in found if name != TODAY]
    colours = {name: _OTHERS[place % len(_OTHERS)] for place, name in enumerate(others)} | {TODAY: FAINT}
    codes = np.array([[found.index(name) for name in row] for row in cells.to_numpy()])
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    make_room(ax, left=0.14, top=0.84)
    shades = ListedColormap([colours[name] for name in found])
    ax.imshow(codes, cmap=shades, vmin=-0.5, vmax=len(found) - 0.5, aspect="auto", origin="lower")
    ax.set_xticks(range(len(cells.columns)), [f"{value} %" for value in cells.columns], fontsize=8)
    ax.set_yticks(range(len(cells.index)), [f"{value} %" for value in cells.index], fontsize=8)
    ax.set_xlabel(_NAMES.get(x, x), fontsize=9)
    ax.set_ylabel(_NAMES.get(y, y), fontsize=9)
    ax.tick_params(colors=INK, length=0)
    patches = [Patch(color=colours[name], label=name) for name in found]
    ax.legend(handles=patches, fontsize=8, labelcolor=INK, loc="upper left", framealpha=0.9)
    title_of(ax, "Which setting earns most", data)
    counted = table["winner"].value_counts()
    said = ", ".join(f"{name} at {times} of {len(table)} places" for name, times in counted.items())
    ax.set_label(f"Which setting earns most over {x} and {y}: {said}.")
    return ax
