"""Who redeems, estimated from the merchant's own redemptions (extra ``estimates``).

The history is replayed with what really happened, which says on which orders points could have been used. Customers
are redeemers or never redeem; the redeemers' own levels are Beta distributed, in as many kinds as the ledger's law
takes; a logistic regression moves a level with the balance and the balance over the cart. All of it is one likelihood
(scipy), and standard errors come from its second derivatives (statsmodels).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from nector_sim._extras import library
from nector_sim._progress import Progress, long_call, stages
from nector_sim.economics.assumptions import Assumptions, AssumptionsLike, as_assumptions
from nector_sim.economics.sales import known_redeems
from nector_sim.economics.take_up_model import ESTIMATE, NAMES, ROWS, Floats, Seen, TakeUpModel, steps_of
from nector_sim.errors import InputError
from nector_sim.frames.ids import id_keys
from nector_sim.frames.kinds import as_frame
from nector_sim.ledger.openings import opening_of
from nector_sim.ledger.replay import replay
from nector_sim.ledger.schedule import make_schedule
from nector_sim.ledger.take_up import MILLION, TakeUp, TakeUpTable
from nector_sim.results import Result, count
from nector_sim.rules.program import ProgramLike, as_program

#: With fewer redemptions, or customers who redeemed, nothing is estimated.
FEWEST, FEWEST_CUSTOMERS = 100, 30
#: A triangle from −√6 to √6 standard errors has a standard deviation of one.
TO_TRIANGLE = 6**0.5
#: A balance effect that is negative by more standard errors than this is refused; 1 in 740 by chance.
REFUSED_BELOW = -3.0
#: One that is not above 0 by so many is not seen.
SEEN_ABOVE = 2.0


@dataclass(frozen=True, slots=True, repr=False)
class FittedTakeUp(Result):
    """Who redeems, estimated from the merchant's own orders.

    Attributes
    ----------
    redeemers_percent, take_up_percent : tuple of float, or None
        Low, likely and high: of the customers, those who ever use points; of the orders on which they could, those on
        which they do. None where there were too few redemptions.
    table : TakeUpTable or None
        By kind of redeemer, balance, and balance in % of the cart.
    estimates : pandas.DataFrame
        Rows ``redeemers``, ``level``, ``alike``, ``balance``, ``of_cart``; columns ``estimate``, ``standard_error``, on
        the scale of the likelihood: logits, the logarithm of a + b of the Beta distribution, and logits for each unit
        of the logarithm of (1 + the balance) and of (1 + its per cent of the cart). A standard error is missing where
        the estimate is at the limit of its range.
    orders, customers, could_redeem, redeemed, customers_redeemed : int
        What it was estimated from: all orders and customers; orders on which points could be used, and were; customers
        who used any.
    customers_differ : bool
        Whether redeemers who differ explain the redemptions better than one probability for every order of every
        customer (by the Bayesian information criterion).
    seen : pandas.DataFrame
        By step of the balance: ``balance``, ``orders`` of redeemers on which they could (customers who never did count
        as far as they are likely to be redeemers), ``used`` and ``estimated``, shares of these.
    notices : tuple of str
        What the orders cannot tell, and what was decided.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("take_up",)

    redeemers_percent: tuple[float, float, float] | None
    take_up_percent: tuple[float, float, float] | None
    table: TakeUpTable | None = field(repr=False)
    estimates: pd.DataFrame = field(repr=False)
    orders: int
    customers: int
    could_redeem: int
    redeemed: int
    customers_redeemed: int
    customers_differ: bool
    seen: pd.DataFrame = field(repr=False)
    notices: tuple[str, ...] = ()

    def text(self) -> str:
        """Say the estimate in a few lines."""
        source = (
            f"Estimated from {count(self.orders, 'order')} of {count(self.customers, 'customer')}: "
            f"{self.redeemed:,} of the "
            f"{count(self.could_redeem, 'order')} on which points could be used used them, "
            f"by {count(self.customers_redeemed, 'customer')}."
        )
        lines = [source]
        if self.redeemers_percent is not None and self.take_up_percent is not None:
            share, level = (_ranged(each) for each in (self.redeemers_percent, self.take_up_percent))
            lines = [f"{share} of the customers use points, on {level} of the orders on which they can.", source]
        return "\n".join([*lines, *self.notices])

    def to_frame(self) -> pd.DataFrame:
        """Give the estimates with their standard errors."""
        return self.estimates.rename_axis("number").reset_index()

    @property
    def take_up(self) -> TakeUp:
        """The likely take-up, for :func:`nector_sim.replay`.

        Raises
        ------
        InputError
            If there were too few redemptions.
        """
        if self.redeemers_percent is None or self.take_up_percent is None:
            raise InputError(f"nothing was estimated: {self.notices[0]}")
        likely = {"redeemers_percent": self.redeemers_percent[1], "take_up_percent": self.take_up_percent[1]}
        return TakeUp(**{name: f"{value:.4f}%" for name, value in likely.items()}, table=self.table)

    def into(self, assumptions: AssumptionsLike) -> Assumptions:
        """Give the assumptions with this estimate and its uncertainty; unchanged where nothing could be estimated."""
        if self.redeemers_percent is None or self.take_up_percent is None:
            return as_assumptions(assumptions)
        return as_assumptions(assumptions).replaced(
            redeemers_percent=[f"{value:.4f}%" for value in self.redeemers_percent],
            take_up_percent=[f"{value:.4f}%" for value in self.take_up_percent],
            take_up_table=self.table,
        )


