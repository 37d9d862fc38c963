"""Refunds and tiers read a second time, from the law page alone: every single point is an object of its own.

Written from the page before the refunds table and the tiers over a window were computed anywhere. Its author knew the
ledger of one refund for each order, but nothing of the package is imported or called here, and nothing is kept that
could be counted again: each tier looks through all earlier orders, each refund adds up all refunds of its order.

A shop of this reading lets customers pay 1 point for each whole rupee, up to a cap. Money is in paise, times are
naive and in UTC; the shop is in India, five and a half hours ahead the whole year.
"""

import calendar
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

INDIA = timedelta(hours=5, minutes=30)
FOREVER = datetime(9999, 1, 1)


@dataclass
class Shop:
    """One program, from an instant on."""

    since: datetime
    cap: int = 10**6
    rate: Fraction = Fraction(1, 10)
    delay: int = 0
    expiry_months: int | None = None
    expiry_days: int | None = None
    measure: str = "spend"
    window: int | None = None
    tiers: list = field(default_factory=list)  # of (name, least, factor), the lowest first
    takes_back: bool = True
    gives_back: object = True
    forgives: bool = False


@dataclass
class Bought:
    order_id: str
    customer: str
    at: datetime
    cart: int
    paid: int | None = None
    discount_given: int = 0
    # What the replay made of it.
    payable: int = 0
    redeemed: int = 0
    earned: int = 0
    taken: int = 0  # forgiven ones count as taken
    given: int = 0
    credit: int = 0  # the number of its own credit

    @property
    def paid_then(self):
        return max(0, self.cart - self.discount_given) if self.paid is None else self.paid

    @property
    def never_paid(self):
        return self.paid == 0 and self.cart - self.discount_given > 0


@dataclass
class Point:
    expires: datetime
    number: int  # of the credit
    order_id: str


def months_later(at, months):
    """The same local time so many months on; a day that the month lacks becomes its last."""
    local = at + INDIA
    total = local.year * 12 + (local.month - 1) + months
    year, month = total // 12, total % 12 + 1
    return local.replace(year=year, month=month, day=min(local.day, calendar.monthrange(year, month)[1])) - INDIA


def share_until(order, refunds, at):
    """How much of the order has come back by an instant, at most 1."""
    amounts = [amount for order_id, when, amount in refunds if order_id == order.order_id and when <= at]
    if not amounts:
        return Fraction(0)
    if order.paid_then == 0 or None in amounts:
        return Fraction(1)
    return min(Fraction(1), Fraction(sum(amounts), order.paid_then))


def read(shops, orders, refunds, brought=(), spent_before=(), until=FOREVER):
    """Give what orders got, the movements, and the balances of each customer: points, pending."""
    rows, movements, balances = {}, [], {}
    for customer in sorted({o.customer for o in orders if not o.never_paid} | {name for name, _ in brought}):
        theirs = sorted((o for o in orders if o.customer == customer and not o.never_paid), key=lambda o: o.order_id)
        theirs = [o for o in theirs if o.at <= until]
        account = _Customer(customer, shops, theirs, refunds, dict(spent_before).get(customer, 0), rows, movements)
        for name, points in brought:
            if name == customer and points:
                movements.append((customer, None, "opening", points, ""))
                account.credit(points, FOREVER, "")
        account.run(until)
        balances[customer] = (len(account.points) - account.debt, sum(n for _, n, _ in account.waiting))
    return rows, movements, balances


