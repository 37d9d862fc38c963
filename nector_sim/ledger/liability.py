"""What is owed: points outstanding, by age, by month of expiry and by tier, at face value and as expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from nector_sim._progress import Progress, long_call, stages
from nector_sim.errors import InputError
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.facts import quiet_end
from nector_sim.ledger.frames import Writer
from nector_sim.ledger.instants import month_starts, to_datetime
from nector_sim.ledger.lots import Lots, lots_at
from nector_sim.ledger.replay import Replay, replay
from nector_sim.ledger.tables import ALWAYS
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text
from nector_sim.rules.program import ProgramLike
from nector_sim.rules.times import NEVER
from nector_sim.rules.values import read_percentage

Number = Decimal | float | str
#: Ages in completed months, from the youngest, and how they are called.
AGES = ((3, "0-3 months"), (6, "3-6 months"), (12, "6-12 months"), (24, "12-24 months"))
OLDEST, BROUGHT, PENDING, UNEXPIRING, NO_TIER = "over 24 months", "brought along", "pending", "never", "none"


@dataclass(frozen=True, slots=True, repr=False)
class Liability(Result):
    """What is owed at an instant; money in the currency's major unit.

    Attributes
    ----------
    at : datetime
        In UTC; what happened at that instant is included.
    currency : str
    points : int
        Outstanding, spendable and pending.
    overdraft : int
        Points that customers owe; not set off against what others are owed.
    face : Decimal
        If every point were redeemed.
    expected, expected_low, expected_high : Decimal or None
        Face value times the ultimate redemption rate; None without one. These are estimates; ``face`` is exact.
    lots : pandas.DataFrame
        What is left of each credit: ``customer_id``, ``points``, ``since`` (missing where customers brought them),
        ``expires_at`` (missing for never), ``pending``, ``tier`` (missing for none).
    notices : tuple of str
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("expiring", "outstanding")

    at: datetime
    currency: str
    points: int
    overdraft: int
    face: Decimal
    expected: Decimal | None
    expected_low: Decimal | None
    expected_high: Decimal | None
    lots: pd.DataFrame = field(repr=False)
    notices: tuple[str, ...]
    _money: _Money = field(repr=False)
    _ages: Any = field(repr=False)
    _timezone: str = field(repr=False)

    def text(self) -> str:
        """Say what is owed in a few lines."""
        at = self.at.astimezone(ZoneInfo(self._timezone))
        face = money_text(self.face, self.currency)
        lines = [
            f"{count(self.points, 'point is', 'points are')} outstanding at {at:%Y-%m-%d %H:%M}: {face} at face value."
        ]
        if self.expected is not None and self.expected_low is not None and self.expected_high is not None:
            likely, low, high = (
                money_text(amount, self.currency) for amount in (self.expected, self.expected_low, self.expected_high)
            )
            lines.append(f"Expected to be redeemed: {likely} ({low} to {high}).")
        if self.overdraft:
            lines.append(f"Customers owe {count(self.overdraft, 'point')}; these are not set off.")
        return "\n".join([*lines, *self.notices])

    def to_frame(self) -> pd.DataFrame:
        """Give what is owed by age; see :meth:`by_age`."""
        return self.by_age()

    def by_age(self) -> pd.DataFrame:
        """How old the points are, in completed calendar months since they were credited.

        Returns
        -------
        pandas.DataFrame
            ``age``, ``points``, ``face``, and where expected ``expected_low``, ``expected``, ``expected_high``. Rows
            are rounded one by one, so they may differ from the whole by a minor unit each.
        """
        # By the clock on the wall, so that no hour that summer time leaves out is met.
        since = self.lots["since"].dt.tz_convert(self._timezone).dt.tz_localize(None)
        at = pd.Timestamp(self.at).tz_convert(self._timezone).tz_localize(None)
        ages = np.full(len(since), OLDEST, object)
        for months, name in reversed(AGES):
            ages[(since + pd.DateOffset(months=months) > at).to_numpy()] = name
        ages[since.isna().to_numpy()] = BROUGHT
        ages[self.lots["pending"].to_numpy()] = PENDING
        names = [PENDING, *(name for _, name in AGES), OLDEST, BROUGHT]
        return self._table("age", ages, [name for name in names if name in set(ages)])

    def by_expiry(self) -> pd.DataFrame:
        """When the points expire, by month of the program's time zone; ``never`` last.

        Returns
        -------
        pandas.DataFrame
            ``month`` and the columns of :meth:`by_age`.
        """
        months = self.lots["expires_at"].dt.tz_convert(self._timezone).dt.strftime("%Y-%m").fillna(UNEXPIRING)
        names = sorted(set(months) - {UNEXPIRING}) + [UNEXPIRING] * bool((months == UNEXPIRING).any())
        return self._table("month", months.to_numpy(object), names)

    def by_tier(self) -> pd.DataFrame:
        """Who is owed, by tier; ``none`` first.

        Returns
        -------
        pandas.DataFrame
            ``tier`` and the columns of :meth:`by_age`.
        """
        tiers = self.lots["tier"]
        names = [NO_TIER] * bool(tiers.isna().any()) + [name for name in tiers.cat.categories if (tiers == name).any()]
        return self._table("tier", tiers.astype(object).where(tiers.notna(), NO_TIER).to_numpy(object), names)

    def _table(self, what: str, keys: Any, names: Sequence[str]) -> pd.DataFrame:
        tiers = self.lots["tier"].cat.codes.to_numpy()
        points = self.lots["points"].to_numpy()
        rows = []
        for name in names:
            mine = keys == name
            rows.append(
                {
                    what: name,
                    "points": int(points[mine].sum()),
                    **self._money.of(points[mine], tiers[mine], self._ages[mine]),
                }
            )
        return pd.DataFrame(rows, columns=[what, "points", *self._money.columns])


