"""Customers to sides: by keyed hash, and balanced on what they did before."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nector_sim.errors import InputError
from nector_sim.exploration.experiments.outcomes import instant, outcome_rows, people_of, person_of, totals
from nector_sim.frames.kinds import as_frame
from nector_sim.orders.identity import HASHED, load_key
from nector_sim.places import on_this_machine
from nector_sim.results import Result, count

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("baseline", "candidate")
#: The worst standardised difference with which an assignment is kept.
BALANCED = 0.1
#: Draws that are tried.
TRIES = 500


@dataclass(frozen=True, repr=False)
class ExperimentAssignment(Result):
    """Who is on which side of a test.

    Attributes
    ----------
    frame : pandas.DataFrame, shape (customers, 2)
        ``customer_id`` as it came, and ``side``: ``baseline`` or ``candidate``.
    balance : pandas.DataFrame
        What customers did before, as means per customer by side, and the standardised difference.
    start : pandas.Timestamp
        When the sides begin to differ.
    seed : int
        Seed of the draw that was kept; with the key it reproduces every side.
    tries : int
        Draws that were made until both sides were alike.
    candidate_percent : float
        The chance, in per cent, that a customer is on the candidate's side.
    said : tuple of str
        Who got no side, and why.
    """

    frame: pd.DataFrame
    balance: pd.DataFrame
    start: pd.Timestamp
    seed: int
    tries: int
    candidate_percent: float
    key: bytes
    said: tuple[str, ...] = ()

    PICTURES = ("sides",)

    def side_of(self, customer_id: object) -> str:
        """The side of any customer, also of one who comes later."""
        return SIDES[int(_draw(person_of(customer_id), self.seed, self.key) < self.candidate_percent / 100)]

    def to_frame(self) -> pd.DataFrame:
        """Give ``customer_id`` and ``side``."""
        return self.frame

    def text(self) -> str:
        """Say how many are where and how alike they are."""
        counts = self.frame["side"].value_counts()
        worst = self.balance["standardised_difference"].abs().max()
        lines = [
            f"{count(len(self.frame), 'customer')}: {counts.get('baseline', 0):,} baseline, "
            f"{counts.get('candidate', 0):,} candidate, from {self.start:%Y-%m-%d %H:%M} UTC on",
            f"Worst standardised difference before: {worst:.3f} (draw {self.tries}, seed {self.seed})",
            *self.said,
        ]
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write ``customer_id`` and ``side`` as CSV, for the shop to load."""
        place = on_this_machine(path, "save the sides here, and copy the file there")
        try:
            self.frame.to_csv(place, index=False)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
        return place

    def __repr__(self) -> str:
        # Not the dataclass's, which would show the key.
        return Result.__repr__(self)


def assign_experiment(
    orders: Any,
    *,
    start: Any,
    candidate_percent: float = 50,
    before_weeks: int = 26,
    seed: int = 0,
    key_file: str | Path | None = None,
    timezone: str = "Asia/Kolkata",
) -> ExperimentAssignment:
    """Assign whole customers to the two sides of a test.

    A customer's side is a keyed hash of who they are, so it is stable, nobody can choose it, and the same person in two
    forms of a phone number is on one side. Draws with other seeds follow until the sides are alike in what customers
    did before the start: the worst standardised difference is below 0.1.

    Parameters
    ----------
    orders : pandas.DataFrame, or any table with an Arrow interface
        With ``customer_id``, ``ordered_at``, ``cart_amount`` and where they are known ``discount_given``. Every
        customer in it gets a side, except those whom :func:`nector_sim.read_orders` knows only by a hash: no
        shop could load that.
    start : str or datetime
        When the test begins.
    candidate_percent : float, optional
        Percentage of customers who get the candidate.
    before_weeks : int, optional
        Weeks before the start in which both sides must be alike.
    seed : int, optional
        Seed of the first draw.
    key_file : path, optional
        Key of the hashes; made if there is none. Left out, the one in the user's home.
    timezone : str, optional
        Zone of times that name none.

    Returns
    -------
    ExperimentAssignment

    Raises
    ------
    InputError
        If there are too few customers, or no draw is balanced.

    Examples
    --------
    >>> sides = ns.assign_experiment(ns.demo_orders(), start="2023-12-01", key_file=folder / "key")
    >>> len(sides.frame), bool(sides.balance["standardised_difference"].abs().max() < 0.1)
    (2469, True)
    >>> sides.side_of("+91 98765 43210") == sides.side_of("09876543210")
    True
    """
    import pandas as pd

    if not 0 < candidate_percent < 100:
        raise InputError(f"candidate_percent is {candidate_percent:g}; it must be above 0 and below 100")
    frame, begins = as_frame(orders), instant(start, timezone)
    rows = outcome_rows(frame, assumptions=None, timezone=timezone)
    ids = frame["customer_id"].dropna().drop_duplicates().reset_index(drop=True)
    hashed = ids.astype(str).str.fullmatch(HASHED)
    ids = ids[~hashed].reset_index(drop=True)
    said = []
    if hashed.any():
        said.append(
            f"{hashed.sum():,} of {count(len(hashed), 'customer')} get no side: read_orders knows them by a hash "
            f"alone, which "
            "the shop cannot load. For a side for them, give a table with the shop's own customer ids."
        )
    persons = people_of(ids)
    people = pd.Index(persons.unique())
    if len(people) < 20:
        raise InputError(" ".join([f"there are {count(len(people), 'customer')}; a test needs many more.", *said]))
    before = totals(rows, people, begins - pd.Timedelta(weeks=before_weeks), begins)
    key = load_key(key_file)
    for tried in range(TRIES):
        draws = np.array([_draw(person, seed + tried, key) for person in people])
        on_candidate = draws < candidate_percent / 100
        if 10 <= on_candidate.sum() <= len(people) - 10:
            balance = _balance(before, on_candidate)
            if balance["standardised_difference"].abs().max() < BALANCED:
                break
    else:
        raise InputError(
            f"no draw of {TRIES} has alike sides: with {count(len(people), 'customer')} some are too unlike; use "
            f"more customers"
        )
    side_of = dict(zip(people, np.where(on_candidate, SIDES[1], SIDES[0]), strict=True))
    sides = pd.DataFrame({"customer_id": ids, "side": persons.map(side_of)})
    return ExperimentAssignment(
        sides, balance, begins, seed + tried, tried + 1, float(candidate_percent), key, tuple(said)
    )


def _draw(person: str, seed: int, key: bytes) -> float:
    """A number from 0 to below 1 that only the key, the seed and the person decide."""
    digest = hmac.digest(key, f"experiment {seed}: {person}".encode(), "sha256")
    return int.from_bytes(digest[:6], "big") / 2**48


def _balance(before: pd.DataFrame, on_candidate: Any) -> pd.DataFrame:
    import pandas as pd

    one, other = before[~on_candidate], before[on_candidate]
    spread = np.sqrt((one.var() + other.var()) / 2)
    apart = ((other.mean() - one.mean()) / spread.where(spread > 0)).fillna(0.0)
    return pd.DataFrame(
        {
            "outcome": before.columns,
            "baseline": one.mean().to_numpy(),
            "candidate": other.mean().to_numpy(),
            "standardised_difference": apart.to_numpy(),
        }
    )
