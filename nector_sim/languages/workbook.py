"""The tree as a workbook with live formulas: typed orders and typed settings in, results and reasons out.

A sheet's numbers are floats that are compared and cut off at some 15 digits, so the workbook reads carts and balances
up to a stated size, and a program whose products could leave these digits is refused.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nector_sim.calculator.reasons import SENTENCES
from nector_sim.languages.law import Bounds, Setting, calculator_of
from nector_sim.languages.printing import Grammar, heading, plain, refuse
from nector_sim.languages.tree import Apply, Calculator, Constant, Input, Name, evaluate, parts, value_of
from nector_sim.rules.money import from_minor, to_minor
from nector_sim.rules.program import Program

#: The largest cart in minor units, and the most points.
BOUNDS = Bounds(10**9, 10**9)
#: Dividends below this divide exactly, whatever a sheet does with the last digits.
LARGEST_DIVIDEND = 10**14
LARGEST = 2**53
#: Choices within choices that a sheet reads.
MOST_OFFERS = 20
#: Rows of orders, and what the first of them say.
ROWS = 100
EXAMPLES = ((500, 5000), (749.95, 5000), (80, 500))
#: What the sheets are called: orders, typed and answered; the setting; the steps; the words of reasons.
SHEETS = ("Orders", "Setting", "Steps", "Words")

#: What is typed: the tree's name, the heading, its column on the first sheet.
_TYPED = {"cart": "Cart", "balance": "Balance", "credits": "Credits", "requested": "Asked for", "tier": "Tier"} | {
    "eligible": "Eligible",
    "coupon": "Other coupons",
}
#: Typed in major units.
_MONEY = ("cart", "credits", "eligible", "coupon")
_SHOWN = {
    "offer": "Offer",
    "points_redeemed": "Points",
    "discount": "Discount",
    "payable": "Payable",
    "credits_used": "Credits used",
    "limited_by": "Limited by",
}


def workbook(program: Program, *, leave_out: Collection[str] = (), orders: Collection[Any] = EXAMPLES) -> bytes:
    """Write the program as a workbook."""
    import xlsxwriter

    writer = _writer_of(program, leave_out, SHEETS)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"comments": heading(program, "Live formulas.")})
        writer.add_to(book, list(orders))
    return stream.getvalue()


def add_sheets(book: Any, program: Program, *, names: Sequence[str], labels: Mapping[str, str]) -> None:
    """Add the program's sheets, under these names, to a workbook that is being written; refuse before the first.

    `labels` say what the fields of the setting are called, by path.
    """
    writer = _writer_of(program, (), names)
    writer.labels = labels
    writer.add_to(book, list(EXAMPLES))


def _writer_of(program: Program, leave_out: Collection[str], names: Sequence[str]) -> _Writer:
    _refuse(program)
    settings: list[Setting] = []
    calculator = calculator_of(program, leave_out=leave_out, bounds=BOUNDS, settings=settings)
    nodes = [part for one in calculator.lets for part in parts(one.value)]
    dividends = [node.args[0].high for node in nodes if isinstance(node, Apply) and node.op == "//"]
    if max(dividends, default=0) > LARGEST_DIVIDEND or calculator.largest >= LARGEST:
        raise refuse("needs numbers of more digits than a sheet computes exactly", "offers")
    return _Writer(program, calculator, settings, names)


def _refuse(program: Program) -> None:
    if len(program.offers) > MOST_OFFERS:
        raise refuse(f"there are {len(program.offers)}; a sheet's formulas take {MOST_OFFERS}", "offers")
    for position, offer in enumerate(program.offers):
        for name in ("starts_at", "ends_at"):
            if getattr(offer, name) is not None:
                raise refuse(
                    "a sheet's times are not exact to the microsecond; take it out", f"offers.{position}.{name}"
                )


class _Writer:
    """The four sheets of a program."""

    def __init__(
        self, program: Program, calculator: Calculator, settings: list[Setting], names: Sequence[str] = SHEETS
    ) -> None:
        self.program, self.calculator, self.names = program, calculator, tuple(names)
        self.labels: Mapping[str, str] = {}
        # In formulas a name is quoted, unless it is one plain word.
        self.in_orders, self.in_setting, self.in_steps, self.in_words = (
            f"{name}!" if name.isalpha() else f"'{name}'!" for name in self.names
        )
        used = {node.name for one in calculator.lets for node in parts(one.value) if isinstance(node, Input)}
        self.settings = [one for one in settings if one.given.name in used]
        self.scale = 10**program.decimals
        # Row 1 of Setting is its heading; column D holds whole units.
        self.places = {one.given.name: f"{self.in_setting}$D${row}" for row, one in enumerate(self.settings, 2)}
        self.typed = [one for one in calculator.inputs if one.name in _TYPED]
        self.typed_at = {one.name: _column(number) for number, one in enumerate(self.typed)}
        self.shown_at = {name: _column(len(self.typed) + number) for number, name in enumerate([*_SHOWN, "why"])}
        whole = [one.name for one in self.typed if one.kind == "whole"]
        self.steps_at = {
            name: _column(number) for number, name in enumerate([*whole, *(one.name for one in calculator.lets)], 1)
        }

    def add_to(self, book: Any, orders: list[Any]) -> None:
        """Add the sheets to a workbook."""
        book.set_calc_mode("auto")
        bold, typed = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bg_color": "#FFF7D6"})
        first, setting, steps, words = (book.add_worksheet(name) for name in self.names)
        self.orders(first, bold, typed, orders)
        self.setting(setting, bold, typed)
        self.steps(steps, bold, orders)
        for row, (word, sentence) in enumerate(SENTENCES.items()):
            words.write_row(row, 0, [word, sentence])
        for sheet in (first, setting, steps):
            sheet.set_paper(9)  # A4
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)

    def orders(self, sheet: Any, bold: Any, typed: Any, orders: list[Any]) -> None:
        """What is typed, and beside it what comes out."""
        sheet.write_row(0, 0, [_TYPED[one.name] for one in self.typed] + [*_SHOWN.values(), "Why"], bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(self.typed) + len(_SHOWN) - 1, 12)
        sheet.set_column(len(self.typed) + len(_SHOWN), len(self.typed) + len(_SHOWN), 60)
        for number in range(max(ROWS, len(orders))):
            row = number + 2
            for column in range(len(self.typed)):
                sheet.write_blank(row - 1, column, None, typed)
            for column, value in enumerate(orders[number] if number < len(orders) else ()):
                if value is not None:
                    sheet.write(row - 1, column, value, typed)
            known = self.known(orders[number] if number < len(orders) else None)
            usable = f"{self.in_steps}$A{row}"
            for name in _SHOWN:
                result = self.at(row).write(self.calculator.results[name])
                if name in ("discount", "payable", "credits_used"):
                    result = f"({result})/{self.scale}"
                formula = f'=IF({usable},{result},"")'
                sheet.write_formula(f"{self.shown_at[name]}{row}", formula, value=self.cached(name, known))
            reason = f"{self.shown_at['limited_by']}{row}"
            sentence = f"VLOOKUP({reason},{self.in_words}$A$1:$B${len(SENTENCES)},2,FALSE)"
            most = from_minor(BOUNDS.money, self.program.decimals)
            problem = (
                f"Type a cart of 0 to {most:,f} with at most {self.program.decimals} decimals, "
                f"and a balance of at most {BOUNDS.points:,} points."
            )
            blank = f'{self.typed_at["cart"]}{row}=""'
            formula = f'=IF({usable},{sentence},IF({blank},"","{problem}"))'
            reason = SENTENCES[self.cached("limited_by", known)] if known["usable"] else ""
            sheet.write_formula(f"{self.shown_at['why']}{row}", formula, value=reason)

    def setting(self, sheet: Any, bold: Any, typed: Any) -> None:
        """The program's numbers, which may be typed over."""
        sheet.write_row(0, 0, ["Field", "Value", "Unit", "In whole units"], bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 3, 16)
        for row, (given, path, value, scale) in enumerate(self.settings, 2):
            low, high = given.low / scale, given.high / scale
            sheet.write(row - 1, 0, self.labels.get(path, path))
            sheet.write_number(row - 1, 1, value / scale, typed)
            unit = self.program.currency if scale == self.scale and "percent" not in path else ""
            sheet.write(row - 1, 2, "%" if "percent" in path else "points" if "points" in path else unit)
            sheet.write_formula(row - 1, 3, f"=ROUND(B{row}*{scale},0)", value=value)
            rule = f"=AND(ISNUMBER(B{row}),B{row}>={low:.12g},B{row}<={high:.12g},ABS(B{row}*{scale}-D{row})<0.0001)"
            message = f"A number from {low:.12g} to {high:.12g}, in steps of {1 / scale:.12g}."
            sheet.data_validation(
                row - 1, 1, row - 1, 1, {"validate": "custom", "value": rule, "error_message": message}
            )
        sheet.write(len(self.settings) + 2, 0, f"Program: {plain(self.program.name) or 'without a name'}")

    def steps(self, sheet: Any, bold: Any, orders: list[Any]) -> None:
        """One column for each step of the law."""
        columns = ["usable", *self.steps_at]
        sheet.write_row(0, 0, columns, bold)
        sheet.freeze_panes(1, 0)
        notes = {one.name: one.note for one in self.calculator.lets if one.note}
        for number, name in enumerate(columns):
            if name in notes:
                sheet.write_comment(0, number, notes[name])
        for number in range(max(ROWS, len(orders))):
            row, known = number + 2, self.known(orders[number] if number < len(orders) else None)
            formulas = {one.name: self.read(one, row) for one in self.typed if one.kind == "whole"}
            formulas |= {let.name: self.at(row).write(let.value) for let in self.calculator.lets}
            sheet.write_formula(row - 1, 0, f"={self.usable(row)}", value=known["usable"])
            for name, formula in formulas.items():
                value = "" if known[name] is None else known[name]
                sheet.write_formula(f"{self.steps_at[name]}{row}", f"={formula}", value=value)

    # A sheet keeps what its formulas gave, which readers show that do not compute.

    def known(self, order: Any) -> dict[str, Any]:
        """Every step of a row's order, as the formulas give them."""
        values = dict(zip([one.name for one in self.typed], order or (), strict=False))
        typed: dict[str, Any] = {one.given.name: one.value for one in self.settings}
        for one in self.typed:
            value = values.get(one.name)
            if one.name in _MONEY:
                blank = value is None and one.optional
                typed[one.name] = None if blank else to_minor(value or 0, self.program.decimals)
            else:
                typed[one.name] = value if one.optional else int(value or 0)
        return {"usable": order is not None, **evaluate(self.calculator, typed)}

    def cached(self, name: str, known: dict[str, Any]) -> Any:
        """A result of a row."""
        if not known["usable"]:
            return ""
        value = value_of(self.calculator.results[name], known)
        return value / self.scale if name in ("discount", "payable", "credits_used") else value

    def usable(self, row: int) -> str:
        """Whether a row holds an order."""
        tests = []
        for one in self.typed:
            cell = f"{self.in_orders}{self.typed_at[one.name]}{row}"
            if one.name in _MONEY:
                exact = f"ABS({cell}*{self.scale}-ROUND({cell}*{self.scale},0))<0.0001"
                test = f"{cell}>=0,{cell}*{self.scale}<={BOUNDS.money},{exact}"
                if one.name == "eligible":
                    test += f",{cell}<={self.in_orders}{self.typed_at['cart']}{row}"
            elif one.kind == "whole":
                test = f"{cell}<={BOUNDS.points}"
            else:
                continue
            number = f"IF(ISNUMBER({cell}),AND({test}),FALSE)"
            tests.append(number if one.name in ("cart", "balance") else f'IF({cell}="",TRUE,{number})')
        return f"AND({','.join(tests)})"

    def read(self, one: Input, row: int) -> str:
        """A typed number in whole units; 0 where the row is not an order."""
        cell = f"{self.in_orders}{self.typed_at[one.name]}{row}"
        value = f"ROUND({cell}*{self.scale},0)" if one.name in _MONEY else f"MAX(0,INT({cell}))"
        blank = '""' if one.optional else "0"
        return f'IF(NOT($A{row}),0,IF({cell}="",{blank},{value}))'

    def at(self, row: int) -> Grammar:
        """How formulas of one row are written."""

        def name(node: Input | Name) -> str:
            if node.name in self.places:
                return self.places[node.name]
            return (
                f"{self.in_orders}${self.typed_at['tier']}{row}"
                if node.name == "tier"
                else f"{self.in_steps}${self.steps_at[node.name]}{row}"
            )

        def constant(node: Constant) -> str:
            if isinstance(node.value, bool):
                return "TRUE" if node.value else "FALSE"
            return str(node.value) if isinstance(node.value, int) else '"' + node.value.replace('"', '""') + '"'

        return Grammar(
            between={"+": "+", "-": "-", "*": "*", "<": "<", "<=": "<=", "==": "="},
            calls={
                "//": lambda cells: f"INT({cells[0]}/{cells[1]})",
                "min": lambda cells: f"MIN({','.join(cells)})",
                "max": lambda cells: f"MAX({','.join(cells)})",
                "and": lambda cells: f"AND({','.join(cells)})",
                "or": lambda cells: f"OR({','.join(cells)})",
                "if": _nested,
                "blank": lambda cells: f'({cells[0]}="")',
                "among": lambda cells: "OR(" + ",".join(f"EXACT({cells[0]},{text})" for text in cells[1:]) + ")",
            },
            constant=constant,
            name=name,
        )


def _nested(cells: list[str]) -> str:
    branches = list(zip(cells[:-1:2], cells[1::2], strict=True))
    return "".join(f"IF({test},{then}," for test, then in branches) + cells[-1] + ")" * len(branches)


def _column(number: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(number))
