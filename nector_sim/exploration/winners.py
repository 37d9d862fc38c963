"""``winners``: which setting earns most, over what a merchant cannot know: the response, and who redeems."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import Assumptions, AssumptionsLike, as_assumptions
from nector_sim.economics.ranges import WHO
from nector_sim.economics.response import check_response
from nector_sim.errors import InputError
from nector_sim.exploration.grid import GridLike, Mode, Settings, as_grid, make_settings
from nector_sim.exploration.replay_sums import ReplaySums
from nector_sim.exploration.replay_sweeps import margin_with_response
from nector_sim.exploration.replays import Replays, read_replays
from nector_sim.frames.kinds import as_frame
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program, ProgramLike, as_program

#: What a map is over where nothing else is said.
OVER: Mapping[str, Sequence[Any]] = {"response_percent": (0, 5, 10, 15, 20), "redeemers_percent": (20, 40, 60, 80, 100)}
TODAY = "today's setting"


@dataclass(frozen=True, slots=True, repr=False)
class Winners(Result):
    """Which setting earns most, by what is assumed.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each combination of assumptions: a column for each of these, then ``winner`` (the setting in words),
        ``setting`` (its row of `settings`; missing where today's wins), ``gain`` (what it earns beyond today's, with
        the response) and ``ahead`` (what it earns beyond the next best); major units.
    settings : pandas.DataFrame
        The settings that were tried, a column for each field; today's is tried beside them.
    over : tuple of str
        The assumptions.
    currency : str
    notices : tuple of str
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("winners",)

    table: pd.DataFrame
    settings: pd.DataFrame
    over: tuple[str, ...]
    currency: str
    notices: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Give the winner of each combination: :attr:`table`."""
        return self.table.copy()

    def text(self) -> str:
        """Say which setting wins how often, and where."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        counted = self.table["winner"].value_counts()
        over = " and ".join(self.over)
        yield f"{len(counted):,} of {count(len(self.settings) + 1, 'setting')} earn most somewhere, over {over}:"
        for winner, times in counted.items():
            mine = self.table[self.table["winner"] == winner]
            where = "; ".join(f"{name} {_reach(mine[name])}" for name in self.over)
            gain = money_text(Decimal(round(mine["gain"].max())), self.currency)
            more = "" if winner == TODAY else f", up to {gain} more than today's setting"
            yield f"{winner}: {times:,} of {len(self.table):,} places ({where}){more}."
        yield from self.notices


