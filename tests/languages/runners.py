"""Programs of other languages that run exported calculators, many in one process, and what each gives."""

import importlib.util
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from nector_sim.calculator.exact import Law
from nector_sim.languages.export import export
from nector_sim.languages.law import calculator_of
from nector_sim.languages.workbook import BOUNDS, workbook
from nector_sim.parity.answers import order_fields
from nector_sim.parity.generate import generate
from nector_sim.rules.program import Program

#: What is compared, in this order; money in minor units.
FIELDS = ("offer", "points_redeemed", "discount", "payable", "limited_by", "credits_used")
COLUMNS = (
    "cart_amount",
    "points_balance",
    "credits",
    "points_requested",
    "tier",
    "ordered_at",
    "eligible_amount",
    "coupon_discount",
)


@dataclass
class Batch:
    """A program, its orders, and the text that answers them."""

    program: Program
    orders: list
    text: str | bytes = ""

    def expected(self):
        """What the exact law gives."""
        law, found = Law(self.program), []
        for order in self.orders:
            answer = law.answer(order)
            offer = "" if answer.offer is None else self.program.offer_name(answer.offer)
            found.append(
                (offer, answer.points, answer.discount, answer.payable, answer.limited_by, answer.credits_used)
            )
        return found


def batches(pairs, *, seed, orders_per_program=100):
    """Random programs with orders."""
    made = generate(pairs, seed=seed, orders_per_program=orders_per_program)
    return [Batch(program, orders) for program, orders in made]


def differences(language, made, change=lambda text: text, **options):
    """Export each program, change the text, run all of them, and give the orders on which they differ."""
    for batch in made:
        batch.text = change(export(batch.program, **language.export, **options))
    found = []
    for batch, given in zip(made, language.run(made), strict=True):
        for order, ours, theirs in zip(batch.orders, batch.expected(), given, strict=True):
            if tuple(theirs) != ours:
                found.append((batch.program, order, ours, theirs))
    return found


def micros(order):
    import datetime as dt

    since = None if order.at is None else order.at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return None if since is None else since // dt.timedelta(microseconds=1)


def whole(order):
    """An order in whole numbers, as the columns of a table."""
    return (
        *(order.cart, order.balance, order.credits, order.requested, order.tier, order.at),
        *(order.eligible, order.coupon),
    )


class Python:
    export = {"to": "python"}  # noqa: RUF012
    missing = ""

    def run(self, made):
        for batch in made:
            names = {}
            exec(batch.text, names)
            answers = [
                names["redeem"](
                    order.cart,
                    order.balance,
                    order.credits,
                    order.requested,
                    order.tier,
                    micros(order),
                    order.eligible,
                    order.coupon,
                )
                for order in batch.orders
            ]
            yield [tuple(answer[name] for name in FIELDS) for answer in answers]


class Files:
    """Files of another language beside a driver, which asks each in major units and gives amounts as text.

    So the door of each calculator is tested, too.
    """

    command = ending = driver = ""

    def named(self, text, name):
        """The text as it can stand beside the others."""
        return text

    def run(self, made):
        with tempfile.TemporaryDirectory() as place:
            asked = []
            for number, batch in enumerate(made):
                name = f"p{number}{self.ending}"
                Path(place, name).write_text(self.named(batch.text, f"p{number}"), encoding="utf-8")
                orders = [order_fields(batch.program, order) for order in batch.orders]
                asked.append({"file": f"./{name}", "orders": orders})
            text = json.dumps(
                asked, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value)
            )
            Path(place, "orders.json").write_text(text, encoding="utf-8")
            Path(place, f"driver{self.ending}").write_text(self.driver, encoding="utf-8")
            subprocess.run(
                [self.command, f"driver{self.ending}"], cwd=place, check=True, capture_output=True, text=True
            )
            answers = json.loads(Path(place, "answers.json").read_text(encoding="utf-8"))
        money = ("discount", "payable", "credits_used")
        for batch, given in zip(made, answers, strict=True):
            scale = 10**batch.program.decimals
            yield [
                tuple(int(Decimal(answer[name]) * scale) if name in money else answer[name] for name in FIELDS)
                for answer in given
            ]


class Node(Files):
    """JavaScript; TypeScript is the same file with types, which Node of version 20 does not read."""

    export = {"to": "javascript"}  # noqa: RUF012
    missing = "" if shutil.which("node") else "Node.js"
    command, ending = "node", ".mjs"
    driver = """
    import { readFileSync, writeFileSync } from "node:fs";
    const all = [];
    for (const { file, orders } of JSON.parse(readFileSync("orders.json"))) {
      const { quote } = await import(file);
      all.push(orders.map((order) => quote(order)));
    }
    writeFileSync("answers.json", JSON.stringify(all));
    """


