"""The columns that scoring adds to orders: their names, and those of the offers in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from nector_sim.errors import InputError
from nector_sim.frames import described
from nector_sim.rules.program import Program

if TYPE_CHECKING:
    import pandas as pd

#: In their order; ``credits_used`` only where credits came in.
RESULTS = tuple(described.RESULTS)
#: Beside them, in a replay.
OF_REPLAYS = tuple(described.OF_REPLAYS)


class Naming(NamedTuple):
    """What a caller puts before and behind the names of results, so that they differ from columns that orders have.

    Attributes
    ----------
    prefix, suffix : str
    """

    prefix: str = ""
    suffix: str = ""

    def name(self, result: str) -> str:
        """The column that a result goes into."""
        return f"{self.prefix}{result}{self.suffix}"

    def free(self, names: Iterable[str], results: Iterable[str] = RESULTS) -> None:
        """Refuse columns that have the name of a result."""
        results = [self.name(result) for result in results]
        taken = [name for name in names if name in results]
        if taken:
            raise InputError(
                f"the orders already have a column {', '.join(taken)}, which a result would replace; name the results "
                "otherwise (prefix=, suffix=, --prefix, --suffix), or rename or drop it"
            )

    def plain(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Scored orders with the results under their own names, in the place of columns that have these."""
        if not any(self):
            if others := _otherwise_named(list(map(str, frame.columns))):
                raise InputError(f"the results of these orders have other names; name them: {' or '.join(others)}")
            return frame
        if self.name("discount") not in frame.columns:
            raise InputError(f"the orders have no column {self.name('discount')}; check prefix= and suffix=")
        named = {self.name(result): result for result in (*RESULTS, *OF_REPLAYS) if self.name(result) in frame.columns}
        return frame.drop(columns=[name for name in named.values() if name in frame.columns]).rename(columns=named)


#: Results under their own names.
PLAIN = Naming()


def _otherwise_named(names: list[str]) -> list[str]:
    """Under which prefixes and suffixes results are there, if they are not under their own names."""
    if "points_redeemed" in names:
        return []
    found = [Naming(*name.split("points_redeemed", 1)) for name in names if "points_redeemed" in name]
    return [
        ", ".join(f"{field}={value!r}" for field, value in naming._asdict().items() if value)
        for naming in found
        if {naming.name("discount"), naming.name("limited_by")} <= {*names}
    ]


def offer_names(program: Program) -> list[str]:
    """Categories of ``offer``: empty first, then each offer's name."""
    return ["", *(program.offer_name(position) for position in range(len(program.offers)))]
