"""A mapping proposed for any table: each guess with its evidence, and what is open as questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import tomli_w

from nector_sim.errors import InputError
from nector_sim.frames.files import open_table
from nector_sim.frames.sheets import Table
from nector_sim.frames.styles import currencies_of, decide_dates, decide_numbers, signs_of
from nector_sim.orders.balances import BALANCES, is_balances
from nector_sim.orders.guesses import guess_name, place_of
from nector_sim.orders.known_layouts import known_layouts
from nector_sim.orders.layouts import key
from nector_sim.orders.mapping import check_mapping
from nector_sim.orders.seen import ColumnSeen, see
from nector_sim.orders.statuses import KEEP, LEAVE_OUT, REFUNDED, plain_word
from nector_sim.results import Result, count
from nector_sim.rules.money import currency_decimals

if TYPE_CHECKING:
    import pandas as pd


class Question(NamedTuple):
    """What the table leaves open: the mapping's key, the question, and the answers to choose from (none: any text)."""

    key: str
    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Proposal(Result):
    """A mapping that was proposed for a table.

    Attributes
    ----------
    source : str
        What the table is called.
    columns : tuple of ColumnSeen
        All columns of the table, with what they hold.
    mapping : dict
        What a mapping file would hold; :func:`nector_sim.inspect_orders` takes it as ``mapping``.
    evidence : dict of str to str
        For each key of the mapping, and each of its columns, why.
    questions : tuple of Question
        What is open: answer with :meth:`answered`.
    known_as : str, optional
        The export that this is known to be, so that no mapping is needed.
    """

    source: str
    columns: tuple[ColumnSeen, ...]
    mapping: dict[str, Any]
    evidence: dict[str, str]
    questions: tuple[Question, ...] = ()
    known_as: str | None = None

    def answered(self, answers: Mapping[str, str]) -> Proposal:
        """The proposal with some questions answered, by their key.

        Raises
        ------
        InputError
            If there is no such question, or the answer is none of its choices.
        """
        mapping, evidence = dict(self.mapping), dict(self.evidence)
        left = {question.key: question for question in self.questions}
        for name, answer in answers.items():
            question = left.pop(name, None)
            if question is None:
                raise InputError(f"nobody asked for {name}; open are {', '.join(left) or 'no questions'}")
            if question.choices and answer not in question.choices:
                raise InputError(f"{name}={answer!r} is no answer; write one of {', '.join(question.choices)}")
            if name.startswith("columns."):
                mapping["columns"] = {**mapping["columns"], name.partition(".")[2]: answer}
            elif name.startswith("status "):
                lists = dict(mapping.get("statuses", {}))
                lists[answer] = [*lists.get(answer, []), name.removeprefix("status ")]
                mapping["statuses"] = lists
            else:
                mapping[name] = answer
            evidence[name] = "as you said"
        return replace(self, mapping=mapping, evidence=evidence, questions=tuple(left.values()))

    def toml(self) -> str:
        """The mapping as the text of a TOML file, with the evidence and the open questions as comments."""
        lines = [f"# Proposed for {self.source} by nector-sim check --propose; look it over before you use it."]
        lines += [
            f"# OPEN: {one.text}" + (f" ({' or '.join(one.choices)})" if one.choices else "") for one in self.questions
        ]
        plain = {name: value for name, value in self.mapping.items() if not isinstance(value, dict)}
        for name, value in plain.items():
            lines.append(tomli_w.dumps({name: value}).strip() + self._why(name))
        for name, table in self.mapping.items():
            if isinstance(table, dict):
                lines += ["", f"[{name}]"]
                lines += [_one_line(ours, theirs) + self._why(f"{name}.{ours}") for ours, theirs in table.items()]
        return "\n".join(lines) + "\n"

    def _why(self, name: str) -> str:
        return f"  # {self.evidence[name]}" if name in self.evidence else ""

    def text(self) -> str:
        """Say the columns, the proposed mapping, and what is open."""
        lines = [f"{self.source}: {count(len(self.columns), 'column')}", "", "Columns"]
        width = min(max((len(one.name) for one in self.columns), default=0), 40)
        for one in self.columns:
            dates = (
                ", ".join(f"{share:.0%} {style}" for style, share in one.dates.items()) if one.kind == "dates" else ""
            )
            first = " | ".join(one.first)
            lines.append(
                f"  {one.name:<{width}}  {one.kind}{f' ({dates})' if dates else ''}, {one.filled:,} filled: {first}"
            )
        status = self.mapping.get("columns", {}).get("status")
        words = next((one.words for one in self.columns if one.name == status), ())
        if words:
            lines += ["", f"Statuses in {status}", *(f"  {count:>10,} {word}" for word, count in words)]
        if self.known_as is not None:
            lines += ["", f"This is read as it is, without a mapping: {self.known_as}"]
        lines += ["", "Proposed mapping", *(f"  {line}" for line in self.toml().splitlines())]
        return "\n".join(lines)

    def to_frame(self) -> pd.DataFrame:
        """Give a line for each column: ``column``, ``like`` (ours), ``kind``, ``filled``, ``distinct``, ``first``."""
        import pandas as pd

        used = {
            part.removeprefix("-"): ours
            for ours, theirs in self.mapping.get("columns", {}).items()
            for part in ([theirs] if isinstance(theirs, str) else theirs)
        }
        rows = [
            (one.name, used.get(one.name, ""), one.kind, one.filled, one.distinct, " | ".join(one.first))
            for one in self.columns
        ]
        return pd.DataFrame(rows, columns=["column", "like", "kind", "filled", "distinct", "first"])


