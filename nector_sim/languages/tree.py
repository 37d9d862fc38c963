"""A small tree of expressions over whole numbers, truths and texts, which every language can print.

Each node knows the smallest and the largest whole number that it can be. Constants are folded with that: a comparison
that no order can decide otherwise is a constant, and a limit that never limits disappears. A language that holds
numbers up to some size compares it with :attr:`Calculator.largest`.

Divisions are of a number that is not negative by one that is positive, and round down, so that languages which
truncate and languages which floor agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["whole", "truth", "text"]


class Node:
    """An expression: a constant, an input, a named one, or an operation on others."""

    kind: Kind = "whole"
    low: int = 0
    high: int = 0

    def __add__(self, other: Node | int) -> Node:
        return _whole("+", self, other)

    def __sub__(self, other: Node | int) -> Node:
        return _whole("-", self, other)

    def __mul__(self, other: Node | int) -> Node:
        return _whole("*", self, other)

    def __floordiv__(self, other: Node | int) -> Node:
        return _whole("//", self, other)

    def __radd__(self, other: int) -> Node:
        return _whole("+", other, self)

    def __rmul__(self, other: int) -> Node:
        return _whole("*", other, self)

    def __rfloordiv__(self, other: int) -> Node:
        return _whole("//", other, self)

    def __lt__(self, other: Node | int) -> Node:
        return _compared("<", self, other)

    def __le__(self, other: Node | int) -> Node:
        return _compared("<=", self, other)

    def __gt__(self, other: Node | int) -> Node:
        return _compared("<", other, self)

    def __ge__(self, other: Node | int) -> Node:
        return _compared("<=", other, self)

    def equals(self, other: Node | int) -> Node:
        """Whether both are the same whole number (``==`` compares trees)."""
        return _compared("==", self, other)

    def __and__(self, other: Node | bool) -> Node:
        return _joined("and", self, node_of(other))

    def __or__(self, other: Node | bool) -> Node:
        return _joined("or", self, node_of(other))


@dataclass(frozen=True)
class Constant(Node):
    """A whole number, a truth or a text."""

    value: int | bool | str

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        """Which of the three it is."""
        return "truth" if isinstance(self.value, bool) else "text" if isinstance(self.value, str) else "whole"

    @property
    def low(self) -> int:  # type: ignore[override]
        """The number itself."""
        return 0 if isinstance(self.value, str) else int(self.value)

    @property
    def high(self) -> int:  # type: ignore[override]
        """The number itself."""
        return self.low


@dataclass(frozen=True)
class Input(Node):
    """What an order brings; one that is optional may be blank, and is read behind a test of that alone."""

    name: str
    kind: Kind = "whole"
    low: int = 0
    high: int = 0
    optional: bool = False


@dataclass(frozen=True)
class Name(Node):
    """An expression that was given a name."""

    name: str
    kind: Kind
    low: int
    high: int


@dataclass(frozen=True)
class Apply(Node):
    """An operation: ``+ - * // min max < <= == and or if blank among``."""

    op: str
    args: tuple[Node, ...]
    kind: Kind
    low: int = 0
    high: int = 0


_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
}


def node_of(value: Node | int | bool | str) -> Node:
    """A value as an expression."""
    return value if isinstance(value, Node) else Constant(value)


