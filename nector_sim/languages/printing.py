"""What the printed forms share: the words at their top, and the operations written between or before their parts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nector_sim.errors import Problem, ProgramError
from nector_sim.languages.tree import Apply, Calculator, Constant, Input, Name, Node
from nector_sim.rules.program import Program

#: What every form gives for an order.
RESULTS = ("offer", "points_redeemed", "discount", "payable", "limited_by", "credits_used")


@dataclass(frozen=True)
class Grammar:
    """How a language writes expressions.

    Attributes
    ----------
    between : mapping of str to str
        Operators that stand between two parts.
    calls : mapping of str to callable
        All others, from their written parts.
    constant : callable
        A constant.
    name : callable
        An input, or an expression that was given a name.
    """

    between: Mapping[str, str]
    calls: Mapping[str, Callable[[list[str]], str]]
    constant: Callable[[Constant], str]
    name: Callable[[Input | Name], str]

    def write(self, node: Node, *, inner: bool = False) -> str:
        """Write an expression; one that stands inside another is put in parentheses where it needs them."""
        if isinstance(node, Constant):
            return self.constant(node)
        if isinstance(node, Input | Name):
            return self.name(node)
        assert isinstance(node, Apply)
        if node.op == "if":
            return self.chain(node, inner)
        if node.op in self.calls:
            return self.calls[node.op]([self.write(part, inner=node.op not in ("min", "max")) for part in node.args])
        text = f" {self.between[node.op]} ".join(self.write(part, inner=True) for part in node.args)
        return f"({text})" if inner else text

    def chain(self, node: Apply, inner: bool) -> str:
        """Write a choice; those in its last part are the same choice going on, however many there are."""
        branches: list[str] = []
        last: Node = node
        while isinstance(last, Apply) and last.op == "if":
            condition, then, last = last.args
            branches += [self.write(condition, inner=True), self.write(then, inner=True)]
        text = self.calls["if"]([*branches, self.write(last, inner=True)])
        return f"({text})" if inner else text


def heading(program: Program, how: str) -> str:
    """What a printed form says of itself, wrapped."""
    named = f"{program.name!r}" if program.name else "one program"
    words = (
        f"Redemption of points at the checkout: {named}, in {program.currency}. Written by nector-sim export from the "
        f"redemption law (data/law/redemption.md), whose steps and sections the comments name. Do not edit; export "
        f"again. {how}"
    )
    # Names are text of the merchant: nothing in them ends a comment.
    return "\n".join(textwrap.wrap(plain(words).replace("*/", "* /"), 100))


def plain(text: str) -> str:
    """Without what is not printable or would end a line."""
    return "".join(character if character.isprintable() else " " for character in text)


def refuse(what: str, field: str) -> ProgramError:
    """What a language cannot carry."""
    return ProgramError("the program cannot be exported:", [Problem(field, what)])


def refuse_beyond_64_bits(calculator: Calculator) -> None:
    """Raise ProgramError for a program with which some step could leave 64 bits."""
    if calculator.largest >= 2**63:
        raise refuse(f"needs numbers of more than 64 bits ({calculator.largest})", "offers")