@long_call("replays")
def winners(
    program: ProgramLike,
    orders: Any,
    *,
    grid: GridLike,
    assumptions: AssumptionsLike,
    over: Mapping[str, Sequence[Any]] | None = None,
    mode: Mode | None = None,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    programs: Iterable[Any] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Winners:
    """Show which setting earns most for each value of assumptions that nobody knows.

    Parameters
    ----------
    program : Program
        Today's setting; customers respond to a change from it.
    orders, grid, mode, opening, grants, refunds, programs, seed
        As in :func:`nector_sim.sweep`.
    assumptions : Assumptions, path or mapping
        The other assumptions; of a range, the likely value is used. They must state ``response_half_at_percent``,
        unless `over` does.
    over : mapping of str to sequence of number, optional
        Values of assumptions, combined. Left out, ``response_percent`` from 0 to 20 and ``redeemers_percent`` from 20
        to 100. The orders are replayed for each value of ``redeemers_percent`` and ``take_up_percent``; the others are
        quick.
    progress : callable, optional
        Called with the number of replays done, and of all replays.

    Returns
    -------
    Winners

    Raises
    ------
    InputError
        As :func:`nector_sim.sweep`; for something that is no assumption, or no response.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> found = winners(program, ns.demo_orders().head(1000), grid={"offers.0.max_discount": [50, 100, 200]},
    ...                 assumptions={"gross_margin_percent": 55, "response_half_at_percent": 3},
    ...                 over={"response_percent": [0, 20], "redeemers_percent": [40, 100]})
    >>> found.table["winner"].tolist()[:2]
    ['offers.0.max_discount = 50', 'offers.0.max_discount = 50']
    """
    program, assumptions, frame = as_program(program), as_assumptions(assumptions), as_frame(orders)
    given, mode = as_grid(grid, mode)
    settings = make_settings(program, given, mode=mode)
    axes = {name: list(values) for name, values in (OVER if over is None else over).items()}
    if unknown := [name for name in axes if name not in Assumptions.model_fields]:
        raise InputError(f"over has {', '.join(unknown)}, which is no assumption")
    if not axes or not all(axes.values()):
        raise InputError('over names assumptions and their values, such as {"response_percent": [0, 5, 10]}')
    places = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    believed = [assumptions.replaced(**place) for place in places]
    if not any(one.responds for one in believed):
        raise InputError(
            "Nowhere on this map is there a response: state response_percent and response_half_at_percent, since "
            "without one the setting that gives least wins everywhere"
        )

    def read(who: Assumptions, tried: Sequence[Program]) -> Replays:
        return read_replays(
            tried, frame, assumptions=who, seed=seed,
            opening=opening, grants=grants, refunds=refunds, others=tuple(programs),
        )  # fmt: skip

    return map_of(program, settings, places, believed, read)


def map_of(
    program: Program,
    settings: Settings,
    places: list[dict[str, Any]],
    believed: Sequence[Assumptions],
    read: Callable[[Assumptions, Sequence[Program]], Replays],
    *,
    go_on: Callable[[], None] = lambda: None,
) -> Winners:
    """Find the winner in each place, where `believed` is assumed.

    `read` reads the history for settings; `go_on` is called before each replay, and may raise to stop.
    """
    for one in believed:
        check_response(one, replayed=True, view="cash")
    tried = [program, *(settings.program_of(position) for position in range(len(settings)))]
    earned = np.empty((len(believed), len(tried)))
    notices: tuple[str, ...] = ()
    who = [tuple(str(getattr(one, name)) for name in WHO) for one in believed]
    different = list(dict.fromkeys(who))
    step = stages(len(different) * len(tried))
    for same in different:
        mine = [position for position, each in enumerate(who) if each == same]
        go_on()
        replays = read(believed[mine[0]], tried)
        notices, sums = replays.notices, ReplaySums.of(replays, "cash", program.decimals)
        today = sums.got(replays.run(program), uses=True)
        for column, setting in enumerate(tried):
            go_on()
            if not sums.fits(setting):
                raise InputError("no response is counted of a setting that is switched off, on orders with credits")
            ran = replays.run(setting)
            totals = sums.answering(setting, ran, sums.got(ran, uses=True), today)
            for row in mine:
                earned[row, column] = margin_with_response(totals, believed[row].rates())
            step()
    shown = pd.DataFrame({path: settings.column(path) for path in settings.paths})
    return Winners(_table(places, earned, shown), shown, tuple(places[0]), program.currency, notices)


def _table(places: list[dict[str, Any]], earned: npt.NDArray[np.float64], settings: pd.DataFrame) -> pd.DataFrame:
    """The winner of each place; of settings alike, today's, then the first."""
    rows = settings.to_dict("records")
    names = [TODAY, *(", ".join(f"{path} = {value}" for path, value in row.items()) for row in rows)]
    # Today's setting is often among the others; what is not better by a hundredth is no winner.
    best = np.round(earned, 2).argmax(axis=1)
    top = earned[np.arange(len(earned)), best]
    alike = np.isclose(earned, top[:, None], rtol=0, atol=0.005)
    table = pd.DataFrame(places)
    table["winner"] = [names[each] for each in best]
    table["setting"] = pd.array([None if each == 0 else each - 1 for each in best], dtype="Int64")
    table["gain"] = np.round(top - earned[:, 0], 2)
    table["ahead"] = np.round(top - np.where(alike, -np.inf, earned).max(axis=1), 2)
    return table


def _reach(values: pd.Series[Any]) -> str:
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low} to {high}"
