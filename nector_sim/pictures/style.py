"""How pictures look: one colour and one short name for each thing that limits a discount, and money on an axis."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

import numpy as np

from nector_sim.rules.money import money_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Short names of what limits a discount, for legends and tables; the sentences are in the calculator's reasons.
SHORT = {
    "balance": "points balance",
    "requested": "asked for no more",
    "cart": "cart amount",
    "max_discount": "maximum discount",
    "min_payable": "minimum to pay",
    "min_cart": "minimum cart",
    "offer": "offer given whole",
    "max_cart": "cart too large",
    "coupon": "coupon used",
    "min_points": "minimum points",
    "no_offer": "no offer open",
    "not_live": "switched off",
}
#: Colours that people with colour-blindness tell apart (Okabe and Ito): blue and green are the customer's own limits.
COLOURS = {
    "balance": "#0072B2",
    "requested": "#56B4E9",
    "cart": "#009E73",
    "max_discount": "#D55E00",
    "min_payable": "#E69F00",
    "min_cart": "#CC79A7",
    "offer": "#4D4D4D",
    "max_cart": "#8C510A",
    "coupon": "#6A51A3",
    "min_points": "#F0E442",
    "no_offer": "#999999",
    "not_live": "#BBBBBB",
}
INK, FAINT = "#222222", "#9AA0A6"
#: A proposal, and today's setting beside it.
PROPOSAL, TODAY = "#0B5FA5", "#9AA0A6"


def new_figure(width: float = 7.2, height: float = 3.9) -> Figure:
    """Make a figure, in inches, that belongs to no window and no global list."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    # Fixed margins: working out a layout takes longer than drawing what changed.
    figure.subplots_adjust(left=0.9 / width, right=1 - 0.4 / width, bottom=0.55 / height, top=1 - 0.15 / height)
    return figure


def png(figure: Figure, *, dpi: int = 120) -> bytes:
    """Draw a figure once, as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    # savefig would draw twice, and compress harder than a picture on the same machine needs.
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    file = BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(file, "png", compress_level=1)
    return file.getvalue()


def svg(figure: Figure, description: str) -> str:
    """Draw a figure once, as SVG for a page: sharp at any size, its texts are texts, and it asks for nothing."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = StringIO()
    figure.set_dpi(72)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "nector_sim", "font.family": "sans-serif"}):
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})
    drawn = file.getvalue()
    width, height = figure.get_size_inches() * 72
    head = f'<svg role="img" aria-label="{escape(description)}" viewBox="0 0 {width:g} {height:g}" width="100%" '
    return head + drawn[drawn.index('xmlns:xlink="', drawn.index("<svg")) :]


def currency_sign(currency: str) -> str:
    """Give the sign that a currency's readers write before an amount.

    Examples
    --------
    >>> currency_sign("INR"), currency_sign("JPY")
    ('₹', '¥')
    """
    return money_text(Decimal(0), currency).replace("0", "").strip()


def percent_text(share: float) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent_text(0.1234), percent_text(0.0001), percent_text(0)
    ('12.3 %', '< 0.1 %', '0 %')
    """
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{share * 100:.1f} %" if share else "0 %"


def figure_of(ax: Axes) -> Figure:
    """The figure that Axes stand on."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def plain_axes(ax: Axes) -> None:
    """Leave only what carries meaning: the bottom and left lines, and a faint grid of amounts."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FAINT)
    ax.tick_params(colors=INK, labelsize=9)
    ax.set_axisbelow(True)


def title_of(ax: Axes, what: str, data: str, *, pad: float | None = None, x: float = 0.0) -> None:
    """Set a title that says what a picture shows, and below it what the data are where that is said."""
    ax.set_title(f"{what}\n{data}" if data else what, loc="left", fontsize=10, color=INK, pad=pad, x=x)


def make_room(ax: Axes, **margins: float) -> None:
    """Widen a figure's margins for texts beside a picture that has it to itself (names as in ``subplots_adjust``)."""
    figure = ax.get_figure(root=True)
    if figure is not None and len(figure.axes) == 1:
        figure.subplots_adjust(**margins)


def short_money(amount: float, currency: str) -> str:
    """Write a large amount in four digits, as its readers say it: lakhs and crores, or thousands and millions.

    Examples
    --------
    >>> short_money(154905297, "INR"), short_money(-7179765, "INR"), short_money(950, "INR")
    ('₹15.49 Cr', '−₹71.8 L', '₹950')
    >>> short_money(1.25e6, "EUR"), short_money(999999, "EUR")
    ('€1.25 M', '€1 M')
    """
    sign, size = "−" if round(amount) < 0 else "", abs(amount)
    for unit, name in ((1e7, "Cr"), (1e5, "L")) if currency == "INR" else ((1e9, "bn"), (1e6, "M"), (1e3, "K")):
        number = float(f"{size / unit:.4g}")  # 999,999 is 1 M, not 1000 K
        if number >= 1:
            return f"{sign}{money_text(Decimal(0), currency).replace('0', f'{number:g}')} {name}"
    return sign + money_text(Decimal(round(size)), currency)


def money_axis(axis: object, currency: str) -> None:
    """Write an axis' amounts as the currency's readers do."""
    from matplotlib.axis import Axis
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    assert isinstance(axis, Axis)
    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda amount, _: money_text(Decimal(f"{amount:.4f}"), currency)))


def round_up(amount: float) -> float:
    """Give the next round number (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten) at or above an amount above 0.

    Examples
    --------
    >>> round_up(4321), round_up(0.7)
    (5000.0, 0.8)
    """
    power: float = 10.0 ** len(str(int(amount))) / 10 if amount >= 1 else 0.1
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= amount * (1 - 1e-9))