class Php(Files):
    export = {"to": "php"}  # noqa: RUF012
    missing = "" if shutil.which("php") else "PHP"
    command, ending = "php", ".php"
    driver = """<?php
    $all = [];
    foreach (json_decode(file_get_contents('orders.json'), true) as ['file' => $file, 'orders' => $orders]) {
        $name = basename($file, '.php');
        require $file;
        $all[] = array_map(["$name", 'quote'], $orders);
    }
    file_put_contents('answers.json', json_encode($all));
    """

    def named(self, text, name):
        return text.replace("class NectorRedemption", f"class {name}")


class Database:
    """A database that is asked in SQL; amounts are minor units, and each program has a table."""

    missing = ""
    types = ("BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT", "TIMESTAMPTZ", "BIGINT", "BIGINT")

    def run(self, made):
        with self.connection() as execute:
            for number, batch in enumerate(made):
                columns = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, self.types, strict=True))
                execute(f"CREATE TABLE orders_{number} (order_id BIGINT, {columns})")
                self.fill(execute, f"orders_{number}", [(n, *self.row(order)) for n, order in enumerate(batch.orders)])
                rows = execute(batch.text.replace("FROM orders", f"FROM orders_{number}"))
                yield [
                    tuple(None if v is None else v if isinstance(v, str) else int(v) for v in row[1:])
                    for row in sorted(rows)
                ]

    def row(self, order):
        return whole(order)

    @property
    def export(self):
        return {"to": "sql", "dialect": self.dialect, "money": "minor"}


class _Session:
    """A connection as one function: a statement in, its rows out."""

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        def execute(statement, rows=None):
            cursor = self.connection.cursor()
            if rows is not None:
                cursor.executemany(statement, rows)
                return []
            cursor.execute(statement)
            return cursor.fetchall() if statement.lstrip().startswith(("--", "SELECT", "WITH")) else []

        return execute

    def __exit__(self, *_):
        self.connection.close()


class DuckDB(Database):
    dialect = "duckdb"

    def connection(self):
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        return _Session(connection)

    def fill(self, execute, table, rows):
        def literal(value):
            return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"

        execute(f"INSERT INTO {table} VALUES " + ", ".join(f"({', '.join(map(literal, row))})" for row in rows))


class SQLite(Database):
    dialect = "sqlite"

    def connection(self):
        return _Session(sqlite3.connect(":memory:"))

    def row(self, order):
        return (*whole(order)[:5], micros(order), order.eligible, order.coupon)

    def fill(self, execute, table, rows):
        execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


class Postgres(Database):
    dialect = "postgres"
    url = os.environ.get("NECTOR_SIM_TEST_POSTGRES", "").replace("+psycopg", "")
    missing = "" if url else "PostgreSQL (NECTOR_SIM_TEST_POSTGRES)"
    types = ("BIGINT", "BIGINT", "BIGINT", "BIGINT", "TEXT", "TIMESTAMPTZ", "BIGINT", "BIGINT")

    def connection(self):
        import psycopg

        connection = psycopg.connect(self.url)
        # Nothing is committed, so nothing is left behind.
        connection.execute("SET TIME ZONE 'America/New_York'")
        return _Session(connection)

    def fill(self, execute, table, rows):
        execute(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


class Spark(Database):
    dialect = "spark"
    missing = "" if shutil.which("java") and importlib.util.find_spec("pyspark") else "Spark (pyspark and Java)"

    def run(self, made):
        from pyspark.sql import SparkSession

        # One session for all tests: it takes most of the time to start.
        session = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "America/New_York")
            .getOrCreate()
        )
        kinds = "order_id long, cart_amount long, points_balance long, credits long, points_requested long"
        for batch in made:
            rows = [(n, *whole(order)) for n, order in enumerate(batch.orders)]
            frame = session.createDataFrame(
                rows, f"{kinds}, tier string, ordered_at timestamp, eligible_amount long, coupon_discount long"
            )
            frame.createOrReplaceTempView("orders")
            yield [tuple(row[1:]) for row in sorted(map(tuple, session.sql(batch.text).collect()))]