@long_call("steps")
def fit_take_up(
    orders: Any,
    program: ProgramLike,
    *,
    opening: Any = None,
    grants: Any = None,
    refunds: Any = None,
    programs: Any = (),
    progress: Progress | None = None,
) -> FittedTakeUp:
    """Estimate who redeems from what customers really redeemed.

    Parameters
    ----------
    orders : table
        As for :func:`nector_sim.replay`, with ``redeems`` or ``discount_given`` (what points took off): what happened.
    program : Program
        The program in force then.
    opening, grants, refunds, programs
        As in :func:`nector_sim.replay`.
    progress : callable, optional
        Called with the number of steps done, and of all steps.

    Returns
    -------
    FittedTakeUp
        With too few redemptions it says so and estimates nothing: keep using the values stated before.

    Raises
    ------
    InputError
        If the orders do not say what was redeemed; if customers with more points use them less often, which a take-up
        table cannot represent; or if scipy or statsmodels is missing.

    Examples
    --------
    >>> web = ns.demo_orders("web shop")
    >>> fitted = fit_take_up(web, ns.load_program(ns.data_path("programs/web-shop.toml")))
    >>> low, likely, high = fitted.redeemers_percent
    >>> low < 30 < high
    True
    """
    step = stages(4)
    seen = _read(orders, as_program(program), opening=opening, grants=grants, refunds=refunds, programs=programs)
    step()
    if seen.redeemed < FEWEST or seen.customers_redeemed < FEWEST_CUSTOMERS:
        few = (
            f"Too few redemptions to estimate who redeems: {seen.redeemed:,} by "
            f"{count(seen.customers_redeemed, 'customer')}, "
            f"and it takes {FEWEST} by {FEWEST_CUSTOMERS}. What is stated holds: redeemers_percent and "
            "take_up_percent, each as [low, likely, high]"
        )
        nothing = pd.DataFrame({"estimate": np.nan, "standard_error": np.nan}, index=list(NAMES))
        return FittedTakeUp(None, None, None, nothing, *seen.counts, False, _by_balance(seen, None), (few,))
    model = TakeUpModel.of(seen)
    free, notices = _balance_effects(model, seen)
    step()
    found, errors = model.fitted(free)
    step()
    fitted = _told(seen, model, found, errors, notices)
    step()
    return fitted


def _read(orders: Any, program: Any, *, programs: Any, **tables: Any) -> Seen:
    """Replay what really happened, and look who could."""
    frame = as_frame(orders)
    if not {"redeems", "discount_given"} & set(frame.columns):
        raise InputError(
            "The orders do not say what was redeemed; they need redeems or discount_given (what points took off)"
        )
    known: Any = known_redeems(frame)
    if known is None:
        known = (pd.to_numeric(frame["discount_given"]).fillna(0) > 0).to_numpy(dtype=np.float64)
    used, said = known == 1, ~np.isnan(known)
    if "points_requested" in frame:  # who asked for none did not redeem; how many were asked for is of those who did
        asked = pd.to_numeric(frame["points_requested"])
        used &= (asked != 0).to_numpy()
        frame = frame.assign(points_requested=asked.where(asked != 0))
    tables["opening"], _ = opening_of(frame, make_schedule(program, programs), *tables.values())
    bare = frame.drop(columns=["points_balance"], errors="ignore").assign(redeems=used)
    ran = replay(program, bare.reset_index(drop=True), programs=programs, **tables)
    rows = ran.orders
    could = (rows["points_redeemed"] > 0) | (~rows["redeems"] & (rows["limited_by"] == "requested"))
    could &= said[rows.index]
    rows = rows[could.to_numpy()]
    balance = rows["points_balance"].clip(lower=0).to_numpy(dtype=float)
    cart = np.maximum(pd.to_numeric(rows["cart_amount"]).to_numpy(dtype=float), 1e-9)
    codes, _ = pd.factorize(id_keys(rows["customer_id"]), sort=True)
    return Seen(
        len(ran.orders),
        int(ran.orders["customer_id"].nunique()),
        np.asarray(codes),
        (rows["points_redeemed"] > 0).to_numpy(),
        balance,
        balance * 100 / cart,
    )


