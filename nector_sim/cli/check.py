"""``check``: whether a program, or a file of orders or of balances, is fit to be used."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.errors import InputError
from nector_sim.results import count

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.orders.propose import Proposal


def check(
    ctx: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            help="A program (TOML, JSON); or orders: CSV, Excel, Parquet or JSON files, packed or not, a folder or a "
            "pattern, as one shop; or a file of balances; or URLs of them."
        ),
    ],
    program: Annotated[
        options.File | None,
        typer.Option(
            "--program", "-p", help="Program, for its currency, time zone and points label.", parser=options.File
        ),
    ] = None,
    currency: options.Currency = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="Zone of times that name none, e.g. Asia/Kolkata (default: the program's)."),
    ] = None,
    format: options.Format = None,
    mapping: options.MappingFile = None,
    rows: options.RowsOption = None,
    points_code: options.PointsCode = None,
    points_split: options.PointsSplit = None,
    shipping: options.Shipping = None,
    not_redeemable: options.NotRedeemable = None,
    not_earning: options.NotEarning = None,
    balances: options.Balances = None,
    dates: options.Dates = None,
    numbers: options.Numbers = None,
    rounding: options.RoundingOption = None,
    keep_status: options.KeepStatus = None,
    sheet: options.SheetName = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    key_file: options.KeyFile = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="List the columns and propose a mapping; with --out, save it.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Where to write the orders as one table: .csv, .parquet or .xlsx; or a mapping.",
            parser=options.here,
        ),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", help="Where to write the rows that cannot be used.", parser=options.here),
    ] = None,
) -> None:
    """Check a program or orders: what is wrong, odd, or was assumed.

    Orders may be as a shop exports them; --out makes a plain table of them, which every other command takes, with
    nobody's name, address, phone or e-mail in it. Where a file is of no known export, --propose lists its columns and
    prints a mapping: save it, look it over, and give it with --mapping.

    A mapping has [columns] (our column = "theirs") and these keys: rows, cart, cart_words, currency, timezone, dates,
    numbers, rounding, shipping, encoding, header_row, sheet, points_code, points_split, keep_status, [statuses],
    not_redeemable, not_earning, order_id_pattern, refund_rows, coupon_rows, notes, name, format, signs, needed.

    Example: nector-sim check program.toml

    Example: nector-sim check program.toml --balances balances.csv

    Example: nector-sim check orders_export.csv --points-code 'NECTOR-*' --out orders.parquet --rejects rejects.csv

    Example: nector-sim check sales.csv --propose --out columns.toml
    """
    from nector_sim.places import fetched

    files = [str(ctx.with_resource(fetched(one))) if "://" in one else one for one in files]
    file = Path(files[0])
    if len(files) == 1 and not propose and _is_program(file):
        raise typer.Exit(1 if _check_program(file, balances) else 0)
    import nector_sim as ns
    from nector_sim.batch.files import apart

    sources: Any = files[0] if len(files) == 1 else files
    apart((out, rejects), (*files, balances, mapping, key_file, program))
    opened = {"sheet": sheet, "encoding": encoding, "header_row": header_row}
    if propose:
        _propose(sources, out, opened)
        raise typer.Exit(0)
    if len(files) == 1 and format is None and _is_balances(file, mapping, opened):
        raise typer.Exit(_check_balances(file, mapping, currency, numbers, key_file, out))
    model = ns.load_program(program) if program else None
    report = ns.inspect_orders(
        sources,
        currency=currency or (model.currency if model else None),
        timezone=timezone or (model.timezone if model else None),
        format=format,
        mapping=mapping,
        rows=rows,
        points_code=points_code,
        points_split=points_split,
        shipping=shipping,
        not_redeemable=not_redeemable or (),
        not_earning=not_earning or (),
        balances=options.balances_of(balances),
        dates=dates,
        numbers=numbers,
        rounding=rounding,
        keep_status=keep_status or (),
        sheet=sheet,
        encoding=encoding,
        header_row=header_row,
        key_file=key_file,
    )
    typer.echo(str(report))
    if out is not None:
        _write(_with_currency(report), out)
    if rejects is not None and len(report.rejects):
        _write(report.rejects, rejects)
    raise typer.Exit(1 if len(report.rejects) or not len(report.orders) else 0)


def _with_currency(report: Any) -> pd.DataFrame:
    """The orders with the column ``currency``, where it is known: files of text have no other place for it."""
    orders: pd.DataFrame = report.orders
    if not report.currency_is_known:
        return orders
    orders = orders.assign(currency=report.currency)
    orders.attrs = dict(report.orders.attrs)
    return orders


def _write(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa

    from nector_sim.batch.files import write_table

    if path.suffix.lower() == ".xlsx":  # which has no time zones, so that a time without its own would be another
        times = frame.select_dtypes("datetimetz").columns
        frame = frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%d %H:%M:%S%z") for name in times})
    write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


def _is_program(file: Path) -> bool:
    """Whether a file is a program: any TOML, and JSON that holds no orders."""
    suffix = file.suffix.lower()
    if suffix != ".json" or not file.is_file():
        return suffix in (".toml", ".json")
    from nector_sim.frames.json_files import holds_orders

    with file.open("rb") as opened:
        return not holds_orders(opened.read(1 << 20))


def _check_program(file: Path, balances: str | None) -> int:
    import nector_sim as ns

    program = ns.load_program(file)
    largest = None
    if balances is not None:
        told = options.balances_of(balances)
        largest = told if isinstance(told, int) else int(ns.read_balances(told)["points"].max())
    findings = ns.review(program, largest_balance=largest)
    for finding in findings:
        typer.echo(f"  {finding}")
    things = count(len(findings), "thing")
    typer.echo(f"{file} can be used" + (f"; {things} to look at." if findings else "."))
    return len(findings)


def _propose(sources: Any, out: Path | None, opened: dict[str, Any]) -> None:
    import nector_sim as ns

    if out is not None and out.suffix.lower() != ".toml":
        raise InputError(f"{out}: a mapping is a TOML file; name one that ends in .toml")
    proposal = ns.propose_mapping(sources, **opened)
    typer.echo(str(proposal))
    if sys.stdin.isatty():
        proposal = _asked(proposal)
    if out is not None:
        out.write_text(proposal.toml(), encoding="utf-8")
        typer.echo(f"saved: {out}")


def _asked(proposal: Proposal) -> Proposal:
    """The proposal with what a person at the terminal answers; Enter leaves a question open."""
    if proposal.questions:
        typer.echo("\nWhat is open; press Enter to leave it so")
    for question in proposal.questions:
        while True:
            choices = f" ({', '.join(question.choices)})" if question.choices else ""
            answer = typer.prompt(f"{question.text}{choices}", default="", show_default=False).strip()
            try:
                proposal = proposal.answered({question.key: answer}) if answer else proposal
            except InputError as error:
                typer.echo(str(error))
                continue
            break
    typer.echo("\n" + proposal.toml())
    return proposal


def _is_balances(file: Path, mapping: str | None, opened: dict[str, Any]) -> bool:
    """Whether a file, or its mapping, is of customers and their points."""
    from nector_sim.orders.balances import is_balances
    from nector_sim.rules.files import read_fields

    if mapping is not None:
        try:
            return "points" in read_fields(mapping, "a mapping").get("columns", {})
        except (InputError, AttributeError):
            return False  # which the reader of mappings says
    if not file.is_file():
        return False
    from nector_sim.frames.files import open_table

    return is_balances(open_table(file, what="balances", **opened).columns)


def _check_balances(
    file: Path, mapping: str | None, currency: str | None, numbers: str | None, key_file: Path | None, out: Path | None
) -> int:
    import nector_sim as ns

    rows = ns.read_balances(file, mapping=mapping, currency=currency, numbers=numbers, key_file=key_file)
    sums = rows.groupby("customer_id")["points"].sum()
    day = rows.attrs.get("as_of")
    typer.echo(
        f"{file.name}: balances of {count(len(sums), 'customer')} in {count(len(rows), 'row')}, "
        f"{count(int(sums.sum()), 'point')} in all"
    )
    typer.echo(
        f"  of {day}, {rows.attrs['as_of_is']}" if day else f"  {rows.attrs['as_of_is']}; state it (--balances-at)"
    )
    below = int((sums < 0).sum())
    if below:
        typer.echo(f"  negative, which redeems nothing: {below:,}")
    typer.echo(f"Next\n  nector-sim check orders.csv --balances {file}")
    if out is not None:
        _write(rows, out)
    return 0 if len(rows) else 1