def _one_line(name: str, value: Any) -> str:
    if isinstance(value, list):
        return f"{name} = [{', '.join(tomli_w.dumps({'x': one}).partition('=')[2].strip() for one in value)}]"
    return tomli_w.dumps({name: value}).strip()


def propose_mapping(
    source: Any, *, sheet: str | None = None, encoding: str | None = None, header_row: int | None = None
) -> Proposal:
    """Look at a table, and propose which column is which.

    Parameters
    ----------
    source : path or URL, list of them, or pandas, Polars or Arrow table
        As :func:`nector_sim.inspect_orders` takes it; a table of balances, too.
    sheet, encoding, header_row : optional
        As :func:`nector_sim.inspect_orders` takes them.

    Returns
    -------
    Proposal
        ``print`` it for a one-page summary; ``.toml()`` is the file, ``.mapping`` what
        :func:`nector_sim.inspect_orders` takes.

    Raises
    ------
    InputError
        If it is not a table that can be read.

    Examples
    --------
    >>> sales = pd.DataFrame({"Bill No": ["1", "2"], "Bill Date": ["01/05/2026", "13/05/2026"], "Net": ["5", "7.50"]})
    >>> proposal = propose_mapping(sales)
    >>> proposal.mapping["columns"], proposal.mapping["dates"]
    ({'order_id': 'Bill No', 'ordered_at': 'Bill Date', 'cart_amount': 'Net'}, 'dd/mm/yyyy')
    """
    table = open_table(source, sheet=sheet, encoding=encoding, header_row=header_row)
    names = [name for name in dict.fromkeys(table.columns) if name.strip() and table.columns.count(name) == 1]
    frame = _readable(table, names)
    seen = {name: see(frame[name]) for name in frame.columns}
    stated = {
        name: value for name, value in (("sheet", sheet), ("encoding", encoding), ("header_row", header_row)) if value
    }
    if is_balances(table.columns):
        found = {
            ours: name for ours, name in BALANCES.found(table.columns).items() if "." not in ours or "phone" not in ours
        }
        columns = {ours.partition(".")[0]: name for ours, name in BALANCES.found(table.columns).items()}
        evidence = {f"columns.{ours}": f"a usual name of {ours}" for ours in found}
        return Proposal(table.name, tuple(seen.values()), {**stated, "columns": columns}, evidence, known_as="balances")
    known = [
        one for name, group in known_layouts().items() if name != "plain" for one in group if one.fits(table.columns)
    ]
    if known:
        layout = max(known, key=lambda one: len(one.found(table.columns)))
        assert layout.mapping is not None
        mapping = {**stated, **layout.mapping.model_dump(exclude_defaults=True)}
        return Proposal(table.name, tuple(seen.values()), mapping, {}, known_as=layout.name)
    return _Guess(table.name, frame, seen, stated).proposal()