@dataclass(frozen=True, slots=True)
class _Money:
    """Points in money: what a point is worth by tier code (-1 for none), and the rates of what is ever redeemed."""

    values: dict[int, Fraction]
    rates: dict[str, tuple[Fraction, ...]]
    decimals: int

    @property
    def columns(self) -> list[str]:
        return ["face", *self.rates]

    def of(self, points: Any, tiers: Any, ages: Any) -> dict[str, Decimal]:
        """Face value and what is expected of it, each exact and rounded once, a half up.

        `ages` are positions in each of the rates.
        """
        face, expected = Fraction(0), dict.fromkeys(self.rates, Fraction(0))
        for tier, value in self.values.items():
            by_age = np.bincount(ages[tiers == tier], minlength=1)
            mine = np.zeros(len(by_age), np.int64)
            np.add.at(mine, ages[tiers == tier], points[tiers == tier])
            worth = {age: int(count) * value for age, count in enumerate(mine.tolist()) if count}
            face += sum(worth.values(), Fraction(0))
            for name, rates in self.rates.items():
                expected[name] += sum((amount * rates[age] for age, amount in worth.items()), Fraction(0))
        return {name: self._rounded(amount) for name, amount in ({"face": face} | expected).items()}

    def _rounded(self, amount: Fraction) -> Decimal:
        minor = (amount * 10**self.decimals * 2 + 1) // 2
        return Decimal(minor).scaleb(-self.decimals)