def _whole(op: str, left: Node | int, right: Node | int) -> Node:
    a, b = node_of(left), node_of(right)
    if op == "//" and (a.low < 0 or b.low < 1):
        raise ValueError("divides what may be negative, or by what may be 0; bound it first")
    ends = [_ARITHMETIC[op](x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    low, high = min(ends), max(ends)
    if low == high:
        return Constant(low)
    if a == Constant(0) and op == "+":
        return b
    if (b == Constant(0) and op in "+-") or (b == Constant(1) and op in ("*", "//")):
        return a
    return Apply(op, (a, b), "whole", low, high)


def _compared(op: str, left: Node | int, right: Node | int) -> Node:
    a, b = node_of(left), node_of(right)
    always, never = {
        "<": (a.high < b.low, a.low >= b.high),
        "<=": (a.high <= b.low, a.low > b.high),
        "==": (a.low == a.high == b.low == b.high, a.high < b.low or b.high < a.low),
    }[op]
    if a == b:
        return Constant(op != "<")
    return Constant(always) if always or never else Apply(op, (a, b), "truth")


def _joined(op: str, left: Node, right: Node) -> Node:
    deciding = op == "or"
    if Constant(deciding) in (left, right):
        return Constant(deciding)
    parts = [node for node in (left, right) if node != Constant(not deciding)]
    return Apply(op, tuple(parts), "truth") if len(parts) == 2 else parts[0] if parts else Constant(not deciding)


def least(*values: Node | int) -> Node:
    """The smallest of them; what is never the smallest is left out."""
    return _extreme("min", values)


def greatest(*values: Node | int) -> Node:
    """The largest of them; what is never the largest is left out."""
    return _extreme("max", values)


def _extreme(op: str, values: tuple[Node | int, ...]) -> Node:
    nodes, pick = list(dict.fromkeys(map(node_of, values))), min if op == "min" else max
    low, high = pick(node.low for node in nodes), pick(node.high for node in nodes)

    def is_bound(node: Node) -> bool:
        return node.high == high if op == "min" else node.low == low

    kept = [node for node in nodes if (node.low < high if op == "min" else node.high > low)]
    if not any(map(is_bound, kept)):
        kept.append(next(filter(is_bound, nodes)))
    return kept[0] if len(kept) == 1 else Apply(op, tuple(kept), "whole", low, high)


def choose(condition: Node, then: Node | int | str | bool, otherwise: Node | int | str | bool) -> Node:
    """The second where the first is true, else the third."""
    a, b = node_of(then), node_of(otherwise)
    if isinstance(condition, Constant):
        return a if condition.value else b
    if a == b:
        return a
    if (a, b) == (Constant(True), Constant(False)):
        return condition
    return Apply("if", (condition, a, b), a.kind, min(a.low, b.low), max(a.high, b.high))


def is_blank(given: Input) -> Node:
    """Whether an optional input was left out."""
    return Apply("blank", (given,), "truth")


def is_among(given: Input, names: tuple[str, ...]) -> Node:
    """Whether an optional text was given and is one of these."""
    return Apply("among", (given, *map(Constant, names)), "truth") if names else Constant(False)


@dataclass(frozen=True)
class Let:
    """An expression with its name, and what it is in the law's words."""

    name: str
    value: Node
    note: str


@dataclass
class Calculator:
    """Named expressions in the order in which they are worked out, and the results.

    Attributes
    ----------
    inputs : list of Input
        What is read of an order.
    lets : list of Let
    results : dict of str to Node
    """

    inputs: list[Input] = field(default_factory=list)
    lets: list[Let] = field(default_factory=list)
    results: dict[str, Node] = field(default_factory=dict)

    def let(
        self, name: str, value: Node, note: str = "", *, at_least: int | None = None, at_most: int | None = None
    ) -> Node:
        """Name an expression; `at_least` and `at_most` state bounds that the law gives and the parts do not show."""
        low = value.low if at_least is None else max(value.low, at_least)
        high = value.high if at_most is None else min(value.high, at_most)
        if isinstance(value, Constant | Name):
            return value
        if isinstance(value, Input) and not value.optional:
            return value
        if isinstance(value, Apply):  # its parts keep theirs
            value = replace(value, low=low, high=high)
        self.lets.append(Let(name, value, note))
        return Name(name, value.kind, low, high)

    def keep_used(self) -> None:
        """Leave out what no result needs."""
        used = {node.name for result in self.results.values() for node in leaves(result)}
        kept = []
        for one in reversed(self.lets):
            if one.name in used:
                used |= {node.name for node in leaves(one.value)}
                kept.append(one)
        self.lets = kept[::-1]

    @property
    def largest(self) -> int:
        """The largest whole number that any part can reach, either side of 0."""
        nodes = [*(one.value for one in self.lets), *self.results.values()]
        return max(max(abs(part.low), abs(part.high)) for node in nodes for part in parts(node))


def parts(node: Node) -> Iterator[Node]:
    """An expression and all that is in it."""
    yield node
    for argument in node.args if isinstance(node, Apply) else ():
        yield from parts(argument)


def leaves(node: Node) -> Iterator[Any]:
    """The inputs and names in an expression."""
    return (part for part in parts(node) if isinstance(part, Input | Name))


def evaluate(calculator: Calculator, order: Mapping[str, Any]) -> dict[str, Any]:
    """Work out every named expression for one order; inputs by their names, None where one is blank."""
    known = dict(order)
    for one in calculator.lets:
        known[one.name] = value_of(one.value, known)
    return known


def value_of(node: Node, known: Mapping[str, Any]) -> Any:
    """What an expression is, where its inputs and names are known."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Input | Name):
        return known[node.name]
    assert isinstance(node, Apply)
    if node.op == "if":
        return value_of(node.args[1] if value_of(node.args[0], known) else node.args[2], known)
    if node.op in ("and", "or"):
        quantifier = all if node.op == "and" else any
        return quantifier(value_of(part, known) for part in node.args)
    values = [value_of(part, known) for part in node.args]
    return _OPERATIONS[node.op](values)


_OPERATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "+": lambda values: values[0] + values[1],
    "-": lambda values: values[0] - values[1],
    "*": lambda values: values[0] * values[1],
    "//": lambda values: values[0] // values[1],
    "min": min,
    "max": max,
    "<": lambda values: values[0] < values[1],
    "<=": lambda values: values[0] <= values[1],
    "==": lambda values: values[0] == values[1],
    "blank": lambda values: values[0] is None,
    "among": lambda values: values[0] in values[1:],
}
