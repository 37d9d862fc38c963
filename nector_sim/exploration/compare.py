"""``compare``: two programs on the same orders, the difference, who gains and who loses, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import Assumptions, AssumptionsLike, as_assumptions, named_percent
from nector_sim.economics.happened import what_happened
from nector_sim.economics.intervals import corrected_draws, range_table, too_skewed
from nector_sim.economics.margin import View, drivers_in_view, margin_of
from nector_sim.economics.ranges import (
    Side,
    Sums,
    between,
    customer_codes,
    likely_of,
    other_places,
    resample,
    sums_by,
    together,
)
from nector_sim.economics.response import check_response
from nector_sim.economics.summary import Summary, below_floor
from nector_sim.economics.what_moves import MarginDifference, tornado
from nector_sim.errors import InputError
from nector_sim.exploration.basis import Basis
from nector_sim.exploration.comparison import Comparison
from nector_sim.exploration.groups import DECILES_DIFFER, labels_of
from nector_sim.exploration.pairs import (
    BASELINE,
    CANDIDATE,
    bases_of,
    by_group,
    changes_of,
    in_all,
    numbers_of,
    sides_of,
)
from nector_sim.exploration.prepared import AsGiven, Played, check_resamples, check_words
from nector_sim.exploration.replays import Replays, read_history
from nector_sim.frames.ids import id_keys
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.take_up import TakeUp
from nector_sim.rules.program import Program, ProgramLike, as_program

SAME = "The baseline and the candidate are the same program: nothing was changed."


@long_call("steps")
def compare(
    baseline: ProgramLike,
    candidate: ProgramLike,
    orders: Any,
    *,
    assumptions: AssumptionsLike,
    by: str | None = None,
    floor_percent: float | str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    replayed: bool = True,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    programs: Iterable[Any] = (),
    view: View = "cash",
    uplift_percent: float | str | None = None,
    history: None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two programs on the same orders.

    Parameters
    ----------
    baseline, candidate : Program
        Today's program and a proposal, in one currency.
    orders : pandas.DataFrame, or a table with an Arrow interface, shape (n, any)
        As for :func:`nector_sim.replay`, and the optional columns of the margin. With ``replayed=False`` as for
        :func:`nector_sim.score`, and ``customer_id`` for ranges.
    assumptions : Assumptions, path or mapping
        Ranges vary along with the resamples of customers; the values themselves use the likely ones. A replay is made
        again at the ends of the range of take-up and half-way to them, and a draw lies between these.
    by : str, optional
        ``"month"``, ``"cart_band"``, ``"customer_decile"`` (1 spends most), ``"tier"`` (in a replay of a baseline with
        ``[[tiers]]`` the one that it gave), or any column.
    floor_percent : float or str, optional
        The least that an order should earn, as a percentage of its net sales.
    resamples : int
        How many resamples of customers to draw; 0 for no ranges.
    seed : int
        Seed of the ranges, and of the draws of take-up.
    replayed : bool
        Let balances run from order to order under each program, so that what a customer may not use today is there
        tomorrow. False works out each order by itself, with the ``points_balance`` that came with it.
    opening, grants : table, optional
        As in :func:`nector_sim.replay`. Without `opening`, a ``points_balance`` of the orders gives each customer's
        balance at the first order.
    refunds : table, optional
        As in :func:`nector_sim.replay`: refunds beside the columns of the orders. With ``replayed=False`` only
        the margin uses them.
    programs : iterable, optional
        As in :func:`nector_sim.replay`: programs in force before or after both.
    view : {"cash", "accrual"}
        When points cost; ``"accrual"`` needs a replay, which says what is earned.
    uplift_percent : float or str, optional
        Extra orders in 100, like those in the data, that the candidate is assumed to bring. Only
        ``margin_at_assumed_uplift`` and ``probability`` use it. A response (``response_percent`` of the assumptions)
        says instead how orders rise and fall with what customers get back; both at once are refused.
    history : None
        The old name of `replayed`.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        For orders that cannot be read, nothing to replay, two currencies, or something that the margin, the groups or
        the ranges lack.

    Examples
    --------
    400 of 450 points are used on the first order and 50 on the second; without the minimum 450 on the first.

    >>> program = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    >>> candidate = program.model_copy(update={"min_payable": None})
    >>> orders = pd.DataFrame({"order_id": [1, 2], "customer_id": ["a", "a"], "cart_amount": [500.0, 2500.0],
    ...                        "ordered_at": ["2026-03-01T10:00Z", "2026-03-01T10:00Z"]})
    >>> result = compare(program, candidate, orders, opening=pd.DataFrame({"customer_id": ["a"], "points": [450]}),
    ...                  assumptions=ns.Assumptions(gross_margin_percent=60), resamples=0)
    >>> result.baseline.discount, result.candidate.discount, result.incremental_margin
    (455.0, 452.0, 3.0)
    """
    baseline, candidate, assumptions = as_program(baseline), as_program(candidate), as_assumptions(assumptions)
    check_words(history, replayed, opening=opening, grants=grants, programs=programs)
    if baseline.currency != candidate.currency:
        raise InputError(
            f"The baseline is in {baseline.currency} and the candidate in {candidate.currency}; compare within one"
        )
    check_resamples(resamples)
    if seed < 0:
        raise InputError(f"seed is {seed}; it is a whole number, 0 or more")
    uplift = None if uplift_percent is None else named_percent("uplift_percent", uplift_percent, at_most_100=False)
    check_response(assumptions, replayed=replayed, view=view)
    if uplift is not None and assumptions.responds:
        raise InputError("uplift_percent and response_percent both say how many orders the change brings: state one")
    frame, pair = as_frame(orders), (baseline, candidate)
    how: dict[str, Any] = {"opening": opening, "grants": grants, "refunds": refunds, "others": programs, "seed": seed}

    def read(who: TakeUp | None = None) -> Replays | AsGiven:
        return read_history(pair, frame, assumptions=assumptions, replayed=replayed, view=view, take_up=who, **how)

    return compare_read(
        pair, frame, read, assumptions=assumptions, by=by, floor_percent=floor_percent, resamples=resamples, seed=seed,
        replayed=replayed, view=view, uplift=uplift,
    )  # fmt: skip