@long_call("steps")
def liability(
    source: Any,
    *,
    program: ProgramLike | None = None,
    at: datetime | str | None = None,
    ultimate_percent: Number | Sequence[Number] | None = None,
    ultimate: HasRunOff | None = None,
    progress: Progress | None = None,
) -> Liability:
    """Give what is owed: points outstanding, at face value and as expected.

    Parameters
    ----------
    source : Replay or table
        A replay; or balances, such as :func:`nector_sim.read_balances` reads: ``customer_id``, ``points``, optional
        ``expires_at``, ``lifetime_spend``; or a replay's, with ``points_balance`` and ``points_pending``. Balances do
        not tell how old they are.
    program : Program, optional
        Needed for balances; a replay has its own.
    at : datetime or str, optional
        Not after the end of the replay, which is the default; needed for balances.
    ultimate_percent : number, or (low, likely, high), optional
        Of the points *still there*, how many will be redeemed. (``Ultimate.percent`` is of the points *issued* and too
        high here: points still there are redeemed more slowly. Give the estimate itself as `ultimate`.)
    ultimate : Ultimate, optional
        From :func:`nector_sim.ultimate_redemption`: each lot takes the rate of points still there at its age, pending
        ones that of new points, and points of an unknown age that of all points outstanding.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    Liability

    Raises
    ------
    InputError
        If something is missing or is not a percentage, no offer gives an amount for points, or rows cannot be used.

    Examples
    --------
    >>> offer = {"kind": "variable_amount", "points_per_step": 100, "discount_per_step": 5}
    >>> program = ns.Program.parse({"offers": [offer], "expiry": {"months": 6}})
    >>> balances = pd.DataFrame({"customer_id": ["a", "b"], "points": [1000, 250], "expires_at": ["2026-02-01", None]})
    >>> owed = liability(balances, program=program, at="2026-01-01", ultimate_percent=80)
    >>> owed.points, owed.face, owed.expected
    (1250, Decimal('62.50'), Decimal('50.00'))
    >>> owed.by_expiry()[["month", "points"]].values.tolist()
    [['2026-02', 1000], ['never', 250]]
    """
    if ultimate is not None and ultimate_percent is not None:
        raise InputError("ultimate and ultimate_percent are both given; give the one that is to count")
    rates: dict[str, tuple[Fraction, ...]]
    if ultimate is None:
        rates = {name: (rate,) for name, rate in _rates(ultimate_percent).items()}
    else:
        rates = _by_age(ultimate)
    run = source if isinstance(source, Replay) else _of_balances(source, program, at)
    step = stages(3)
    step()
    lots = lots_at(run, at)
    step()
    names = run._facts.tiers
    values = {code: _point_value(lots, name) for code, name in [(-1, None), *enumerate(names)]}
    money = _Money(values, rates, lots.program.decimals)
    ages = np.zeros(len(lots.left.points), np.int64) if ultimate is None else _ages(lots, ultimate)
    whole = money.of(lots.left.points, lots.left.tier, ages)
    worthless = int(lots.left.points[[not values[tier] for tier in lots.left.tier.tolist()]].sum())
    notices = list(run.notices)
    if worthless:
        notices.append(
            f"{count(worthless, 'point belongs', 'points belong')} to customers whose tier can use no offer; they "
            f"count as nothing"
        )
    if quiet := quiet_end(run._facts.prepared, lots.at):
        notices.append(f"{quiet}: what was ordered since, if anything, is missing here")
    if ultimate is not None:
        notices += ultimate.notices
    owed = Liability(
        at=to_datetime(lots.at),
        currency=lots.program.currency,
        points=int(lots.left.points.sum()),
        overdraft=int(lots.ran.outcome.overdraft.sum()),
        face=whole["face"],
        expected=whole.get("expected"),
        expected_low=whole.get("expected_low"),
        expected_high=whole.get("expected_high"),
        lots=_frame(run, lots, names),
        notices=tuple(notices),
        _money=money,
        _ages=ages,
        _timezone=lots.program.timezone,
    )
    step()
    return owed


class HasRunOff(Protocol):
    """What is needed of an estimate of ultimate redemption."""

    @property
    def still_percent(self) -> tuple[float, float, float]:
        """Of all points outstanding."""

    @property
    def still_by_age(self) -> pd.DataFrame:
        """By age in months."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What to know of it."""


def _by_age(ultimate: HasRunOff) -> dict[str, tuple[Fraction, ...]]:
    """Rates of points still there, by age in months; the last is that of points of an unknown age."""
    names = ("expected_low", "expected", "expected_high")
    return {
        name: tuple(Fraction(str(round(rate, 4))) / 100 for rate in (*ultimate.still_by_age[column], of_all))
        for name, column, of_all in zip(names, ("low", "likely", "high"), ultimate.still_percent, strict=True)
    }


