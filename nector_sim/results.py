"""What every result has in common: words, a table, a page in a notebook, and pictures."""

from __future__ import annotations

import importlib
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nector_sim.errors import InputError
from nector_sim.places import on_this_machine

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Where the pictures are drawn. The only place below that room which names it: results draw themselves through it.
_PICTURES = "nector_sim.pictures"
#: Rows of a table that a notebook shows.
_ROWS = 20


class Result:
    """What `replay`, `liability`, `compare` and the others return.

    ``str(result)`` says it in words, ``result.to_frame()`` is its main table, a notebook shows both, and
    ``result.plot.…()`` draws it.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> result = ns.replay(program, ns.demo_orders().head(1000))
    >>> dir(result.plot), result.plot.timeline().ax.get_ylabel()
    (['timeline'], 'coins a month')
    """

    __slots__ = ()
    #: Names of this result's pictures; each is a function of that name in `nector_sim.pictures`.
    PICTURES: ClassVar[tuple[str, ...]] = ()

    def text(self) -> str:
        """Say the result in a few lines."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """Give the result's main table."""
        raise NotImplementedError

    @property
    def plot(self) -> Plots:
        """Pictures of this result: ``result.plot.timeline()`` shows one, ``.plot.timeline(ax=ax)`` draws on yours."""
        return Plots(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text().partition(chr(10))[0]}>"

    def _repr_html_(self) -> str:
        words = "<br/>".join(escape(line) for line in self.text().splitlines())
        return f"<p>{words}</p>{self.to_frame().to_html(max_rows=_ROWS, index=False, border=0, na_rep='')}"


class Plots:
    """The pictures of one result, by name."""

    def __init__(self, result: Any, names: tuple[str, ...] | None = None) -> None:
        self._result = result
        self._names = type(result).PICTURES if names is None else names

    def __dir__(self) -> list[str]:
        return sorted(self._names)

    def __getattr__(self, name: str) -> Drawing:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"there is no picture {name!r} here; there are {', '.join(sorted(self._names))}")
        return Drawing(name, self._result)


#: Pictures of what is no result: a program, and the table of a sweep.
_OF_PROGRAMS, _OF_TABLES = ("discount_by_cart",), ("frontier", "heat_map", "lever")


def plots(of: Any) -> Plots:
    """Give the pictures of something: ``ns.plots(table).lever(field=…)``, as a result's own ``.plot``.

    Parameters
    ----------
    of : Result, Program or pandas.DataFrame
        A result; a program; or the table of :func:`nector_sim.sweep`.

    Returns
    -------
    Plots
        ``dir()`` names the pictures; each takes what the function of its name in `nector_sim.pictures` takes.

    Raises
    ------
    InputError
        If there are no pictures of it.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> ns.plots(program).discount_by_cart().description.partition(":")[0]
    'Discount by cart size for a customer with enough points'
    """
    if isinstance(of, Result):
        return of.plot
    if hasattr(of, "offers"):
        return Plots(of, _OF_PROGRAMS)
    if hasattr(of, "columns") and {"orders", "margin"} <= set(of.columns):
        return Plots(of, _OF_TABLES)
    raise InputError(f"there are no pictures of this {type(of).__name__}; give a result, a program, or a sweep's table")


class Drawing:
    """One picture of one result, to be called."""

    def __init__(self, name: str, result: Any) -> None:
        self._name, self._result = name, result
        self.__name__ = name

    def __call__(self, *, ax: Axes | None = None, **options: Any) -> Picture:
        """Draw it."""
        pictures = importlib.import_module(_PICTURES)
        where = pictures.new_axes() if ax is None else ax
        return Picture(getattr(pictures, self._name)(self._result, where, **options))


class Picture:
    """A picture that was drawn.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
    description : str
        What a screen reader says instead.
    """

    def __init__(self, ax: Axes) -> None:
        self.ax = ax
        self.description = str(ax.get_label())

    def save(self, path: str | Path) -> Path:
        """Write it as ``.png``, ``.svg`` or ``.pdf``, by the path's ending."""
        place = on_this_machine(path, "save the picture here, and copy it there")
        figure = self.ax.get_figure(root=True)
        if figure is not None:
            figure.savefig(place)
        return place

    def __repr__(self) -> str:
        return f"<Picture: {self.description}>"

    def _repr_html_(self) -> str:
        svg: str = importlib.import_module(_PICTURES).as_svg(self.ax)
        return f'<div style="max-width: 640px">{svg}</div>'


def count(number: float, one: str, many: str | None = None) -> str:
    """Write a number of things: 1 order, 2 orders."""
    written = f"{number:,.0f}"
    return f"{written} {one if written == '1' else many or one + 's'}"
