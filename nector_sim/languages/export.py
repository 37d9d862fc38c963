"""``export``: one program as one self-contained calculator in another language."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from nector_sim.errors import InputError, Problem
from nector_sim.languages.javascript import print_javascript, print_typescript
from nector_sim.languages.php import print_php
from nector_sim.languages.python import print_python
from nector_sim.languages.sql import print_sql
from nector_sim.languages.workbook import workbook
from nector_sim.places import on_this_machine
from nector_sim.rules.program import ProgramLike, as_program

Language = Literal["sql", "javascript", "typescript", "python", "php", "xlsx"]
#: What prints each language, and the options that it has.
LANGUAGES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "sql": (print_sql, ("dialect", "table", "keep", "money", "leave_out")),
    "javascript": (print_javascript, ("leave_out",)),
    "typescript": (print_typescript, ("leave_out",)),
    "python": (print_python, ("leave_out",)),
    "php": (print_php, ("leave_out",)),
    "xlsx": (workbook, ("leave_out",)),
}
#: What orders may be without.
OPTIONAL = ("credits", "points_requested", "tier", "ordered_at", "eligible_amount", "coupon_discount")


def export(
    program: ProgramLike,
    *,
    to: Language,
    out: str | Path | None = None,
    dialect: str | None = None,
    table: str | None = None,
    keep: Collection[str] | None = None,
    money: Literal["major", "minor"] | None = None,
    leave_out: Collection[str] | None = None,
) -> str | bytes:
    """Write a program as one self-contained calculator in another language.

    The steps of the rules become one tree of expressions over whole numbers, with the program's own numbers put in
    and without what the program does not use; each language prints that tree. What a language cannot carry exactly is
    refused.

    Parameters
    ----------
    program : Program
    to : {"sql", "javascript", "typescript", "python", "php", "xlsx"}
        SQL is one SELECT over a table of orders; JavaScript, TypeScript, Python and PHP are one file each with
        ``quote`` (major units) and ``redeem`` (whole minor units); xlsx is a workbook with live formulas for typed
        orders.
    out : path, optional
        Also write it to this file.
    dialect : str, optional
        For SQL: ``duckdb`` (the default), ``postgres``, ``sqlite``, ``spark``, ``databricks``, ``bigquery``,
        ``snowflake``, ``redshift`` or ``mysql``.
    table : str, optional
        For SQL: the orders; left out, ``orders``.
    keep : collection of str, optional
        For SQL: columns to keep beside the results; left out, ``order_id``.
    money : {"major", "minor"}, optional
        For SQL: the unit of the table's amounts; left out, major units.
    leave_out : collection of str, optional
        What orders never have, of ``credits``, ``points_requested``, ``tier``, ``ordered_at``, ``eligible_amount``
        and ``coupon_discount``.

    Returns
    -------
    str or bytes
        The text, or the workbook.

    Raises
    ------
    ProgramError
        Naming every field that cannot be carried.
    InputError
        For an option that the language does not have, or a file that cannot be written.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> calculator = {}
    >>> exec(export(program, to="python"), calculator)
    >>> answer = calculator["quote"](cart_amount="749.95", points_balance=5000)
    >>> answer["points_redeemed"], answer["payable"], answer["limited_by"]
    (649, Decimal('100.95'), 'min_payable')
    """
    if to not in LANGUAGES:
        raise InputError(f"{to!r} is no language to export to; it is one of {', '.join(LANGUAGES)}")
    write, takes = LANGUAGES[to]
    options = {"dialect": dialect, "table": table, "keep": keep, "money": money, "leave_out": leave_out}
    given = {name: value for name, value in options.items() if value is not None}
    problems = [Problem(name, f"is not an option of {to}; leave it out") for name in given if name not in takes]
    problems += [
        Problem("leave_out", f"orders cannot do without {name!r}; they can without {', '.join(OPTIONAL)}")
        for name in leave_out or ()
        if name not in OPTIONAL
    ]
    if problems:
        raise InputError("the program cannot be exported so:", problems)
    written: str | bytes = write(as_program(program), **given)
    if out is not None:
        place = on_this_machine(out, "write the calculator here, and copy it there")
        try:
            place.write_bytes(written if isinstance(written, bytes) else written.encode())
        except OSError as error:
            raise InputError(f"{out} cannot be written: {error.strerror or error}") from None
    return written
