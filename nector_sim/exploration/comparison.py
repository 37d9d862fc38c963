"""What a comparison of two programs found, and how it is said: the pair first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from nector_sim.economics.happened import Happened
from nector_sim.economics.labels import LABELS, OTHERS, SURE
from nector_sim.economics.summary import Summary, break_even_sentence
from nector_sim.economics.what_moves import MarginDifference
from nector_sim.exploration.basis import Basis
from nector_sim.results import Result, count
from nector_sim.rules.money import money_text

#: Orders that the break-even of the pair is counted among: its number, and how a sentence calls them.
AMONG = (
    ("incremental_break_even_uplift_users", "orders of customers who use points"),
    ("incremental_break_even_uplift_redeeming", "orders that redeem"),
    ("incremental_break_even_uplift", "orders of all customers"),
)
#: A simulated today that is further from what really happened than this is said first.
OFF = 0.1


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Result):
    """Two programs on the same orders. Margins are estimates, under the assumptions; money in major units.

    Attributes
    ----------
    baseline, candidate : Summary
    ranges : pandas.DataFrame
        A row for each headline number of the baseline, the candidate and their difference (``baseline.margin``,
        ``candidate.break_even_uplift``, ``incremental_margin`` …): ``value``, and with resamples ``low`` and ``high``,
        the 5th and 95th percentile over resamples of the customers. A missing break-even means `never`. The break-evens
        of the pair, ``incremental_break_even_uplift`` (of all orders), ``…_users`` (of the orders of customers who use
        points) and ``…_redeeming`` (of those that redeem), are negative where the candidate earns more: the orders that
        may be lost (missing, where those orders earn nothing: any
        number). Where a response is stated, ``response`` is the share of orders that customers who use points place
        more (or, below 0, less) under the candidate, and ``incremental_margin_with_response`` what it then earns beyond
        the baseline.
    probability : float or None
        Where a response is stated or an uplift is assumed, and customers are drawn, the share of the draws in which the
        candidate with it earns more than the baseline.
    tornado : pandas.DataFrame
        Which assumption moves the incremental margin most, with the response where one is stated; see
        :func:`nector_sim.economics.what_moves.tornado`.
    groups : pandas.DataFrame
        Both sides and the difference by group; without rows where no groups were asked for.
    changes : pandas.DataFrame
        Rows ``fall``, ``rise``, ``same``: orders and customers whose discount does so, and by how much in total.
    below_floor : pandas.DataFrame or None
        Orders below the floor under either program, with both margins.
    happened : Happened or None
        What customers really redeemed, where the orders say.
    replayed : bool
        Whether balances ran from order to order, or each order was worked out by itself.
    notices : tuple of str
        What a reader of the numbers must know.
    basis : Basis
        The programs, orders and assumptions; what :func:`nector_sim.make_report` writes down beside the numbers.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("break_even", "tornado")

    baseline: Summary
    candidate: Summary
    ranges: pd.DataFrame
    probability: float | None
    tornado: pd.DataFrame
    groups: pd.DataFrame
    changes: pd.DataFrame
    below_floor: pd.DataFrame | None
    happened: Happened | None
    replayed: bool
    notices: tuple[str, ...]
    currency: str
    assumed_uplift_percent: float | None
    basis: Basis
    _answer: MarginDifference

    def to_frame(self) -> pd.DataFrame:
        """Give the headline numbers of both and their difference, with ranges."""
        return self.ranges.rename_axis("number").reset_index()

    @property
    def incremental_margin(self) -> float:
        """What the candidate earns beyond the baseline."""
        return self.candidate.margin - self.baseline.margin

    @property
    def answer(self) -> float:
        """What the candidate earns beyond the baseline, with the response where one is stated."""
        name = "incremental_margin_with_response"
        return self._value(name) if name in self.ranges.index else self.incremental_margin

    @property
    def margin_at_assumed_uplift(self) -> float | None:
        """What the candidate earns with the uplift that was assumed; None without one."""
        uplift = self.assumed_uplift_percent
        return None if uplift is None else self.candidate.margin * (1 + uplift / 100)

    def what_moves(self, *, samples: int = 1024, seed: int = 0) -> pd.DataFrame:
        """Say how much of the spread of the answer each assumption makes up that is given as a range.

        All ranges are drawn at once, each from its triangle, so that what they do together is seen; a tornado moves one
        at a time. Customers are not drawn. The shares are Sobol's indices (Saltelli and others 2010), by scipy.

        Parameters
        ----------
        samples : int
            A power of two.
        seed : int

        Returns
        -------
        pandas.DataFrame
            One row a range, the one that moves the answer most first: ``assumption``, ``alone`` (the share of the
            variance that it makes up by itself) and ``with_others`` (also together with others). Estimates: small ones
            may be a little below 0.

        Raises
        ------
        InputError
            If no assumption is a range, or `samples` is no power of two.
        ModuleNotFoundError
            Without the extra ``estimates``.
        """
        return self._answer.spread(samples=samples, seed=seed)

    @property
    def break_even(self) -> str:
        """The candidate's break-even against no redemption, in words, with its range where there is one."""
        value = self._value("candidate.break_even_uplift")
        sentence = break_even_sentence(None if np.isnan(value) else value)
        if "low" not in self.ranges or np.isnan(value) or value <= 0:
            return sentence
        low, high = (self._value("candidate.break_even_uplift", end) for end in ("low", "high"))
        upper = "never" if np.isnan(high) else f"{high * 100:,.1f}"
        return f"{sentence} (Between {low * 100:,.1f} and {upper}, {SURE} {OTHERS}.)"

    @property
    def break_even_of_pair(self) -> str:
        """When the candidate pays beside the baseline, in words: among the orders of customers who use points."""
        return self._pays(*AMONG[0])

    @property
    def how(self) -> str:
        """How the orders were worked out, in words."""
        return LABELS["replayed" if self.replayed else "each_order"]

    def text(self) -> str:
        """Say the comparison in a few lines, the pair first."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if (off := self._off()) is not None:
            yield off
        yield self._pair()
        if round(self.incremental_margin, 2):
            yield self._pays(*AMONG[0])
            yield f"Counted otherwise: {'; '.join(self._share(*among) for among in AMONG[1:])}."
        yield f"Against no points at all. {self.break_even}"
        yield (
            f"Cost of the program {self.candidate.who_redeems}: {self._money(self.baseline.cost_of_program)} today, "
            f"{self._money(self.candidate.cost_of_program)} proposed."
        )
        yield from self._assumed()
        changes: Any = self.changes
        fall, rise = changes.loc["fall"], changes.loc["rise"]
        yield (
            f"The discount falls on {count(int(fall['orders']), 'order')} and rises on {int(rise['orders']):,}; "
            f"{count(int(fall['customers']), 'customer gets', 'customers get')} less in all, "
            f"{int(rise['customers']):,} more."
        )
        if self.happened is not None:
            yield self.happened.text(self.currency, self.baseline)
        yield from self.notices

    def _pair(self) -> str:
        gets = self.candidate.discount - self.baseline.discount
        more, keeps = round(gets, 2), round(self.incremental_margin, 2)
        if not more and not keeps:
            return "Both settings give these orders the same."
        given = f"customers get {self._money(abs(more))} {'more' if more > 0 else 'less'} in discounts"
        kept = f"you keep {self._money(abs(keeps))} {'more' if keeps > 0 else 'less'}"
        return (
            f"Instead of today's setting, the candidate: {given}, {kept}{self._reach()}, if customers order as before."
        )

    def _reach(self, name: str = "incremental_margin") -> str:
        if "low" not in self.ranges:
            return ""
        low, high = (self._value(name, end) for end in ("low", "high"))
        if low * high < 0:
            ends = f"{self._money(abs(low))} less and {self._money(abs(high))} more"
        else:
            ends = " and ".join(self._money(end) for end in sorted((abs(low), abs(high))))
        return f" (between {ends}, {SURE} {OTHERS})"

    def _pays(self, name: str, among: str) -> str:
        value = self._value(name)
        if np.isnan(value) and self.incremental_margin > 0:
            return f"It pays however many {among} are lost because of it: they earn nothing."
        if np.isnan(value):
            return f"It does not pay: no number of {among} brings it back."
        if value <= -1:
            return f"It pays even if all {among} are lost because of it."
        text = _of_100(value)
        if value > 0:
            return f"It pays if it brings more than {text} further {among} for every 100 there are."
        return f"It pays unless more than {text} in 100 {among} are lost because of it."

    def _share(self, name: str, among: str) -> str:
        value = self._value(name)
        if np.isnan(value):
            return f"{'any number' if self.incremental_margin > 0 else 'never'}, of {among}"
        if value <= -1:
            return f"all {among}"
        return f"{_of_100(value)} {'more' if value > 0 else 'fewer'} in 100 {among}"

    def _answered(self) -> str:
        """What the stated response makes of it."""
        share, name = self._value("response"), "incremental_margin_with_response"
        more, gain = "more" if share >= 0 else "fewer", self._value(name)
        text = (
            f"With the response that you state, customers who use points place {_of_100(share)} % {more} orders, and "
            f"you keep {self._money(abs(gain))} {'more' if gain >= 0 else 'less'}{self._reach(name)}"
        )
        if self.probability is not None:
            text += f"; the candidate earns more in {self.probability:.0%} of the draws"
        return f"{text}."

    def _assumed(self) -> Iterator[str]:
        if "response" in self.ranges.index:
            yield self._answered()
        assumed = self.margin_at_assumed_uplift
        if assumed is None:
            return
        gain = self._money(abs(assumed - self.baseline.margin))
        direction = "more" if assumed >= self.baseline.margin else "less"
        uplift = f"{self.assumed_uplift_percent:g}"
        text = f"If it brought {uplift} % more orders, as assumed, it would earn {gain} {direction}"
        if self.probability is not None:
            text += f", and earn more in {self.probability:.0%} of the draws of your customers"
        yield f"{text}."

    def _off(self) -> str | None:
        """What is said first where the simulated today is not what really happened."""
        if self.happened is None or self.happened.discount is None:
            return None
        real, simulated = self.happened.discount, self.baseline.discount
        if abs(simulated - real) <= OFF * max(real, simulated):
            return None
        far = "more" if simulated > real else "less"
        causes = (
            "not everyone uses points on every order they can (take_up_percent), or products are excluded"
            if simulated > real
            else "opening balances are missing (opening=, --opening), or today's setting was another one (programs=, "
            "--program)"
        )
        return (
            f"Look first: simulated, today's setting gives {self._money(simulated)}, {far} than the "
            f"{self._money(real)} that customers really redeemed. Probably {causes}."
        )

    def _value(self, name: str, column: str = "value") -> float:
        ranges: Any = self.ranges
        return float(ranges.loc[name, column])

    def _money(self, amount: float) -> str:
        sign = "−" if round(amount) < 0 else ""
        return sign + money_text(Decimal(round(abs(amount))), self.currency)


def _of_100(share: float) -> str:
    share = abs(share) * 100
    return f"{share:.1g}" if 0 < share < 0.1 else f"{share:,.1f}"