def compare_read(
    pair: tuple[Program, Program],
    frame: pd.DataFrame,
    read: Callable[..., Replays | AsGiven],
    *,
    assumptions: Assumptions,
    by: str | None = None,
    floor_percent: float | str | None = None,
    resamples: int,
    seed: int = 0,
    replayed: bool,
    view: View = "cash",
    uplift: float | None = None,
) -> Comparison:
    """Compare programs on a history that `read` reads, or has: as it is, or where others redeem."""
    baseline, candidate = pair
    # Who redeems plays its part in the sums of a replay, so others are replayed.
    elsewhere_to = other_places(assumptions, drawn=resamples > 0) if replayed else []
    step = stages(4 + len(elsewhere_to))
    history_read = read()
    step()
    played = [history_read.play(program) for program in pair]
    sides = sides_of(pair, played, view)
    summaries = [
        made.summarize(program, assumptions=assumptions, view=view, floor_percent=floor_percent)
        for program, made in zip(pair, played, strict=True)
    ]
    used = frame.iloc[played[BASELINE].rows]
    if by == "tier" and baseline.tiers and played[BASELINE].tiers is not None:
        used = used.assign(tier=played[BASELINE].tiers)  # such a ledger does not look at the column
    if resamples or "customer_id" in used:
        codes, count = customer_codes(used)
    else:
        codes, count = np.arange(len(used)), len(used)
    bases = bases_of(sides, codes, count)
    by_customer = sums_by(sides, codes, count, bases=bases)
    moved: dict[str, dict[float, Sums]] = {}
    step()
    for name, place in elsewhere_to:
        others = assumptions.who_redeems(**{name: place})
        again = read(others)
        theirs = sides_of(pair, [again.play(program) for program in pair], view)
        moved.setdefault(name, {})[place] = sums_by(theirs, codes, count, bases=bases)
        step()
    total = in_all(by_customer)
    notices = list(history_read.notices)
    if baseline == candidate:
        notices.insert(0, SAME)
    if not replayed:
        notices += _spent_twice(used, summaries)
    if by == "customer_decile":
        notices.append(DECILES_DIFFER)
    draws = None
    if resamples and count:
        draws, needed = _drawn(by_customer, moved, assumptions, resamples=resamples, seed=seed)
        notices += [short] if (short := too_skewed(needed, count)) else []
    step()
    elsewhere = {name: {place: in_all(s) for place, s in there.items()} for name, there in moved.items()}
    labels = None if by is None else labels_of(baseline, used, by)
    result = Comparison(
        baseline=summaries[BASELINE],
        candidate=summaries[CANDIDATE],
        ranges=range_table(numbers_of(total, assumptions.rates()), draws),
        probability=_probability(draws, uplift),
        tornado=tornado(
            total,
            assumptions,
            sides=2,
            moved=elsewhere,
        ),
        groups=pd.DataFrame() if labels is None else by_group(sides, labels, assumptions),
        changes=changes_of(sides, codes, count),
        below_floor=None if floor_percent is None else _below_floor(sides, used, assumptions, floor_percent),
        happened=what_happened(frame, baseline),
        replayed=replayed,
        notices=tuple(notices),
        currency=baseline.currency,
        assumed_uplift_percent=uplift,
        basis=Basis(baseline, candidate, assumptions, frame, _discounts(played[CANDIDATE])),
        _answer=MarginDifference(total, elsewhere, assumptions),
    )
    step()
    return result


