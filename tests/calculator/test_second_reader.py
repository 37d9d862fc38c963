"""A second reader of data/law/redemption.md: no formulas, but every number of steps tried against each sentence.

It was written after its author had read the old law and written the new code, so it is an independent method and no
independent reader: where both misread a sentence (such as that of `min_points`), it cannot tell. It is slow, which is
why its numbers are small.
"""

from fractions import Fraction
from random import Random

import pytest

from nector_sim.calculator.exact import Law, Order
from nector_sim.rules.program import Program

AMOUNTS = ("0.01", "0.02", "0.05", "0.30", "0.50", "1", "1.01", "2", "3.33")


class Reading:
    """One order under one offer; money in minor units."""

    def __init__(self, program, offer, order):
        self.offer, self.order = offer, order
        self.e = order.cart if order.eligible is None else order.eligible
        self.used = min(order.credits, order.cart)
        minimum = program.min_payable
        self.p = Fraction(0)
        if minimum is not None:
            self.p = Fraction(minimum.amount) * 100 if minimum.kind == "fixed" else order.cart * of_percent(minimum)
        self.cap = None if offer.max_discount is None else Fraction(offer.max_discount) * 100

    def points(self, n):
        return n * (self.offer.points if "fixed" in self.offer.kind else self.offer.points_per_step)

    def money(self, n):
        match self.offer.kind:
            case "variable_amount":
                return n * Fraction(self.offer.discount_per_step) * 100
            case "fixed_amount":
                return n * Fraction(self.offer.discount) * 100
            case "variable_percent":
                return n * self.e * Fraction(self.offer.percent_per_step) / 100
        return n * self.e * Fraction(self.offer.percent) / 100

    def opened(self):
        """The first test that fails, in the order of step 3."""
        offer, order = self.offer, self.order
        if offer.tiers is not None and order.tier not in offer.tiers:
            return "no_offer"
        if offer.max_cart is not None and self.e >= Fraction(offer.max_cart) * 100:
            return "max_cart"
        if not offer.with_coupons and order.coupon > 0:
            return "coupon"
        return "" if self.e >= Fraction(offer.min_cart) * 100 else "min_cart"

    def allowed(self, n):
        """Which limits allow so many steps, in the order of section 5."""
        offer, order, left = self.offer, self.order, self.order.cart - self.used
        percent, money = "percent" in offer.kind, self.money(n)
        if offer.min_balance is not None and order.balance < offer.min_balance:
            yield "min_points", n == 0
        else:
            yield "balance", self.points(n) <= order.balance
        if order.requested is not None:
            yield "requested", self.points(n) <= order.requested
        if percent and self.e == 0:
            yield "cart", n == 0
            return

        def says(leaves):  # under a maximum discount of a percentage offer
            return not percent or self.cap is None or leaves < self.cap

        if says(min(left, self.e)):
            yield "cart", money <= min(left, self.e)
        if offer.kind == "variable_amount" and offer.max_discount_percent is not None:
            yield "max_discount", money <= self.e * Fraction(offer.max_discount_percent) / 100
        if offer.kind == "variable_percent" and offer.max_percent is not None:
            yield "max_discount", n * Fraction(offer.percent_per_step) <= Fraction(offer.max_percent)
        if self.cap is not None:
            reached_before = n > 0 and self.money(n - 1) >= self.cap
            yield "max_discount", not reached_before if percent else money <= self.cap
        if self.p > 0 and says(max(0, left - self.p)):
            yield "min_payable", money <= max(0, left - self.p)
        if offer.min_cart_multiple is not None:
            f = Fraction(offer.min_cart_multiple)
            if says(self.e / f):
                yield "min_cart", f * money <= self.e

    def read(self):
        """Points, discount and reason, by trying."""
        n, most = 0, 1 if "fixed" in self.offer.kind else 10**9
        while n < most and all(fine for _, fine in self.allowed(n + 1)):
            n += 1
        holding = [reason for reason, fine in self.allowed(n + 1) if not fine]
        reason = "offer" if n == most else holding[0]
        least = getattr(self.offer, "min_points", None) or 0
        if self.points(n) < least and (n > 0 or reason == "balance"):
            return 0, 0, "min_points"
        if n == 0:
            return 0, 0, reason
        exact = self.money(n)
        if "percent" not in self.offer.kind:
            return self.points(n), int(exact), reason
        if self.cap is not None and exact > self.cap:
            exact, reason = self.cap, "max_discount"
        discount = exact.numerator // exact.denominator
        if discount == 0:
            return 0, 0, "cart"
        return min(self.points(m) for m in range(1, n + 1) if self.money(m) >= discount), discount, reason


