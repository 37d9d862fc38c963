"""The likelihood of who redeems: redeemers or never, redeemers of a Beta distribution, moved by balance and cart.

One likelihood (scipy), with standard errors from its second derivatives (statsmodels; extra ``estimates``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nector_sim._extras import library
from nector_sim.ledger.take_up import MAX_OF_CART

Floats = npt.NDArray[np.float64]

#: What needs the libraries that may be missing.
ESTIMATE = "fit_take_up"
#: Kinds of redeemers in an estimated table, and most steps of the balance and of the balance over the cart.
KINDS, ROWS, COLUMNS = 10, 8, 6
#: Logits further out than this are as good as 0 or 1; and how weakly numbers are drawn to 0.
LIMIT, PULL = 12.0, 1e-3
#: The numbers that are estimated, in their order.
NAMES = ("redeemers", "level", "alike", "balance", "of_cart")


@dataclass(frozen=True, slots=True)
class Seen:
    """Orders on which points could be used: whose, whether they were, and with what balance and cart (major units)."""

    orders: int
    customers: int
    customer: Any
    used: npt.NDArray[np.bool_]
    balance: Floats
    of_cart: Floats

    @property
    def redeemed(self) -> int:
        """Orders that used points."""
        return int(self.used.sum())

    @property
    def customers_redeemed(self) -> int:
        """Customers who used any."""
        return len(np.unique(self.customer[self.used]))

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """What the estimate is of."""
        return self.orders, self.customers, len(self.used), self.redeemed, self.customers_redeemed


@dataclass(frozen=True, slots=True)
class TakeUpModel:
    """The likelihood over cells of the balance and of the balance over the cart, shape (rows, columns).

    Attributes
    ----------
    balances, of_cart : list of int
        Where rows and columns begin.
    x, z : ndarray of float64
        The mean logarithm of each row's balances, and of each column's per cent of the cart, around their means.
    yes, no : scipy.sparse matrices, shape (patterns, cells)
        Orders that used points, and that did not, of customers who are alike in all of them.
    many : ndarray of float64, shape (patterns,)
        How many customers that are.
    never : ndarray of bool, shape (patterns,)
        Who used none.
    """

    balances: list[int]
    of_cart: list[int]
    x: Floats
    z: Floats
    yes: Any
    no: Any
    many: Floats
    never: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, seen: Seen) -> TakeUpModel:
        """Cut the balances into steps at their quantiles, and count."""
        sparse = library("scipy.sparse", ESTIMATE)
        balances, row = steps_of(seen.balance, ROWS, None)
        of_cart, column = steps_of(seen.of_cart, COLUMNS, MAX_OF_CART)
        x, z = _means(np.log1p(seen.balance), row), _means(np.log1p(seen.of_cart), column)
        cell = row * len(of_cart) + column
        shape = (int(seen.customer.max()) + 1, len(balances) * len(of_cart))

        def counted(which: npt.NDArray[np.bool_]) -> Any:
            ones = np.ones(int(which.sum()))
            return sparse.csr_matrix((ones, (seen.customer[which], cell[which])), shape)

        yes, no = counted(seen.used), counted(~seen.used)
        # Customers with the same counts have the same sum of counts times random numbers.
        weights = np.random.default_rng(0).random((2, shape[1]))
        _, first, many = np.unique(yes @ weights[0] + no @ weights[1], return_index=True, return_counts=True)
        yes, no = yes[first], no[first]
        return cls(balances, of_cart, x, z, yes, no, many.astype(float), np.asarray(yes.sum(axis=1)).ravel() == 0)

    def kinds(self, level: float, alike: float) -> Floats:
        """The mean level of each kind of redeemers, equally many of each, shape (kinds,)."""
        special = library("scipy.special", ESTIMATE)
        mean, size = special.expit(level), np.exp(alike)
        a, b = mean * size, (1 - mean) * size
        ends = special.betaincinv(a, b, np.linspace(0, 1, KINDS + 1))
        levels: Floats = np.clip(KINDS * mean * np.diff(special.betainc(a + 1, b, ends)), 1e-6, 1 - 1e-6)
        return levels

    def cells(self, numbers: Floats) -> Floats:
        """Probabilities by kind, row and column."""
        special = library("scipy.special", ESTIMATE)
        logits = special.logit(self.kinds(numbers[1], numbers[2]))
        moved = logits[:, None, None] + numbers[3] * self.x[:, None] + numbers[4] * self.z
        chances: Floats = np.clip(special.expit(moved), 1e-9, 1 - 1e-9)
        return chances

    def parts(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Logarithms of the likelihood of each pattern: as redeemers, and as customers who never redeem."""
        special = library("scipy.special", ESTIMATE)
        cells = self.cells(numbers).reshape(KINDS, -1)
        logs = self.yes @ np.log(cells).T + self.no @ np.log1p(-cells).T
        as_redeemers = special.logsumexp(logs, axis=1) - np.log(KINDS) + special.log_expit(numbers[0])
        return as_redeemers, np.where(self.never, special.log_expit(-numbers[0]), -np.inf)

    def log_likelihood(self, numbers: Floats) -> float:
        """Of all customers."""
        return float(self.many @ np.logaddexp(*self.parts(numbers)))

    def are_redeemers(self, numbers: Floats) -> Floats:
        """How probable it is that customers of each pattern are redeemers."""
        as_redeemers, as_never = self.parts(numbers)
        return np.exp(as_redeemers - np.logaddexp(as_redeemers, as_never))

    def take_up(self, numbers: Floats) -> float:
        """Orders that used points, of those on which redeemers could."""
        used, not_used = (np.asarray(which.sum(axis=1)).ravel() * self.many for which in (self.yes, self.no))
        return float(used.sum() / max(self.are_redeemers(numbers) @ (used + not_used), 1.0))

    def chances(self, seen: Seen, numbers: Floats) -> Floats:
        """The probability of each order, if its customer were of each kind, shape (orders, kinds)."""
        row = np.searchsorted(self.balances, seen.balance, side="right") - 1
        column = np.searchsorted(self.of_cart, seen.of_cart, side="right") - 1
        return np.asarray(self.cells(numbers)[:, row, column].T)

    def kinds_of_customers(self, seen: Seen, numbers: Floats) -> Floats:
        """How probable each customer is a redeemer of each kind, shape (customers, kinds)."""
        special = library("scipy.special", ESTIMATE)
        chance = self.chances(seen, numbers)
        logs = np.zeros((int(seen.customer.max()) + 1, KINDS))
        np.add.at(logs, seen.customer, np.log(np.where(seen.used[:, None], chance, 1 - chance)))
        logs += special.log_expit(numbers[0]) - np.log(KINDS)
        never = np.bincount(seen.customer, seen.used) == 0
        of_never = np.where(never, special.log_expit(-numbers[0]), -np.inf)
        in_all = np.logaddexp(special.logsumexp(logs, axis=1), of_never)
        return np.asarray(np.exp(logs - in_all[:, None]))

    def coin(self) -> float:
        """The log-likelihood of one coin for every order of every customer."""
        used, not_used = (float(self.many @ np.asarray(which.sum(axis=1)).ravel()) for which in (self.yes, self.no))
        all_of_them = used + not_used
        share = np.clip(used / all_of_them, 1e-9, 1 - 1e-9)
        return float(used * np.log(share) + (all_of_them - used) * np.log1p(-share))

    def fitted(self, free: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Numbers of the greatest likelihood, those not free at 0, and their standard errors."""
        optimize, numdiff = library("scipy.optimize", ESTIMATE), library("statsmodels.tools.numdiff", ESTIMATE)
        ever = float(self.many @ self.never) / self.many.sum()
        begin = np.array([np.clip(np.log((1 - ever + 1e-3) / (ever + 1e-3)), -4, 3), 0.0, 1.5, 0.0, 0.0])
        places = list(free)

        def worse(some: Floats) -> float:
            numbers = np.zeros(5)
            numbers[places] = some
            # A weak pull towards the middle keeps what the orders cannot tell from running away.
            return -self.log_likelihood(numbers) + PULL * float((some**2).sum())

        best = optimize.minimize(worse, begin[places], method="L-BFGS-B", bounds=[(-LIMIT, LIMIT)] * len(places))
        numbers, errors = np.zeros(5), np.full(5, np.nan)
        numbers[places] = best.x
        curved = np.linalg.pinv(numdiff.approx_hess3(best.x, worse))
        errors[places] = np.sqrt(np.maximum(np.diag(curved), 0))
        errors[np.abs(numbers) > LIMIT - 0.01] = np.nan
        return numbers, errors


def steps_of(values: Floats, most: int, largest: int | None) -> tuple[list[int], Any]:
    """Whole steps at the quantiles of some values, and the step of each."""
    inner = np.floor(np.quantile(values, np.linspace(0, 1, most + 1)[1:-1])).astype(np.int64)
    steps = np.unique(np.concatenate([[0], inner[(inner > 0) & (inner <= (largest or inner.max()))]]))
    step = np.searchsorted(steps, values, side="right") - 1
    kept = np.unique(step)
    # A step that nothing reaches would have no mean.
    steps = np.where(np.arange(len(kept)) == 0, 0, steps[kept])
    return steps.tolist(), np.searchsorted(kept, step)


def _means(values: Floats, step: Any) -> Floats:
    return np.asarray(np.bincount(step, values) / np.bincount(step) - values.mean())
