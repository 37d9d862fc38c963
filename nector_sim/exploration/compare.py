"""``compare``: two programs on the same orders, the difference, who gains and who loses, and how sure that is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nector_sim.economics.assumptions import Assumptions, named_percent
from nector_sim.economics.margin import View, drivers_in_view, margin_of
from nector_sim.economics.ranges import (
    Side,
    Sums,
    between,
    customer_codes,
    ends_of,
    headline,
    range_table,
    resample,
    sums_by,
    tornado,
)
from nector_sim.economics.summary import Summary, below_floor, break_even_sentence
from nector_sim.errors import InputError
from nector_sim.exploration.prepared import History, OnHistory, on_history
from nector_sim.frames.checks import as_frame
from nector_sim.frames.columns import read_money, read_times
from nector_sim.rules.money import money_text
from nector_sim.rules.program import Program

BASELINE, CANDIDATE = 0, 1
#: Bands of cart size that orders are grouped by.
BANDS = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two programs on the same orders. Margins are estimates, under the assumptions; money in major units.

    Attributes
    ----------
    baseline, candidate : Summary
    ranges : pandas.DataFrame
        A row for each headline number of the baseline, the candidate and their difference (``baseline.margin``,
        ``candidate.break_even_uplift``, ``incremental_margin`` …): ``value``, and with resamples ``low`` and ``high``,
        the 5th and 95th percentile. Missing is `never`.
    probability : float or None
        Share of the draws in which the candidate earns more than the baseline; None without resamples.
    tornado : pandas.DataFrame
        Which assumption moves the incremental margin most; see :func:`nector_sim.economics.ranges.tornado`.
    groups : pandas.DataFrame or None
        Both sides and the difference by group.
    changes : pandas.DataFrame
        Rows ``fall``, ``rise``, ``same``: orders and customers whose discount does so, and by how much in sum.
    below_floor : pandas.DataFrame or None
        Orders below the floor under either program, with both margins.
    """

    baseline: Summary
    candidate: Summary
    ranges: pd.DataFrame
    probability: float | None
    tornado: pd.DataFrame
    groups: pd.DataFrame | None
    changes: pd.DataFrame
    below_floor: pd.DataFrame | None
    history: str
    currency: str
    assumed_uplift_percent: float | None

    @property
    def incremental_margin(self) -> float:
        """What the candidate earns beyond the baseline."""
        return self.candidate.margin - self.baseline.margin

    @property
    def margin_at_assumed_uplift(self) -> float | None:
        """What the candidate earns with the uplift that was assumed; None without one."""
        uplift = self.assumed_uplift_percent
        return None if uplift is None else self.candidate.margin * (1 + uplift / 100)

    @property
    def break_even(self) -> str:
        """The candidate's break-even against no redemption, in words, with its range where there is one."""
        return _with_range(self.ranges, "candidate.break_even_uplift")

    def text(self) -> str:
        """Say the comparison in a few lines, the break-even first."""
        lines = [f"Break-even of the candidate: {self.break_even}"]
        at_most = "at most " if self.candidate.at_most else ""
        money = {
            name: money_text(Decimal(round(amount)), self.currency)
            for name, amount in (
                ("before", self.baseline.cost_of_program),
                ("after", self.candidate.cost_of_program),
                ("more", abs(self.incremental_margin)),
            )
        }
        lines.append(f"Cost of the program: {at_most}{money['before']} today, {at_most}{money['after']} proposed.")
        direction = "more" if self.incremental_margin >= 0 else "less"
        lines.append(f"The candidate earns {money['more']} {direction} than the baseline on these orders.")
        if self.probability is not None:
            lines.append(f"It earns more than the baseline in {self.probability:.0%} of the draws.")
        assumed = self.margin_at_assumed_uplift
        if assumed is not None:
            gain = money_text(Decimal(round(abs(assumed - self.baseline.margin))), self.currency)
            direction = "more" if assumed >= self.baseline.margin else "less"
            uplift = f"{self.assumed_uplift_percent:g}"
            lines.append(f"Were it to bring {uplift} more orders in 100, as assumed, it would earn {gain} {direction}.")
        changes: Any = self.changes
        fall, rise = changes.loc["fall"], changes.loc["rise"]
        lines.append(
            f"The discount falls on {int(fall['orders']):,} orders and rises on {int(rise['orders']):,}; "
            f"{int(fall['customers']):,} customers get less in all, {int(rise['customers']):,} more."
        )
        return "\n".join(lines)