def _readable(table: Table, names: list[str]) -> pl.DataFrame:
    """The columns that hold values; those of lists or records are left out."""
    try:
        return table.read(names).frame
    except InputError:
        frames = []
        for name in names:
            try:
                frames.append(table.read([name]).frame)
            except InputError:
                continue
        return pl.concat(frames, how="horizontal") if frames else pl.DataFrame()


class _Guess:
    """The guesses of one table, column by column."""

    def __init__(self, name: str, frame: pl.DataFrame, seen: dict[str, ColumnSeen], stated: dict[str, Any]) -> None:
        self.name, self.frame, self.seen, self.stated = name, frame, seen, stated
        self.columns: dict[str, Any] = {}
        self.evidence: dict[str, str] = {}
        self.questions: list[Question] = []
        self.mapping: dict[str, Any] = {}

    def proposal(self) -> Proposal:
        """Everything that can be guessed."""
        for ours, fits in _FITS.items():
            self._choose(ours, fits)
        self._number_of_any_name()
        self._date_of_any_name()
        self._clock()
        self._cart()
        self._rows()
        self._styles()
        self._currency()
        self._statuses()
        order = [name for name in (*_FITS, "cart_amount") if name in self.columns]
        self.mapping["columns"] = {name: self.columns[name] for name in order}
        mapping = {**self.stated, **self.mapping}
        if "cart_amount" in self.columns:
            check_mapping(mapping, "the proposed mapping")
        return Proposal(self.name, tuple(self.seen.values()), mapping, self.evidence, tuple(self.questions))

    def _choose(self, ours: str, fits: Any) -> None:
        used = {name for theirs in self.columns.values() for name in ([theirs] if isinstance(theirs, str) else theirs)}
        # A name tells people apart badly; where phones or addresses do, it is left alone.
        is_known = ours == "customer_id" and bool({"email", "phone"} & set(self.columns))
        ranked = [
            (guess_name(name, ours), -place_of(name, ours), column.filled, name)
            for name, column in self.seen.items()
            if name not in used and column.filled and fits(column) and not (is_known and "name" in key(name))
        ]
        best = max(ranked, default=(0, 0, 0, ""))
        if best[0] > 0:
            self.columns[ours] = best[3]
            self.evidence[f"columns.{ours}"] = (
                f"{('a name that holds a usual one', 'a usual name', 'the name')[best[0] - 1]} of it"
            )

    def _number_of_any_name(self) -> None:
        if "order_id" in self.columns:
            return
        ids = [
            name
            for name, one in self.seen.items()
            if one.kind in ("text", "numbers") and one.distinct > 0.3 * one.filled
        ]
        used = {str(theirs) for theirs in self.columns.values()}
        text = "which column has the order's number? without one, each row is an order of its own"
        self.questions.append(Question("columns.order_id", text, tuple(name for name in ids if name not in used)))

    def _date_of_any_name(self) -> None:
        dates = [name for name, column in self.seen.items() if column.kind == "dates"]
        if "ordered_at" not in self.columns and len(dates) == 1:
            self.columns["ordered_at"] = dates[0]
            self.evidence["columns.ordered_at"] = "the only column of dates"
        elif "ordered_at" not in self.columns and dates:
            self.questions.append(
                Question("columns.ordered_at", "which column is when the order was placed?", tuple(dates))
            )

    def _clock(self) -> None:
        """A time of day in a column of its own, where the date has none."""
        day = self.columns.get("ordered_at")
        if not isinstance(day, str) or self.frame[day].cast(pl.String).str.contains(r"\d:\d\d").any():
            return
        for name in self.frame.columns:
            texts = self.frame[name].cast(pl.String).drop_nulls()
            if key(name).split()[-1:] == ["time"] and len(texts) and texts.str.contains(r"^\s*\d{1,2}:\d\d").all():
                self.columns["ordered_at"] = [day, name]
                self.evidence["columns.ordered_at"] = f"dates in {day}, times of day in {name}"
                return

    def _cart(self) -> None:
        used = {name for theirs in self.columns.values() for name in ([theirs] if isinstance(theirs, str) else theirs)}
        ranked = sorted(
            (
                (-guess_name(name, "cart_amount"), place_of(name, "cart_amount"), name)
                for name, column in self.seen.items()
                if name not in used and column.amounts >= 0.8 and column.kind == "numbers"
            )
        )
        amounts = [name for _, _, name in ranked]
        named = [name for score, _, name in ranked if score < 0]
        if not named:
            self.questions.append(
                Question(
                    "columns.cart_amount",
                    "which column is the basket after other coupons, before points?",
                    tuple(amounts),
                )
            )
            return
        cart = named[0]
        terms, why = [cart], "the usual name that says most surely what the basket is"
        words = f" {key(cart)} "
        plain = key(cart)
        is_whole = plain in _WHOLE or any(f" {one} " in words for one in _WHOLE if " " in one)
        if is_whole and "shipping" in self.columns:
            terms, why = [cart, f"-{self.columns['shipping']}"], "the total less shipping"
        elif plain in _BEFORE and "coupon_amount" in self.columns:
            terms, why = self._after_discount(cart)
        self.columns["cart_amount"] = terms if len(terms) > 1 else cart
        self.evidence["columns.cart_amount"] = why

    def _after_discount(self, cart: str) -> tuple[list[str], str]:
        """Whether a subtotal is before the discount, which the total tells if there is one."""
        discount = self.columns["coupon_amount"]
        total = next((name for name in self.frame.columns if key(name) in _WHOLE and name != cart), None)
        values = [self._numbers(name) for name in (cart, discount, self.columns.get("shipping"), total) if name]
        if total is not None and len(values) == (4 if "shipping" in self.columns else 3):
            items, off, whole = values[0], values[1], values[-1]
            ship = values[2] if "shipping" in self.columns else pl.zeros(len(items), eager=True)
            some = (off > 0).fill_null(False)
            before = int((((items - off + ship - whole).abs() < 0.02) & some).sum())
            after = int((((items + ship - whole).abs() < 0.02) & some).sum())
            if before > after:
                return [cart, f"-{discount}"], f"{cart} less {discount} makes {total} on {count(before, 'row')}"
            if after > before:
                return [cart], f"{cart} is after {discount} already: it makes {total} on {count(after, 'row')}"
        self.questions.append(
            Question("columns.cart_amount", f'is {cart} before {discount}? then write ["{cart}", "-{discount}"]', ())
        )
        return [cart], f"a usual name; whether {discount} is taken off already is open"

    def _numbers(self, name: str) -> pl.Series:
        return (
            self.frame[name]
            .cast(pl.String)
            .str.replace_all(r"[^0-9.\-]", "")
            .cast(pl.Float64, strict=False)
            .fill_null(0)
        )

    def _rows(self) -> None:
        number = self.columns.get("order_id")
        cart = self.columns.get("cart_amount")
        if number is None or cart is None:
            return
        first = cart if isinstance(cart, str) else cart[0]
        ids = self.frame[number]
        shared = self.frame.filter(ids.is_duplicated() & ids.is_not_null())
        if shared.is_empty():
            self.columns.pop("line_quantity", None)
            self.columns.pop("line_sku", None)
            self._say("rows", "one", "no order has several rows")
            return
        counts = shared.group_by(number).agg(
            pl.col(first).n_unique().alias("n"), pl.col(first).null_count().alias("blank")
        )
        several = counts.height
        if int((counts["blank"] > 0).sum()) > several // 2:
            self._say("rows", "first", f"{first} is blank but on the first row of {count(several, 'order')}")
        elif int((counts["n"] > 1).sum()):
            self._say("rows", "lines", f"{first} differs between the rows of one order")
            self._quantity(first)
        elif shared.unique().height == shared.group_by(number).len().height:
            self._say("rows", "one", "rows of one order are the same, so they are repeated")
        else:
            text = (
                f"{count(several, 'order has', 'orders have')} several rows with the same {first}: does each row "
                f"repeat its order "
                f"(every), "
                "or add to it (lines)?"
            )
            self.questions.append(Question("rows", text, ("every", "lines")))

    def _quantity(self, first: str) -> None:
        """A quantity multiplies what one piece costs, and not what the line comes to."""
        if "line_quantity" in self.columns and not any(word in key(first) for word in ("price", "rate", "mrp", "unit")):
            self.evidence["rows"] += f"; {first} is taken for what the whole line comes to, not for one piece"
            del self.columns["line_quantity"]

    def _styles(self) -> None:
        cart = self.columns.get("cart_amount")
        money = (
            []
            if cart is None
            else [self.frame[name.removeprefix("-")] for name in ([cart] if isinstance(cart, str) else cart)]
        )
        style, why = decide_numbers(money, None)
        if style != "1234.50":
            self._say("numbers", style, why or "amounts have a currency's sign")
        at = self.columns.get("ordered_at")
        day = at[0] if isinstance(at, list) else at
        if day is None:
            return
        style, why = decide_dates([self.frame[day]], None)
        if style != "yyyy-mm-dd":
            self._say("dates", style, why)
        elif {"dd/mm/yyyy", "mm/dd/yyyy"} <= set(self.seen[day].dates):
            self.questions.append(
                Question(
                    "dates", f"every date in {day} could be either: which comes first?", ("dd/mm/yyyy", "mm/dd/yyyy")
                )
            )

    def _currency(self) -> None:
        if "currency" in self.columns:
            return
        cart = self.columns.get("cart_amount")
        names = [] if cart is None else [name.removeprefix("-") for name in ([cart] if isinstance(cart, str) else cart)]
        signs = signs_of([self.frame[name] for name in names])
        words = sorted(set(signs.drop_nulls().to_list())) if signs is not None else []
        meant = [currencies_of(word) for word in words]
        if len(meant) == 1 and (len(meant[0]) == 1 or "INR" in meant[0]):
            code = meant[0][0] if len(meant[0]) == 1 else "INR"
            self._say("currency", code, f"amounts are written with {words[0]}")
        else:
            self.questions.append(
                Question("currency", "no column names the currency: which is it, as an ISO code such as INR?", ())
            )

    def _statuses(self) -> None:
        name = self.columns.get("status")
        if name is None:
            return
        lists: dict[str, list[str]] = {}
        for word, many in self.seen[name].words:
            plain = plain_word(word)
            kind = "keep" if plain in KEEP else "refunded" if plain in REFUNDED else LEAVE_OUT.get(plain)
            if kind is not None:
                lists.setdefault(kind, []).append(word)
            else:
                kinds = ("keep", "refunded", "pending", "cancelled", "voided")
                self.questions.append(
                    Question(f"status {word}", f"what is the status {word}, on {count(many, 'row')}?", kinds)
                )
        if lists:
            self.mapping["statuses"] = lists
            self.evidence["statuses"] = "common words"

    def _say(self, name: str, value: Any, why: str) -> None:
        self.mapping[name], self.evidence[name] = value, why


