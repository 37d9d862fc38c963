"""Which differences of calculators explain the mismatches: every explanation is verified, row by row."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

from nector_sim.calculator.exact import Answer, Law, Order
from nector_sim.parity.answers import Theirs
from nector_sim.parity.variants import IGNORING, VARIANTS, Variant, ignoring_sets, pairs, together
from nector_sim.rules.program import Program

#: Mismatches on which all explanations are tried first; those that hold there are then tried on all rows.
SAMPLE = 200
#: Mismatches on which all pairs are tried before that.
FEW = 20

Explanation = tuple[Variant, ...]


@dataclass(slots=True)
class Compared:
    """Orders, the exact answers and the others; ``program_of`` says which program each order belongs to."""

    programs: list[Program] = field(default_factory=list)
    program_of: list[int] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    ours: list[Answer] = field(default_factory=list)
    theirs: list[Theirs] = field(default_factory=list)

    def mismatches(self) -> list[int]:
        """Rows where they do not agree."""
        return [
            row
            for row, (ours, theirs) in enumerate(zip(self.ours, self.theirs, strict=True))
            if not theirs.agrees(ours)
        ]


@dataclass(frozen=True, slots=True)
class Explained:
    """Mismatching rows with one explanation; several are listed where the rows do not tell them apart."""

    rows: list[int]
    explanations: tuple[Explanation, ...] = ()
    error: str = ""


def explain_mismatches(compared: Compared, mismatches: Sequence[int]) -> list[Explained]:
    """Group mismatches by what explains them.

    An explanation is a variant of the exact law, two at once, or any number of inputs that a calculator does not read,
    which go first. It is accepted for a group of rows if it agrees with the other calculator on every one of them, and
    if none of the rows that match speaks against it: wherever it would differ from the exact law, so does the other
    calculator. The one that explains most rows goes first; fewer variants go before more.
    """
    groups = _errors(compared, mismatches)
    left = [row for row in mismatches if not compared.theirs[row].error]
    bench = _Bench(compared, mismatches)
    while left:
        found = bench.best(left)
        if found is None:
            groups.append(Explained(left))
            break
        groups.append(found)
        explained = set(found.rows)
        left = [row for row in left if row not in explained]
    return groups


def _errors(compared: Compared, mismatches: Sequence[int]) -> list[Explained]:
    by_error: dict[str, list[int]] = {}
    for row in mismatches:
        if error := compared.theirs[row].error:
            by_error.setdefault(error, []).append(row)
    return [Explained(rows, error=error) for error, rows in by_error.items()]


class _Bench:
    """The variants, set up for the programs at hand."""

    def __init__(self, compared: Compared, mismatches: Sequence[int]) -> None:
        self.compared = compared
        differing = set(mismatches)
        self.matching = [row for row in range(len(compared.orders)) if row not in differing]
        self.exact = [Law(program) for program in compared.programs]
        self.laws: dict[tuple[Explanation, int], Law] = {}
        self.refuted: dict[Explanation, bool] = {}

    def agrees(self, explanation: Explanation, row: int) -> bool:
        """Whether the other calculator's answer is that of the explanation."""
        number = self.compared.program_of[row]
        law = self.laws.get((explanation, number))
        if law is None:
            # Variants have no state of their own, so the program's numbers are read once.
            law = self.laws[explanation, number] = copy.copy(self.exact[number])
            law.__class__ = together(explanation)
        return self.compared.theirs[row].agrees(law.answer(self.compared.orders[row]))

    def best(self, left: list[int]) -> Explained | None:
        """The explanation that holds on the most of these rows, with all others that hold on the same."""
        sample = _spread(left, SAMPLE)
        candidates: dict[Explanation, list[int]] = {}
        for variant in (*IGNORING, *VARIANTS):
            self.keep(candidates, (variant,), sample, 1)
        most = max(map(len, candidates.values()), default=0)
        if most < len(sample):
            for several in (*self.promising_pairs(candidates, sample), *ignoring_sets()):
                # Those that hold on fewer rows than one that is not refuted are given up at the row that tells.
                most = max(most, self.keep(candidates, several, sample, max(1, most)))
        if not candidates:
            return None
        # Fewer variants go before more, where they explain as much.
        explanation = min(candidates, key=lambda one: (-len(candidates[one]), len(one)))
        rows = [row for row in left if self.agrees(explanation, row)]
        same = [
            other
            for other, held in candidates.items()
            if len(other) == len(explanation)
            and held == candidates[explanation]
            and all(self.agrees(other, row) for row in rows)
        ]
        return Explained(rows, tuple(same))

    def promising_pairs(self, singles: dict[Explanation, list[int]], sample: list[int]) -> list[Explanation]:
        """Those pairs that hold on at least as many of a few rows as the best single variant."""
        few = _spread(sample, FEW)
        needed = max((len(set(rows) & set(few)) for rows in singles.values()), default=0)
        held: dict[Explanation, int] = {pair: len(self.held(pair, few, max(1, needed))) for pair in pairs()}
        return sorted((pair for pair, count in held.items() if count), key=lambda pair: -held[pair])

    def keep(self, candidates: dict[Explanation, list[int]], one: Explanation, sample: list[int], needed: int) -> int:
        """Add an explanation that holds on at least so many rows and is not refuted; on how many it holds."""
        rows = self.held(one, sample, needed)
        if not rows or self.is_refuted(one):
            return 0
        candidates[one] = rows
        return len(rows)

    def held(self, explanation: Explanation, sample: list[int], needed: int) -> list[int]:
        """The rows on which it holds; none, once it is clear that they are fewer than needed."""
        rows, left = [], len(sample)
        for row in sample:
            left -= 1
            if self.agrees(explanation, row):
                rows.append(row)
            elif len(rows) + left < needed:
                return []
        return rows

    def is_refuted(self, explanation: Explanation) -> bool:
        """Whether a row that matches the exact law speaks against it."""
        if explanation not in self.refuted:
            self.refuted[explanation] = not all(self.agrees(explanation, row) for row in self.matching)
        return self.refuted[explanation]


def _spread(rows: list[int], most: int) -> list[int]:
    """At most so many rows, evenly spread."""
    step = max(1, -(-len(rows) // most))
    return rows[::step]