def of_percent(minimum):
    return Fraction(minimum.percent) / 100


def second_reading(program, order):
    readings = [Reading(program, offer, order) for offer in program.offers]
    used = min(order.credits, order.cart)
    best = None
    for position, reading in enumerate(readings):
        if reading.opened():
            continue
        points, discount, reason = reading.read()
        if discount > 0 and (best is None or (-discount, points) < best[:2]):
            best = (-discount, points, position, reason)
    if best is not None:
        return best[2], best[1], -best[0], order.cart - used + best[0], used, best[3]
    why = "no_offer"
    for reading in readings:
        closed = reading.opened()
        if closed == "max_cart":
            why = closed
        elif closed != "no_offer":
            why = closed or reading.read()[2]
            break
    return None, 0, 0, order.cart - used, used, why


def some_program(rng):
    def maybe(share, *values):
        return rng.choice(values) if rng.random() < share else None

    offers = []
    for number in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice(("variable_amount", "variable_amount", "fixed_amount", "variable_percent", "fixed_percent"))
        offer = {"kind": kind, "name": f"o{number}", "min_cart": rng.choice(("0", "0", *AMOUNTS))}
        offer |= {"max_cart": maybe(0.1, *AMOUNTS), "min_cart_multiple": maybe(0.2, "0.5", "1", "1.5", "3")}
        offer |= {"min_balance": maybe(0.25, 1, 3, 10, 50), "with_coupons": rng.random() < 0.75}
        offer |= {"tiers": maybe(0.1, ["Gold"], [])}
        if kind == "variable_amount":
            offer |= {"points_per_step": rng.choice((1, 1, 3, 10)), "discount_per_step": rng.choice(AMOUNTS)}
            offer |= {"max_discount_percent": maybe(0.3, "5", "33.33", "100", "120")}
            least = maybe(0.5, 1, 3, 10, 20, 100)
            cap = maybe(0.4, *AMOUNTS)
            reach = 10**9 if cap is None else int(Fraction(cap) / Fraction(offer["discount_per_step"]))
            offer |= {"max_discount": cap, "min_points": least}
            if least is not None and least > reach * offer["points_per_step"]:
                del offer["min_points"]
        elif kind == "fixed_amount":
            offer |= {"points": rng.choice((1, 3, 10)), "discount": rng.choice(AMOUNTS)}
        elif kind == "variable_percent":
            offer |= {"points_per_step": rng.choice((1, 3)), "percent_per_step": rng.choice(("1", "7.77", "50", "120"))}
            offer |= {"max_percent": maybe(0.4, "5", "33.33", "100"), "max_discount": maybe(0.4, *AMOUNTS)}
        else:
            offer |= {"points": rng.choice((1, 3)), "percent": rng.choice(("1", "33.33", "80", "100", "120"))}
            offer |= {"max_discount": maybe(0.4, *AMOUNTS)}
        offers.append({name: value for name, value in offer.items() if value is not None})
    minimum = rng.choice((None, "fixed", "percent", "percent"))
    data = {"offers": offers}
    if minimum == "fixed":
        data["min_payable"] = {"kind": "fixed", "amount": rng.choice(AMOUNTS)}
    elif minimum == "percent":
        data["min_payable"] = {"kind": "percent", "percent": rng.choice(("0", "7.77", "20", "50", "100"))}
    return Program.parse(data)


def some_order(rng):
    cart = rng.choice((0, 1, 2, 5, 30, 50, 100, 101, 200, rng.randrange(400)))
    eligible = rng.choice((None, None, cart, rng.randint(0, cart), rng.randint(0, cart)))
    return Order(
        cart,
        rng.choice((0, 1, 2, 3, 10, 50, 99, 1000)),
        rng.choice((0, 0, 1, 50, rng.randrange(400))),
        rng.choice((None, None, 0, 1, 3, 20)),
        rng.choice((None, "Gold")),
        None,
        eligible,
        rng.choice((0, 0, 1)),
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_law_is_what_a_second_reader_reads(seed):
    rng = Random(seed)
    for _ in range(250):
        program = some_program(rng)
        law = Law(program)
        for _ in range(8):
            order = some_order(rng)
            answer = law.answer(order)
            given = (
                answer.offer,
                answer.points,
                answer.discount,
                answer.payable,
                answer.credits_used,
                answer.limited_by,
            )
            assert given == second_reading(program, order), (program.to_toml(), order)