def _balance_effects(model: TakeUpModel, seen: Seen) -> tuple[tuple[int, ...], list[str]]:
    """Which numbers are estimated; a balance effect below 0 is refused where it is sure, and held at 0 where not."""
    free = (0, 1, 2, *((3,) if len(model.balances) > 1 else ()), *((4,) if len(model.of_cart) > 1 else ()))
    notices = []
    for place, what in ((4, " compared with the cart"), (3, "")):
        if place not in free:
            continue
        numbers, errors = model.fitted(free)
        if numbers[place] >= SEEN_ABOVE * errors[place]:
            continue
        if place == 3 and numbers[place] < REFUSED_BELOW * errors[place]:
            raise InputError(
                "Customers with more points use them less often, by these orders "
                f"({numbers[place]:.2f} ± {errors[place]:.2f} in logits for each unit of the balance's logarithm). "
                "The law of take-up cannot hold that, and such a table would be wrong under other settings. Look at "
                "the opening balances and at orders on which points could not be used; or state redeemers_percent "
                "and take_up_percent"
            )
        free = tuple(other for other in free if other != place)
        sure = " (these orders say that it falls)" if numbers[place] < REFUSED_BELOW * errors[place] else ""
        notices.append(
            f"That points are used more often the more there are{what} cannot be seen; no such effect is assumed{sure}"
        )
    return free, notices


def _told(seen: Seen, model: TakeUpModel, numbers: Floats, errors: Floats, notices: list[str]) -> FittedTakeUp:
    """Put numbers and errors into what the ledger and the assumptions take."""
    expit: Callable[[Any], Any] = library("scipy.special", ESTIMATE).expit
    share = _spread(numbers[0], errors[0], expit)
    mean = model.take_up(numbers)
    level = [each / expit(numbers[1]) * mean for each in _spread(numbers[1], errors[1], expit)]
    cells = model.cells(numbers)
    balances, of_cart = model.balances, model.of_cart
    if numbers[3] == 0:
        balances, cells = [0], cells[:, :1, :]
    if numbers[4] == 0:
        of_cart, cells = [0], cells[:, :, :1]
    table = TakeUpTable(
        mean_percent=f"{mean * 100:.4f}%",
        balances=balances,
        of_cart_percent=of_cart,
        millionths=np.rint(cells * MILLION).astype(int).tolist(),
    )
    full = model.log_likelihood(numbers)
    better = 2 * (full - model.coin())
    differ = better > (np.count_nonzero(numbers) - 1) * np.log(len(seen.used))
    notices = [*notices, *_untold(seen, model, numbers, errors, differ=bool(differ))]
    percents: list[Any] = [tuple(round(min(100.0, 100 * float(each)), 4) for each in three) for three in (share, level)]
    return FittedTakeUp(
        percents[0],
        percents[1],
        table,
        pd.DataFrame({"estimate": numbers, "standard_error": errors}, index=list(NAMES)),
        *seen.counts,
        bool(differ),
        _by_balance(seen, (model, numbers)),
        tuple(notices),
    )


def _untold(seen: Seen, model: TakeUpModel, numbers: Floats, errors: Floats, *, differ: bool) -> list[str]:
    """What the estimate cannot tell."""
    told = []
    if not differ:
        told.append("These orders look like a coin tossed for each order: that customers differ cannot be seen")
    if np.isnan(errors[0]) and numbers[0] > 0:
        told.append("Everybody looks like a redeemer; customers who never use points cannot be told from them")
    alone = float(np.asarray((model.yes + model.no).sum(axis=1)).ravel()[model.never] @ model.many[model.never])
    several = int(np.bincount(seen.customer).max())
    if several < 3:
        told.append(
            "No customer could use points on three orders or more: redeemers who rarely do, and customers who never "
            "do, cannot be told apart"
        )
    elif np.exp(numbers[2]) * min(_expit(numbers[1]), 1 - _expit(numbers[1])) < 0.5 and alone:
        told.append(
            "Some redeemers use points so rarely that they look like customers who never do; the share of redeemers "
            "is less certain than its range says"
        )
    return told


def _expit(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


def _spread(number: float, error: float, expit: Callable[[Any], Any]) -> list[float]:
    """Low, likely and high of a logit as shares; the triangle between them has its standard error."""
    width = 0.0 if np.isnan(error) else TO_TRIANGLE * error
    likely = float(expit(number))
    # On the scale of shares, where the triangle is drawn.
    width *= likely * (1 - likely)
    return [max(0.0, likely - width), likely, min(1.0, likely + width)]


def _by_balance(seen: Seen, found: tuple[TakeUpModel, Floats] | None) -> pd.DataFrame:
    """How often redeemers used points by step of the balance, beside the estimate; each as far as one is likely."""
    names = ["balance", "orders", "used", "estimated"]
    if found is None:
        return pd.DataFrame(columns=names)
    model, numbers = found
    steps, step = steps_of(seen.balance, ROWS, None)
    likely = model.kinds_of_customers(seen, numbers)[seen.customer]
    orders = np.bincount(step, likely.sum(axis=1), len(steps))
    used = np.bincount(step, seen.used, len(steps)) / orders
    estimated = np.bincount(step, (likely * model.chances(seen, numbers)).sum(axis=1), len(steps)) / orders
    return pd.DataFrame(dict(zip(names, (steps, orders, used, estimated), strict=True)))


def _ranged(percent: tuple[float, float, float]) -> str:
    low, likely, high = percent
    return f"{likely:.1f} % ({low:.1f} to {high:.1f})"
