"""``compare``: two programs on a file of orders."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.cli.options import AssumptionsFile, FloorPercent, usable_orders
from nector_sim.urls import masked

if TYPE_CHECKING:
    from rich.table import Table

    from nector_sim import Comparison

#: Rows of the table: what is shown, its name in the ranges, and how it is written.
_ROWS = (
    ("discount", "discount", "money"),
    ("discount, of the carts", "discount_rate", "share"),
    ("orders that can redeem", "share_could_redeem", "share"),
    ("cost of the program", "cost_of_program", "money"),
    ("margin", "margin", "money"),
    ("break-even against no points: more orders, %", "break_even_uplift", "uplift"),
)


def compare(
    orders: Annotated[options.File, typer.Argument(help="Orders, CSV or Parquet.", parser=options.File)],
    baseline: options.Baseline,
    candidate: options.Candidate,
    assumptions: AssumptionsFile,
    by: Annotated[
        str | None, typer.Option("--by", help="month, cart_band, customer_decile, tier, or a column of the orders.")
    ] = None,
    program: Annotated[
        list[options.File] | None,
        typer.Option("--program", "-p", help="Earlier program with its valid_from (repeatable).", parser=options.File),
    ] = None,
    as_given: options.AsGiven = False,
    replayed: options.OldReplayed = False,
    opening: options.OpeningFile = None,
    balances_at: options.BalancesAt = None,
    grants: options.GrantsFile = None,
    refunds: options.RefundsFile = None,
    floor_percent: FloorPercent = None,
    resamples: Annotated[
        int, typer.Option("--resamples", help="Resamples of customers for the ranges; 0: no ranges.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same ranges.")] = 0,
    uplift_percent: Annotated[
        str | None, typer.Option("--uplift-percent", help="Extra orders in 100 that the proposal is assumed to bring.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write the report to show to others: .html, .pdf or .xlsx.", parser=options.here),
    ] = None,
) -> None:
    """Compare two programs on the same orders.

    Both, their difference, who gains and who loses, and how certain that is.

    Example: nector-sim compare orders.csv --baseline today.toml --candidate new.toml --assumptions assumptions.toml
    """
    import nector_sim as ns
    from nector_sim.cli.show import say, show
    from nector_sim.economics.assumptions import named_percent
    from nector_sim.results import count

    if report is not None:
        from nector_sim.report.contents import check_ending

        check_ending(report)
    today, proposal = ns.load_program(baseline), ns.load_program(candidate)
    others = [ns.load_program(file) for file in program or ()]
    good, rejected = usable_orders(orders, today, replayed=not as_given)
    history = options.history_of(
        good,
        [*others, today],
        as_given=as_given,
        old_replayed=replayed,
        opening=opening,
        balances_at=balances_at,
        grants=grants,
        refunds=refunds,
    )
    result = ns.compare(
        today,
        proposal,
        good,
        assumptions=ns.load_assumptions(assumptions),
        by=by,
        programs=others,
        floor_percent=floor_percent,
        resamples=resamples,
        seed=seed,
        uplift_percent=uplift_percent,
        **history,
    )
    say(f"{count(result.baseline.orders, 'order')}, {result.baseline.view} view; {result.how}")
    if result.baseline.orders_left_out:
        say(f"{result.baseline.orders_left_out:,} others were never paid and are left out")
    say(result.text())
    show(_totals(result))
    if len(result.groups):
        show(_groups(result, str(by)))
    if floor_percent is not None:
        floor = f"{named_percent('--floor-percent', floor_percent):g}"
        before, after = result.baseline.orders_below_floor, result.candidate.orders_below_floor
        say(f"orders that earn less than {floor} % of their net sales: {before:,} today, {after:,} proposed")
    if report is not None:
        rests = [f"{count(rejected, 'order')} of the file cannot be used."] if rejected else []
        written = ns.make_report(result, label=masked(orders).rpartition("/")[2], rests=rests).save(report)
        say(f"written: {written}")
    if rejected:
        say(f"{count(rejected, 'order')} rejected; to see why: nector-sim check {masked(orders)} --program {baseline}")
    if not result.baseline.orders:
        say("nothing was compared: there are no orders")
    raise typer.Exit(1 if rejected or not result.baseline.orders else 0)


def _totals(result: Comparison) -> Table:
    from nector_sim.cli.show import table

    ranged = "low" in result.ranges
    columns = ["", "today", "proposed", "difference", *(["5th percentile", "95th percentile"] if ranged else []), ""]
    shown = table("In total (percentiles of the proposal)" if ranged else "In total", columns)
    for label, name, kind in _ROWS:
        numbers: list[Any] = [result.ranges.at[f"{side}.{name}", "value"] for side in ("baseline", "candidate")]
        numbers.append(numbers[1] - numbers[0])
        if ranged:
            numbers += [result.ranges.at[f"candidate.{name}", end] for end in ("low", "high")]
        shown.add_row(label, *(_written(number, kind, result.currency) for number in numbers), "")
    return shown


def _groups(result: Comparison, by: str) -> Table:
    from nector_sim.cli.show import table

    shown = table(
        f"By {by}", [by, "orders", "discount today", "proposed", "margin today", "proposed", "difference", ""]
    )
    for row in result.groups.to_dict("records"):
        names = ("baseline_discount", "candidate_discount", "baseline_margin", "candidate_margin", "margin_difference")
        money = [_written(row[name], "money", result.currency) for name in names]
        shown.add_row(str(row["group"]), f"{row['orders']:,}", *money, "")
    return shown


def _written(number: Any, kind: str, currency: str) -> str:
    from nector_sim.rules.money import money_text

    if number != number:  # NaN is `never`
        return "never"
    if kind == "share":
        return f"{number:.2%}".replace("-", "−")
    if kind == "uplift":
        return f"{number * 100:.1f}".replace("-", "−")
    return ("−" if round(number) < 0 else "") + money_text(Decimal(round(abs(number))), currency)