def _ages(lots: Lots, ultimate: HasRunOff) -> Any:
    """The age of each lot, as months of the calendar begun since its credit; behind all ages where it is not known."""
    zone, unknown = lots.program.timezone, len(ultimate.still_by_age)
    brought = lots.left.since == ALWAYS
    _, starts = month_starts(int(lots.left.since[~brought].min(initial=lots.at)), lots.at + 1, zone)
    month = np.searchsorted(starts, lots.left.since, side="right")
    age = np.minimum(np.searchsorted(starts, lots.at + 1, side="right") - month, unknown - 1)
    return np.where(brought, unknown, np.where(lots.left.pending, 0, age)).astype(np.int64)


def _of_balances(balances: Any, program: ProgramLike | None, at: datetime | str | None) -> Replay:
    if program is None or at is None:
        raise InputError("the liability of balances needs the program, and at: the instant that they are of")
    if balances is None or isinstance(balances, str | Path):
        raise InputError("give a replay, or a table of balances; ns.read_balances reads one from a file")
    frame = as_frame(balances)
    if "points" not in frame and "points_balance" in frame:
        frame = frame.assign(points=_with_pending(frame))
    nothing = pd.DataFrame({"order_id": [], "customer_id": [], "ordered_at": [], "cart_amount": []}, dtype=str)
    return replay(program, nothing, opening=frame, as_of=at)


def _with_pending(balances: pd.DataFrame) -> pd.Series[Any]:
    """Add up what a replay writes of a customer: what is pending is owed too."""
    try:
        spendable = pd.to_numeric(balances["points_balance"])
        return spendable + pd.to_numeric(balances["points_pending"]) if "points_pending" in balances else spendable
    except (TypeError, ValueError):
        raise InputError("points_balance or points_pending holds something that is no number; fix it") from None


def _rates(percent: Number | Sequence[Number] | None) -> dict[str, Fraction]:
    if percent is None:
        return {}
    several = [percent] if isinstance(percent, str) or not isinstance(percent, Sequence) else list(percent)
    try:
        shares = [read_percentage(share, ask_below=0) for share in several]
        read_percentage(several[shares.index(max(shares))] if shares else 0)
    except ValueError as error:
        raise InputError(f"ultimate_percent {error}") from None
    if len(shares) not in (1, 3) or shares != sorted(shares):
        raise InputError(
            f"ultimate_percent is {percent}; it is a percentage from 0 to 100, or three: low, likely and high"
        )
    low, likely, high = shares * 3 if len(shares) == 1 else shares
    named = {"expected_low": low, "expected": likely, "expected_high": high}
    return {name: Fraction(share) / 100 for name, share in named.items()}


def _point_value(lots: Lots, tier: str | None) -> Fraction:
    """What a point is worth to a tier, major units: by the most generous offer that it can use and that goes on."""
    values, amounts = [], 0
    for offer in lots.program.offers:
        if offer.point_value is None:
            continue
        amounts += 1
        if offer.tiers is not None and tier not in offer.tiers:
            continue
        if offer.ends_at is not None and lots.program.instant(offer.ends_at) <= to_datetime(lots.at):
            continue
        values.append(offer.point_value)
    if not amounts:
        raise InputError("a point has no value of its own: no offer of the program gives an amount for points")
    return max(values, default=Fraction(0))


def _frame(run: Replay, lots: Lots, tiers: tuple[str, ...]) -> pd.DataFrame:
    left = lots.left
    return pd.DataFrame(
        {
            "customer_id": Writer(run._facts, lots.program.decimals).customer_ids(left.customer),
            "points": left.points,
            "since": _times(left.since),
            "expires_at": _times(left.expires),
            "pending": left.pending,
            "tier": pd.Categorical.from_codes(left.tier, dtype=pd.CategoricalDtype(list(tiers))),
        }
    )


def _times(instants: Any) -> Any:
    missing = (instants == NEVER) | (instants == ALWAYS)
    stamps = np.where(missing, np.iinfo(np.int64).min, instants).view("datetime64[us]")
    return pd.Series(stamps).dt.tz_localize("UTC")
