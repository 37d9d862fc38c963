"""The tree as one SELECT without state: layers of expressions, each of which names only those below it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from nector_sim.errors import InputError
from nector_sim.languages.dialects import DIALECTS, SqlDialect
from nector_sim.languages.law import calculator_of
from nector_sim.languages.printing import RESULTS, Grammar, heading, refuse, refuse_beyond_64_bits
from nector_sim.languages.tree import Calculator, Constant, Input, Let, Node, leaves
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, from_minor
from nector_sim.rules.program import Program

Money = Literal["major", "minor"]
#: The columns of orders, by what the tree calls them.
COLUMNS = {
    "cart": "cart_amount",
    "balance": "points_balance",
    "credits": "credits",
    "requested": "points_requested",
    "tier": "tier",
    "at": "ordered_at",
    "eligible": "eligible_amount",
    "coupon": "coupon_discount",
}
#: Inputs that are blank as NULL and then 0.
_OR_NOTHING = ("credits", "coupon")
#: Names of inputs that are words of SQL.
_RENAMED = {"at": "at_micros"}


def print_sql(
    program: Program,
    *,
    dialect: str = "duckdb",
    table: str = "orders",
    keep: Collection[str] = ("order_id",),
    money: Money = "major",
    leave_out: Collection[str] = (),
) -> str:
    """Write the program as one SELECT over a table of orders."""
    if dialect not in DIALECTS:
        raise InputError(f"{dialect!r} is no dialect; it is one of {', '.join(DIALECTS)}")
    if money not in ("major", "minor"):
        raise InputError(f"the unit of money is major or minor, not {money!r}")
    for name in keep:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise InputError(f"{name!r} cannot be kept: a column's name has letters, digits and _; rename it in a view")
    calculator = calculator_of(program, leave_out=leave_out)
    refuse_beyond_64_bits(calculator)
    taken = {name.lower() for name in (*RESULTS, "usable", *(let.name for let in calculator.lets))}
    if clash := [name for name in keep if name.lower() in taken]:
        raise InputError(f"{', '.join(clash)} cannot be kept, since the SELECT makes a column of that name; rename it")
    return _Printer(program, calculator, DIALECTS[dialect], table, list(keep), money).text(dialect)


class _Printer:
    """One SELECT in one dialect."""

    def __init__(
        self, program: Program, calculator: Calculator, dialect: SqlDialect, table: str, keep: list[str], money: Money
    ) -> None:
        self.program, self.calculator, self.dialect = program, calculator, dialect
        self.table, self.keep, self.money = table, keep, money
        self.decimals = program.decimals if money == "major" else 0
        self.grammar = Grammar(
            between={op: op for op in ("+", "-", "*", "<", "<=")} | {"==": "=", "and": "AND", "or": "OR"},
            calls={
                "//": lambda parts: dialect.divide.format(*parts),
                "min": lambda parts: f"{dialect.least}({', '.join(parts)})",
                "max": lambda parts: f"{dialect.greatest}({', '.join(parts)})",
                "if": _case,
                "blank": lambda parts: f"({parts[0]} IS NULL)",
                "among": self.among,
            },
            constant=self.constant,
            name=lambda node: _RENAMED.get(node.name, node.name),
        )

    def constant(self, node: Constant) -> str:
        """A number, a truth or a text."""
        if isinstance(node.value, bool):
            return "TRUE" if node.value else "FALSE"
        if isinstance(node.value, int):
            return str(node.value)
        if not node.value.isprintable():
            raise refuse(f"{node.value!r} holds characters that SQL texts do not carry; rename it", "offers")
        if self.dialect.backslash:
            return "'" + node.value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + node.value.replace("'", "''") + "'"

    def among(self, parts: list[str]) -> str:
        """A text that is one of some, byte for byte; a blank one is none."""
        names = ", ".join(self.dialect.literal.format(part) for part in parts[1:])
        return f"({parts[0]} IS NOT NULL AND {self.dialect.exactly.format(parts[0])} IN ({names}))"

    def text(self, name: str) -> str:
        """The whole statement."""
        how = (
            "It is run by nector-sim's tests."
            if self.dialect.runs
            else "nector-sim's tests read it, and do not run it."
        )
        lines = [f"-- {line}" for line in heading(self.program, f"Dialect: {name}. {how}").splitlines()]
        lines += [f"-- Columns of {plain_table(self.table)}: {self.columns()}."]
        lines += [
            "-- A row that cannot be used (a blank or negative cart, an amount finer than the currency) has no results."
        ]
        carried, layers = self.carried(), self.layers()
        lines += ["WITH", *self.inputs(carried[0])]
        for number, lets in enumerate(layers, 1):
            lines += [f"), layer_{number} {self.dialect.layer} ("]
            lines += self.layer(carried[number], lets, f"layer_{number - 1}")
        lines += [")", *self.final(f"layer_{len(layers)}")]
        return "\n".join(lines) + "\n"

    def columns(self) -> str:
        """What the table must have, in words."""
        unit = f"in {self.program.currency}" if self.money == "major" else "in minor units"
        words = {"cart": unit, "credits": f"{unit}, or NULL", "requested": "or NULL", "tier": "or NULL"}
        words |= {"eligible": f"{unit}, or NULL", "coupon": f"{unit}, or NULL"}
        words["at"] = f"{self.dialect.of_time}, or NULL"
        named = [
            COLUMNS[one.name] + (f" ({words[one.name]})" if one.name in words else "") for one in self.calculator.inputs
        ]
        return ", ".join([*self.keep, *named])

    # Layers.

    def layers(self) -> list[list[Let]]:
        """Named expressions by how many layers lie below them."""
        level: dict[str, int] = {}
        for one in self.calculator.lets:
            level[one.name] = 1 + max((level.get(leaf.name, 0) for leaf in leaves(one.value)), default=0)
        return [
            [one for one in self.calculator.lets if level[one.name] == number]
            for number in range(1, max(level.values(), default=0) + 1)
        ]

    def carried(self) -> list[list[str]]:
        """For each layer, the columns of the layers below that are still needed above it."""
        layers = self.layers()
        needed = {leaf.name for node in self.calculator.results.values() for leaf in leaves(node)}
        above = [needed]
        for lets in layers[::-1]:
            needed = needed | {leaf.name for one in lets for leaf in leaves(one.value)}
            above.append(needed)
        above.reverse()
        names = [one.name for one in self.calculator.inputs]
        found = [[name for name in names if name in above[0]]]
        for number, lets in enumerate(layers, 1):
            found.append([name for name in names if name in above[number]])
            names = names + [one.name for one in lets]
        return found

    def layer(self, carried: list[str], lets: list[Let], below: str) -> list[str]:
        """One layer's SELECT."""
        columns = [*self.keep, "usable", *(_RENAMED.get(name, name) for name in carried)]
        lines = [f"  SELECT {', '.join(columns)},"]
        for one in lets:
            text = self.grammar.write(one.value)
            if one.value.kind == "whole" and "CASE" in text:
                text = f"CAST({text} AS {self.dialect.whole})"
            note = f" -- {one.note}" if one.note else ""
            lines.append(f"    {text} AS {one.name}{',' if one is not lets[-1] else ''}{note}")
        return [*lines, f"  FROM {below} {self.dialect.fence}".rstrip()]

    # The door: columns of any number type in, whole numbers out.

    def inputs(self, carried: list[str]) -> list[str]:
        """Two layers: which rows can be used, then the whole numbers of those."""
        given = {one.name: one for one in self.calculator.inputs}
        raw = [COLUMNS[name] for name in given]
        tests = [self.usable(one) for one in given.values() if one.kind == "whole" and one.name != "at"]
        read = [f"checked {self.dialect.layer} (", f"  SELECT {', '.join(dict.fromkeys([*self.keep, *raw]))},"]
        read += ["    " + "\n    AND ".join(tests) + " AS usable", f"  FROM {self.table} {self.dialect.fence}".rstrip()]
        columns = [f"{self.whole(given[name])} AS {_RENAMED.get(name, name)}" for name in carried]
        rows = ",\n    ".join([f"{', '.join([*self.keep, 'usable'])}", *columns])
        return [
            *read,
            f"), layer_0 {self.dialect.layer} (",
            f"  SELECT {rows}",
            f"  FROM checked {self.dialect.fence}".rstrip(),
        ]

    @property
    def is_sqlite(self) -> bool:
        """Whether columns may hold values of any type."""
        return self.dialect.whole == "INTEGER"

    def usable(self, given: Input) -> str:
        """Whether a column's value can be used."""
        column = COLUMNS[given.name]
        if given.name in ("balance", "requested"):
            test = f"{column} <= {MAX_POINTS}"
        else:
            most = from_minor(MAX_MINOR, self.decimals)
            exact = f"CASE WHEN {column} >= 0 AND {column} <= {most:f} THEN {self.is_exact(column)} ELSE FALSE END"
            test = exact
        if given.name == "eligible":
            test = f"({test} AND {column} <= {COLUMNS['cart']})"
        if self.is_sqlite:
            test = f"(typeof({column}) IN ('integer', 'real') AND {test})"
        return (
            f"({column} IS NULL OR {test})"
            if given.optional or given.name in _OR_NOTHING
            else f"({column} IS NOT NULL AND {test})"
        )

    def is_exact(self, column: str) -> str:
        """Whether an amount is whole in minor units."""
        if self.is_sqlite:
            return f"ABS({column} - ROUND({column} * 1e{self.decimals}) / 1e{self.decimals}) <= 0.000001"
        scaled = f"{self.dialect.decimal.format(column)} * {10**self.decimals}"
        return f"{scaled} = ROUND({scaled})"

    def whole(self, given: Input) -> str:
        """A column's value as the tree takes it; 0 where the row cannot be used."""
        column, dialect = COLUMNS[given.name], self.dialect
        if given.name == "tier":
            return column
        if given.name == "at":
            return dialect.micros.format(column)
        if given.name in ("balance", "requested"):
            floor = column if self.is_sqlite else f"FLOOR({column})"
            value = f"WHEN {column} <= 0 THEN 0 ELSE CAST({floor} AS {dialect.whole})"
            blank = f"WHEN {column} IS NULL THEN NULL " if given.optional else ""
            return f"CASE WHEN NOT usable THEN 0 {blank}{value} END"
        if self.is_sqlite:
            value = f"CAST(ROUND({column} * 1e{self.decimals}) AS INTEGER)"
        else:
            value = f"CAST(ROUND({dialect.decimal.format(column)} * {10**self.decimals}) AS {dialect.whole})"
        if given.optional:
            return f"CASE WHEN NOT usable THEN 0 WHEN {column} IS NULL THEN NULL ELSE {value} END"
        blank = f"OR {column} IS NULL " if given.name in _OR_NOTHING else ""
        return f"CASE WHEN NOT usable {blank}THEN 0 ELSE {value} END"

    def final(self, below: str) -> list[str]:
        """The results, in the unit that was asked for."""
        columns = [f"  {name}" for name in self.keep]
        for name in RESULTS:
            columns.append(f"  CASE WHEN usable THEN {self.shown(name, self.calculator.results[name])} END AS {name}")
        return ["SELECT", ",\n".join(columns), f"FROM {below}"]

    def shown(self, name: str, node: Node) -> str:
        """A result as it is given."""
        text = self.grammar.write(node)
        if self.money == "minor" or name in ("offer", "limited_by", "points_redeemed"):
            return text
        if self.is_sqlite:
            return f"{text} / 1e{self.decimals}"
        value = self.dialect.major.format(text, f"{from_minor(1, self.decimals):f}")
        return f"CAST({value} AS {self.dialect.amount.format(self.decimals)})"


def _case(parts: list[str]) -> str:
    branches = zip(parts[:-1:2], parts[1::2], strict=True)
    return (
        "CASE " + " ".join(f"WHEN {condition} THEN {then}" for condition, then in branches) + f" ELSE {parts[-1]} END"
    )


def plain_table(table: str) -> str:
    """The table, within a comment."""
    return " ".join(table.split())