def compare(
    baseline: Program,
    candidate: Program,
    orders: Any,
    *,
    assumptions: Assumptions,
    by: str | None = None,
    floor_percent: float | str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    history: History = "given balances",
    view: View = "cash",
    uplift_percent: float | str | None = None,
) -> Comparison:
    """Compare two programs on the same orders.

    Parameters
    ----------
    baseline, candidate : Program
        Today's program and a proposal, in one currency.
    orders : pandas.DataFrame, or a table with an Arrow interface, shape (n, any)
        As for :func:`nector_sim.score`, with ``customer_id`` for ranges, and the optional columns of the margin.
    assumptions : Assumptions
        Ranges are drawn along with the customers; the values themselves rest on the likely ones. A replay is made
        again at the ends of the take-up and half-way to them, and a draw lies between.
    by : str, optional
        ``"month"``, ``"cart_band"``, ``"customer_decile"`` (1 spends most), ``"tier"`` (in a replay of a baseline with
        ``[[tiers]]`` the one that it gave), or any column.
    floor_percent : float or str, optional
        The least that an order should earn, as a percentage of its net sales.
    resamples : int
        How many times customers are drawn; 0 for no ranges.
    seed : int
        The same seed gives the same ranges.
    history : {"given balances", "as replayed"}
        ``points_balance`` as it stands, or balances that run from order to order under each program.
    view : {"cash", "accrual"}
        When points cost; ``"accrual"`` needs a replay, which says what is earned.
    uplift_percent : float or str, optional
        Extra orders in 100, like those in the data, that the candidate is assumed to bring. Nothing else rests on it
        but ``margin_at_assumed_uplift``.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        For orders that cannot be read, two currencies, or something that the margin, the groups or the ranges lack.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> candidate = program.model_copy(update={"min_payable": None})
    >>> orders = pd.DataFrame({"customer_id": ["a", "b"], "cart_amount": [500.0, 2500.0], "points_balance": [5000] * 2})
    >>> result = compare(program, candidate, orders, assumptions=ns.Assumptions(gross_margin_percent=60), resamples=0)
    >>> result.baseline.margin, result.candidate.margin, result.incremental_margin
    (400.0, 300.0, -100.0)
    """
    if baseline.currency != candidate.currency:
        raise InputError(
            f"The baseline is in {baseline.currency} and the candidate in {candidate.currency}; compare within one"
        )
    if resamples < 0:
        raise InputError(f"resamples is {resamples}; it is 0 for no ranges, or how often customers are drawn")
    if seed < 0:
        raise InputError(f"seed is {seed}; it is a whole number, 0 or more")
    uplift = None if uplift_percent is None else named_percent("uplift_percent", uplift_percent, at_most_100=False)
    frame, programs = as_frame(orders), (baseline, candidate)

    def play(believed: Assumptions) -> list[OnHistory]:
        return [on_history(program, frame, history=history, assumptions=believed, seed=seed) for program in programs]

    played = play(assumptions)
    sides = _sides(programs, played, view)
    summaries = [
        made.summarize(program, assumptions=assumptions, view=view, floor_percent=floor_percent)
        for program, made in zip(programs, played, strict=True)
    ]
    replayed = played[BASELINE].replayed
    if by == "tier" and baseline.tiers and replayed is not None:
        frame = frame.assign(tier=replayed["tier"].to_numpy())  # such a ledger does not look at the column
    used = frame[sides[BASELINE].sales.used]
    if resamples or "customer_id" in used:
        codes, count = customer_codes(used)
    else:
        codes, count = np.arange(len(used)), len(used)
    _, likely, _ = ends_of(assumptions, "take_up_percent")
    by_customer = {likely: sums_by(sides, codes, count)}
    if history == "as replayed":
        # Take-up has played its part in these sums, so other take-ups are replayed.
        for place in _other_take_ups(assumptions, drawn=resamples > 0):
            again = play(assumptions.replaced(take_up_percent=f"{place}%"))
            by_customer[place] = sums_by(_sides(programs, again, view), codes, count)
    total = {place: Sums(sums.names, sums.amounts.sum(axis=0)) for place, sums in by_customer.items()}
    draws = None if not resamples else _drawn(by_customer, assumptions, resamples=resamples, seed=seed)
    labels = None if by is None else _labels(baseline, used, by)
    return Comparison(
        baseline=summaries[BASELINE],
        candidate=summaries[CANDIDATE],
        ranges=range_table(_flat(headline(total[likely], assumptions.rates(), sides=2)), draws),
        probability=None if draws is None else float(np.mean(draws["incremental_margin"] > 0)),
        tornado=tornado(total[likely], assumptions, sides=2, moved={"take_up_percent": total}),
        groups=None if labels is None else _by_group(sides, labels, assumptions),
        changes=_changes(sides, codes, count),
        below_floor=None if floor_percent is None else _below_floor(sides, used, assumptions, floor_percent),
        history=history,
        currency=baseline.currency,
        assumed_uplift_percent=uplift,
    )