class _Customer:
    def __init__(self, name, shops, orders, refunds, spent_before, rows, movements):
        self.name, self.shops, self.orders, self.refunds = name, shops, orders, refunds
        self.spent_before, self.rows, self.movements = spent_before, rows, movements
        self.points, self.debt, self.credits = [], 0, 0
        self.waiting = []  # of (when, how many, order)
        self.ran, self.done = [], set()

    def shop(self, at):
        return [shop for shop in self.shops if shop.since <= at][-1]

    def book(self, at, kind, points, order_id):
        if points:
            self.movements.append((self.name, at, kind, points, order_id))

    def credit(self, points, expires, order_id):
        self.credits += 1
        for _ in range(points):
            if self.debt:
                self.debt -= 1
            else:
                self.points.append(Point(expires, self.credits, order_id))
        return self.credits

    def expiry(self, at, shop):
        if shop.expiry_months:
            return months_later(at, shop.expiry_months)
        return at + timedelta(days=shop.expiry_days) if shop.expiry_days else FOREVER

    def run(self, until):
        ids = {o.order_id for o in self.orders}
        coming = {o.at for o in self.orders} | {at for order_id, at, _ in self.refunds if order_id in ids}
        while True:
            times = list(coming - self.done) + [when for when, _, _ in self.waiting] + [p.expires for p in self.points]
            times = [t for t in times if t <= until and t < FOREVER]
            if not times:
                return
            at = min(times)
            self.done.add(at)
            self.instant(at)

    def instant(self, at):
        for order in list(self.ran):
            for entry in [entry for entry in self.waiting if entry[0] == at and entry[2] is order]:
                self.waiting.remove(entry)
                order.credit = self.credit(entry[1], self.expiry(at, self.shop(order.at)), order.order_id)
        gone = [p for p in self.points if p.expires == at]
        for number in sorted({p.number for p in gone}):
            of_credit = [p for p in gone if p.number == number]
            self.book(at, "expired", -len(of_credit), of_credit[0].order_id)
        self.points = [p for p in self.points if p.expires != at]
        for order in self.orders:
            if order.at == at:
                self.order(order)
        for order in list(self.ran):
            if any(order_id == order.order_id and when == at for order_id, when, _ in self.refunds):
                self.refund(order, at)

    def tier(self, at):
        shop = self.shop(at)
        measured = Fraction(self.spent_before if shop.measure == "spend" and shop.window is None else 0)
        for order in self.ran:
            if shop.window is not None and months_later(order.at, shop.window) <= at:
                continue
            # Refunds of this very instant come after its orders, but for those of orders before them; none here.
            share = share_until(order, self.refunds, at - timedelta(microseconds=1))
            match shop.measure:
                case "spend":
                    measured += order.payable * (1 - share)
                case "orders":
                    measured += share < 1
                case "earned":
                    measured += order.earned - order.taken
        reached = [tier for tier in shop.tiers if measured >= tier[1]]
        return reached[-1] if reached else (None, 0, Fraction(1))

    def spend(self, points):
        for point in sorted(self.points, key=lambda p: (p.expires, p.number))[:points]:
            self.points.remove(point)

    def order(self, order):
        shop, balance = self.shop(order.at), len(self.points) - self.debt
        name, _, factor = self.tier(order.at)
        order.redeemed = max(0, min(balance, shop.cap, order.cart // 100))
        order.payable = order.cart - 100 * order.redeemed
        self.spend(order.redeemed)
        self.book(order.at, "redeemed", -order.redeemed, order.order_id)
        order.earned = math.floor(shop.rate * factor * Fraction(order.payable, 100))
        self.book(order.at, "earned", order.earned, order.order_id)
        self.ran.append(order)
        if shop.delay:
            self.waiting.append((order.at + timedelta(days=shop.delay), order.earned, order))
        else:
            order.credit = self.credit(order.earned, self.expiry(order.at, shop), order.order_id)
        self.rows[order.order_id] = (balance, name, order.redeemed, order.payable, order.earned)

    def refund(self, order, at):
        shop = self.shop(at)
        before = share_until(order, self.refunds, at - timedelta(microseconds=1))
        after = share_until(order, self.refunds, at)
        if shop.takes_back:
            self.take_back(order, at, math.floor(order.earned * after) - math.floor(order.earned * before), shop)
        back = 0
        if shop.gives_back == "share":
            back = math.floor(order.redeemed * after) - math.floor(order.redeemed * before)
        elif shop.gives_back and before < 1 and after == 1:
            back = order.redeemed - order.given
        order.given += back
        self.book(at, "given_back", back, order.order_id)
        self.credit(back, self.expiry(at, shop), order.order_id)

    def take_back(self, order, at, points, shop):
        order.taken += points
        missing = points
        for entry in [entry for entry in self.waiting if entry[2] is order]:
            self.waiting.remove(entry)
            kept = max(0, entry[1] - missing)
            missing -= entry[1] - kept
            self.waiting.append((entry[0], kept, order))
        own = [p for p in self.points if p.order_id == order.order_id and p.number == order.credit]
        rest = sorted((p for p in self.points if p not in own), key=lambda p: (p.expires, p.number))
        for point in [*own, *rest][:missing]:
            self.points.remove(point)
            missing -= 1
        if shop.forgives:
            self.book(at, "taken_back", missing - points, order.order_id)
            self.book(at, "forgiven", missing, order.order_id)
        else:
            self.book(at, "taken_back", -points, order.order_id)
            self.debt += missing
