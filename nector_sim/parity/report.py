"""What holding a calculator against the exact one found: as a frame, in words, as JSON and for test systems."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from nector_sim.calculator.choices import CHOICES
from nector_sim.parity.answers import answer_fields, as_json, order_fields
from nector_sim.parity.explaining import Compared, Explained
from nector_sim.results import Result, count

if TYPE_CHECKING:
    import pandas as pd

#: What a group says where nothing explains it.
UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Group:
    """Mismatches with one explanation.

    Attributes
    ----------
    explanation : str
        Such as ``agrees on all of them if `min_payable_rounding` is down``.
    choices : tuple of tuple of str
        The named choices of each explanation that fits; empty where none does.
    count : int
        Orders in the group.
    example : mapping
        The smallest of them: ``order``, ``exact`` and ``theirs``, in major units.
    """

    explanation: str
    choices: tuple[tuple[str, ...], ...]
    count: int
    example: Mapping[str, Any]

    def chosen(self) -> dict[str, str]:
        """What the exact law chose, for every choice that an explanation names."""
        return {name: CHOICES[name].chosen for names in self.choices for name in names if name in CHOICES}


@dataclass(frozen=True, slots=True, repr=False)
class ParityReport(Result):
    """How far a calculator agrees with the exact one.

    Attributes
    ----------
    calculator : str
        Name of the calculator.
    compared : int
        Orders in all.
    agreements : int
        Orders on which they agree.
    mismatches : pandas.DataFrame
        One row for each of the others: ``row`` (1 for the first), the order, the exact answer, theirs (``their_…``) and
        the ``explanation``; money in major units, as Decimals.
    groups : tuple of Group
        The mismatches by what explains them.
    limited_by : mapping of str to int
        Of the orders compared, how many each limit decided: which rules the orders tested.
    """

    calculator: str
    compared: int
    agreements: int
    mismatches: pd.DataFrame
    groups: tuple[Group, ...]
    limited_by: Mapping[str, int]

    @property
    def agrees(self) -> bool:
        """Whether they agree on every order."""
        return self.agreements == self.compared

    def text(self) -> str:
        """Say what was found; the same as :meth:`explain`."""
        return self.explain()

    def to_frame(self) -> pd.DataFrame:
        """Give the mismatches, one row for each order."""
        return self.mismatches.copy()

    def explain(self) -> str:
        """Say in words what was found.

        Returns
        -------
        str
            The agreement, then each group with its explanation and its smallest example.
        """
        lines = [f"{self.calculator}: agrees on {self.agreements:,} of {count(self.compared, 'order')}."]
        for group in self.groups:
            lines += ["", f"{group.count:,} mismatch{'es' if group.count > 1 else ''}: {group.explanation}."]
            lines += [f"  here, `{name}`: {words}" for name, words in group.chosen().items()]
            lines += [f"  {name}: {words}" for name, words in example_words(group.example).items()]
        return "\n".join(lines)

    def assert_agrees(self) -> None:
        """Do nothing where they agree on every order; for tests.

        Raises
        ------
        AssertionError
            With what :meth:`explain` says.
        """
        if not self.agrees:
            raise AssertionError(self.explain())

    def to_json(self) -> str:
        """Write the report as JSON; amounts are text, in major units."""
        return json.dumps(
            {
                "calculator": self.calculator,
                "compared": self.compared,
                "agreements": self.agreements,
                "limited_by": dict(self.limited_by),
                "groups": [
                    {
                        "explanation": group.explanation,
                        "choices": group.choices,
                        "count": group.count,
                        "example": as_json(group.example),
                    }
                    for group in self.groups
                ],
            },
            indent=2,
            ensure_ascii=False,
        )

    def to_junit(self) -> str:
        """Write the report as JUnit XML: one test for each order.

        Returns
        -------
        str
            A test fails if the calculators disagree on its order; it says how they differ, and what explains it.
        """
        wrong = {row["row"]: row for row in self.mismatches.to_dict("records")}
        suite = ElementTree.Element(
            "testsuite",
            name="nector-sim parity",
            tests=str(self.compared),
            failures=str(self.compared - self.agreements),
            errors="0",
        )
        for row in range(1, self.compared + 1):
            case = ElementTree.SubElement(suite, "testcase", classname="parity", name=f"order {row}")
            if found := wrong.get(row):
                message = str(found["explanation"])
                text = "\n".join(f"{name}: {as_json(value)}" for name, value in found.items() if value is not None)
                ElementTree.SubElement(case, "failure", message=_printable(message)).text = _printable(text)
        ElementTree.indent(suite)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


def example_words(example: Mapping[str, Any]) -> dict[str, str]:
    """An example as lines: what it is to what it says."""
    words = {name: _in_words(example[name]) for name in ("order", "exact", "theirs")}
    return words | ({"program": json.dumps(as_json(example["program"]))} if "program" in example else {})


def _in_words(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {as_json(value)}" for name, value in fields.items() if value is not None)


def parity_report(
    compared: Compared, groups: Sequence[Explained], *, calculator: str, one_program: bool = True
) -> ParityReport:
    """Put a report together."""
    mismatching = sum(len(group.rows) for group in groups)
    return ParityReport(
        calculator,
        len(compared.orders),
        len(compared.orders) - mismatching,
        _mismatches(compared, groups, one_program),
        tuple(_group(compared, group, one_program) for group in groups),
        Counter(answer.limited_by for answer in compared.ours),
    )


def _group(compared: Compared, group: Explained, one_program: bool) -> Group:
    # Several variants of one choice may explain a group; the choice is named once.
    choices = tuple(dict.fromkeys(tuple(one.choice for one in explanation) for explanation in group.explanations))
    smallest = min(group.rows, key=lambda row: _size(compared, row))
    return Group(_sentence(group), choices, len(group.rows), _example(compared, smallest, one_program))


def _size(compared: Compared, row: int) -> tuple[Any, ...]:
    order, program = compared.orders[row], compared.programs[compared.program_of[row]]
    extras = [order.credits > 0, order.coupon > 0]
    extras += [value is not None for value in (order.requested, order.tier, order.at, order.eligible)]
    return len(program.offers), sum(extras), order.cart, order.balance, order.credits, row


def _sentence(group: Explained) -> str:
    if group.error:
        return group.error
    if not group.explanations:
        return UNEXPLAINED
    ways = ", or if ".join(" and ".join(map(str, explanation)) for explanation in group.explanations)
    return f"agrees on all of them if {ways}" if len(group.rows) > 1 else f"agrees if {ways}"


def _example(compared: Compared, row: int, one_program: bool) -> dict[str, Any]:
    program, ours, theirs = compared.programs[compared.program_of[row]], compared.ours[row], compared.theirs[row]
    example = {
        "row": row + 1,
        "order": order_fields(program, compared.orders[row]),
        "exact": answer_fields(program, ours) | {"limited_by": ours.limited_by},
    }
    if theirs.error or theirs.refused:
        example["theirs"] = {"error": theirs.error} if theirs.error else {"refused": "the order"}
    else:
        example["theirs"] = answer_fields(program, theirs)
    if not one_program:
        example["program"] = json.loads(program.to_json())
    return example


def _mismatches(compared: Compared, groups: Sequence[Explained], one_program: bool) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for group in groups:
        sentence = _sentence(group)
        for row in group.rows:
            example = _example(compared, row, one_program)
            theirs = {f"their_{name}": value for name, value in example["theirs"].items()}
            rows.append(
                {"row": example["row"], **example["order"], **example["exact"], **theirs, "explanation": sentence}
                | ({"program": json.dumps(example["program"])} if "program" in example else {})
            )
    columns = ["row", "cart_amount", "points_balance", "points_redeemed", "discount", "payable", "limited_by"]
    if not rows:
        return pd.DataFrame(columns=[*columns, "explanation"], dtype=object)
    return pd.DataFrame(rows, dtype=object).sort_values("row", ignore_index=True)