def _sides(programs: Sequence[Program], played: Sequence[OnHistory], view: View) -> list[Side]:
    return [
        Side(program, made.sales, made.points.astype(np.float64), made.could, view, made.replayed is not None)
        for program, made in zip(programs, played, strict=True)
    ]


def _other_take_ups(assumptions: Assumptions, *, drawn: bool) -> set[float]:
    """The ends of the take-up; where it is drawn also half-way to them, since the answer is no straight line."""
    low, likely, high = ends_of(assumptions, "take_up_percent")
    half_way = (
        {(low + likely) / 2, (likely + high) / 2} if drawn and "take_up_percent" in assumptions.uncertain else set()
    )
    return ({low, high} | half_way) - {likely}


def _drawn(by_customer: dict[float, Sums], assumptions: Assumptions, *, resamples: int, seed: int) -> dict[str, Any]:
    """Headline numbers of each draw of customers and assumptions, given each customer's sums by take-up."""
    rates = assumptions.draws(resamples, seed=seed)
    places = by_customer if isinstance(rates.take_up, np.ndarray) else list(by_customer)[:1]
    drawn = {place: resample(by_customer[place], resamples=resamples, seed=seed) for place in places}
    take_ups = np.broadcast_to(np.asarray(rates.take_up) * 100, resamples)
    sums = next(iter(drawn.values())) if len(drawn) == 1 else between(drawn, take_ups)
    return _flat(headline(sums, rates, sides=2))


def _flat(numbers: dict[str, list[Any]]) -> dict[str, Any]:
    """Headline numbers of both sides and their difference under one name each."""
    flat: dict[str, Any] = {}
    for side, label in ((BASELINE, "baseline"), (CANDIDATE, "candidate")):
        flat |= {f"{label}.{name}": values[side] for name, values in numbers.items()}
    margin = numbers["margin"]
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = np.asarray(margin[BASELINE]), np.asarray(margin[CANDIDATE])
        flat["incremental_margin"] = after - before
        flat["incremental_discount"] = numbers["discount"][CANDIDATE] - numbers["discount"][BASELINE]
        # Extra orders at which the candidate earns what the baseline does.
        flat["incremental_break_even_uplift"] = np.where(after > 0, before / after - 1, np.inf)
    return flat


def _by_group(sides: list[Side], labels: Any, assumptions: Assumptions) -> pd.DataFrame:
    codes = labels.codes.astype(np.intp)
    sums = sums_by(sides, np.where(codes < 0, len(labels.categories), codes), len(labels.categories) + 1)
    numbers = headline(sums, assumptions.rates(), sides=2)
    names = ["margin", "cost_of_program", "discount", "discount_rate", "orders_redeemed"]
    table = pd.DataFrame({"group": [*labels.categories.astype(object), "(none)"]})
    table["orders"] = np.asarray(sums.of("without", "orders"), dtype=np.int64)
    for name in names:
        for side, label in ((BASELINE, "baseline"), (CANDIDATE, "candidate")):
            table[f"{label}_{name}"] = numbers[name][side]
        table[f"{name}_difference"] = numbers[name][CANDIDATE] - numbers[name][BASELINE]
    return table[table["orders"] > 0].reset_index(drop=True)