def _is_currency(column: ColumnSeen) -> bool:
    try:
        return bool(column.words) and all(currency_decimals(word.upper()) >= 0 for word, _ in column.words)
    except ValueError:
        return False


#: Names of amounts that hold everything, and of those that may be before a discount.
_WHOLE = frozenset(
    key(one)
    for one in (
        "order total", "grand total", "total", "total amount", "invoice total", "amount", "order amount",
    )
)  # fmt: skip
_BEFORE = frozenset(key(one) for one in ["subtotal", "order value", "item total", "net total"])
#: Our columns in the order in which they choose, and what their values must be.
_FITS: dict[str, Any] = {
    "order_id": lambda one: one.kind in ("text", "numbers", "phones") and one.filled,
    "ordered_at": lambda one: one.kind == "dates",
    "email": lambda one: one.addresses >= 0.5,
    "phone": lambda one: one.phones >= 0.5 and one.kind in ("phones", "numbers", "text"),
    "customer_id": lambda one: one.kind in ("text", "numbers", "phones", "e-mail addresses"),
    "status": lambda one: bool(one.words) and one.kind == "text",
    "currency": _is_currency,
    "payment_method": lambda one: bool(one.words) and one.kind in ("text", "numbers"),
    "shipping": lambda one: one.kind == "numbers",
    "coupons": lambda one: one.kind == "text",
    "coupon_amount": lambda one: one.kind == "numbers",
    "refunded": lambda one: one.kind == "numbers",
    "cancelled_at": lambda one: one.kind == "dates",
    "line_quantity": lambda one: one.kind == "numbers",
    "line_sku": lambda one: one.kind in ("text", "numbers"),
    "points_balance": lambda one: one.kind == "numbers",
}  # fmt: skip