class LibreOffice:
    missing = "" if shutil.which("soffice") else "LibreOffice"
    #: Compute every formula when a file is opened, instead of what the file says that they gave.
    SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
    <oor:items xmlns:oor="http://openoffice.org/2001/registry">
    <item oor:path="/org.openoffice.Office.Calc/Formula/Load">
    <prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""

    def run(self, made):
        for batch, book in zip(made, self.computed([batch.text for batch in made]), strict=True):
            heads, *rows = book["Orders"].iter_rows(values_only=True)
            rows = [dict(zip(heads, row, strict=True)) for row in rows[: len(batch.orders)]]
            yield [self.read(row, 10**batch.program.decimals) for row in rows]

    def computed(self, books):
        """Workbooks with every formula computed."""
        import openpyxl

        with tempfile.TemporaryDirectory() as place:
            user = Path(place, "profile/user")
            user.mkdir(parents=True)
            Path(user, "registrymodifications.xcu").write_text(self.SETTINGS, encoding="utf-8")
            names = [f"p{number}.xlsx" for number in range(len(books))]
            for name, book in zip(names, books, strict=True):
                Path(place, name).write_bytes(book)
            profile = f"-env:UserInstallation=file://{place}/profile"
            convert = ["--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", f"{place}/out"]
            subprocess.run(["soffice", profile, *convert, *names], cwd=place, check=True, capture_output=True)
            for name in names:
                yield openpyxl.load_workbook(Path(place, "out", name), data_only=True)

    def read(self, row, scale):
        # A blank result is an order that the sheet does not compute; it differs from every answer.
        money = [
            None if row[name] is None else round(row[name] * scale, 6)
            for name in ("Discount", "Payable", "Credits used")
        ]
        return row["Offer"] or "", row["Points"], money[0], money[1], row["Limited by"], money[2]

    def differences(self, made):
        """As for the others; a workbook holds its orders, so they are written into it."""
        return self.all_differences(made, [lambda formulas: formulas])[0]

    @staticmethod
    def mutant(formulas):
        """One small mistake in the formulas."""
        return formulas.replace("&lt;=", "&lt;")

    def all_differences(self, made, changes):
        """The differences under each change of the formulas; LibreOffice, slow to start, is started once."""
        books = []
        for batch in made:
            scale = 10**batch.program.decimals
            # A sheet has a column for what its program reads, and for nothing else.
            typed = [one.name for one in calculator_of(batch.program, bounds=BOUNDS, settings=[]).inputs]
            rows = [
                [
                    value / scale if name in ("cart", "credits", "eligible", "coupon") and value is not None else value
                    for name in typed
                    for value in [getattr(order, name)]
                ]
                for order in batch.orders
            ]
            books.append(workbook(batch.program, orders=rows))
        every = [
            Batch(batch.program, batch.orders, _changed(book, change))
            for change in changes
            for batch, book in zip(made, books, strict=True)
        ]
        differ = [
            [
                (batch.program, order, ours, theirs)
                for order, ours, theirs in zip(batch.orders, batch.expected(), answers, strict=True)
                if ours != theirs
            ]
            for batch, answers in zip(every, self.run(every), strict=True)
        ]
        parts = (differ[start : start + len(made)] for start in range(0, len(every), len(made)))
        return [[one for batch in of_one for one in batch] for of_one in parts]

    def batches(self, programs, *, seed, orders=200):
        """Random programs that a sheet carries, with orders that it reads."""
        from dataclasses import replace

        from nector_sim.errors import ProgramError

        made = []
        for program, some in generate(100_000, seed=seed, orders_per_program=2 * orders):
            read = [
                replace(order, at=None)
                for order in some
                if max(order.cart, order.credits, order.coupon) <= BOUNDS.money
                and max(order.balance, order.requested or 0) <= BOUNDS.points
            ]
            try:
                workbook(program, orders=())
            except ProgramError:
                continue
            made.append(Batch(program, read[:orders]))
            if len(made) == programs:
                return made
        raise AssertionError("too few programs fit into a sheet")


def _changed(data, change):
    """A workbook whose formulas are changed."""
    old, new = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(new, "w") as book:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = change(content.decode()).encode()
            book.writestr(name, content)
    return new.getvalue()


LANGUAGES = {
    "python": Python(),
    "javascript": Node(),
    "php": Php(),
    "duckdb": DuckDB(),
    "sqlite": SQLite(),
    "postgres": Postgres(),
    "spark": Spark(),
}
SHEET = LibreOffice()
#: One small mistake in each printed form.
MUTANTS = {
    "python": ("'requested' if", "'balance' if"),
    "javascript": ('? "requested"', '? "balance"'),
    "php": ("? 'requested'", "? 'balance'"),
    "duckdb": (">= ", "> "),
    "sqlite": ("THEN 'requested'", "THEN 'balance'"),
    "postgres": ("THEN 'requested'", "THEN 'cart'"),
    "spark": ("<= ", "< "),
}


def missing():
    """What is not on this machine, in words."""
    return [language.missing for language in (*LANGUAGES.values(), SHEET) if language.missing]