def _discounts(played: Played) -> pd.DataFrame:
    return pd.DataFrame({"cart_amount": played.sales.cart, "discount": played.sales.discount}, copy=False)


def _spent_twice(orders: pd.DataFrame, summaries: Sequence[Summary]) -> list[str]:
    """Say how often points are spent where each order is worked out by itself."""
    if "customer_id" not in orders or (customers := pd.Series(id_keys(orders["customer_id"]))).is_unique:
        return []
    balances = pd.to_numeric(orders["points_balance"], errors="coerce").astype(np.float64)
    there = balances.clip(lower=0).groupby(customers.to_numpy(), dropna=False).max().sum()
    times = summaries[BASELINE].points_redeemed / there if there else 0.0
    if times <= 1:
        return []
    return [
        f"Each order by itself: together they spend {times:,.1f} times the most points that their customers ever had "
        "at once. Replayed, points are spent once."
    ]


def _probability(draws: dict[str, Any] | None, uplift: float | None) -> float | None:
    """Only where something is assumed to be gained: every meaner setting earns more where nobody reacts."""
    if draws is not None and (answered := draws.get("incremental_margin_with_response")) is not None:
        return float(np.mean(answered > 0))
    if draws is None or uplift is None:
        return None
    return float(np.mean(draws["candidate.margin"] * (1 + uplift / 100) > draws["baseline.margin"]))


def _drawn(
    by_customer: Sums, moved: dict[str, dict[float, Sums]], assumptions: Assumptions, *, resamples: int, seed: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """Headline numbers of each draw of customers and assumptions, given each customer's sums by who redeems."""
    rates = assumptions.draws(resamples, seed=seed)

    def draw(at_likely: Sums) -> dict[str, Any]:
        there = []
        for name in set(moved) & set(assumptions.uncertain):
            drawn = np.asarray(getattr(rates, name.removesuffix("_percent"))) * 100
            others = {place: resample(sums, resamples=resamples, seed=seed) for place, sums in moved[name].items()}
            if others and drawn.ndim:
                there.append(between({likely_of(assumptions, name): at_likely, **others}, drawn))
        return numbers_of(together(at_likely, there) if there else at_likely, rates)

    return corrected_draws(by_customer, numbers_of, assumptions.rates(), draw=draw, resamples=resamples, seed=seed)


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