def _labels(program: Program, orders: pd.DataFrame, by: str) -> Any:
    """Each order's group; blanks are in none."""
    needs = {"month": "ordered_at", "cart_band": "cart_amount", "customer_decile": "customer_id"}.get(by, by)
    if by in orders.columns:
        return pd.Categorical(orders[by])
    if needs not in orders.columns:
        raise InputError(
            f"Grouping by {by} needs a column {needs}; the orders have {', '.join(map(str, orders.columns))}"
        )
    if by == "month":
        instants = pd.to_datetime(read_times(orders["ordered_at"], program.timezone).numbers, unit="us", utc=True)
        return pd.Categorical(instants.tz_convert(program.timezone).strftime("%Y-%m"))
    cart = read_money(orders["cart_amount"], program.decimals).numbers / 10**program.decimals
    if by == "cart_band":
        return _bands(cart, program.currency)
    spent = pd.Series(cart).groupby(orders["customer_id"].to_numpy()).sum()
    rank = spent.rank(method="first", ascending=False) - 1
    decile = (rank * 10 // len(spent) + 1).astype(int)
    return pd.Categorical(decile.reindex(orders["customer_id"]).to_numpy())


def _bands(cart: npt.NDArray[np.float64], currency: str) -> Any:
    """Bands of cart size of about equally many orders, with edges rounded to two figures."""
    edges = np.quantile(cart, np.arange(1, BANDS) / BANDS) if len(cart) else np.zeros(0)
    rounded = sorted({float(f"{edge:.1e}") for edge in edges if edge > 0})
    texts = [money_text(Decimal(str(edge)), currency) for edge in rounded]
    names = (
        ["all"]
        if not texts
        else [
            f"below {texts[0]}",
            *(f"{low} to below {high}" for low, high in itertools.pairwise(texts)),
            f"{texts[-1]} or more",
        ]
    )
    codes = np.searchsorted(rounded, cart, side="right")
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(names, ordered=True))


def _changes(sides: list[Side], codes: npt.NDArray[np.intp], count: int) -> pd.DataFrame:
    """Orders and customers whose discount falls, rises or stays, were all to redeem who can and do not say no."""
    before, after = (side.sales.discount * side.known() for side in sides)
    difference = np.round(after - before, 4)
    customers = np.round(np.bincount(codes, difference, count), 4)
    rows = {}
    for name, sign in (("fall", -1), ("rise", 1), ("same", 0)):
        mine, theirs = np.sign(difference) == sign, np.sign(customers) == sign
        rows[name] = {
            "orders": int(np.count_nonzero(mine)),
            "orders_amount": round(float(difference[mine].sum()), 4),
            "customers": int(np.count_nonzero(theirs)),
            "customers_amount": round(float(customers[theirs].sum()), 4),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _below_floor(
    sides: list[Side], orders: pd.DataFrame, assumptions: Assumptions, floor_percent: float | str
) -> pd.DataFrame:
    below, margins = np.zeros(len(orders), dtype=np.bool_), {}
    for side, label in zip(sides, ("baseline", "candidate"), strict=True):
        lines = margin_of(drivers_in_view(side.sales.as_said(), side.view, side.program), assumptions.rates())
        margins[f"{label}_margin"] = np.round(np.asarray(lines.margin), 2)
        margins[f"{label}_below"] = below_floor(lines, floor_percent)
        below |= margins[f"{label}_below"]
    rows: pd.DataFrame = orders.loc[below]
    return rows.assign(**{name: values[below] for name, values in margins.items()})


def _with_range(ranges: Any, name: str) -> str:
    value = ranges.loc[name, "value"]
    sentence = break_even_sentence(None if np.isnan(value) else float(value))
    if "low" not in ranges or np.isnan(value) or value <= 0:
        return sentence
    low, high = ranges.loc[name, "low"], ranges.loc[name, "high"]
    upper = "never" if np.isnan(high) else f"{high * 100:,.1f}"
    return f"{sentence} (Between {low * 100:,.1f} and {upper}, in nine of ten draws.)"
