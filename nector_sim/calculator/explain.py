"""One order in words: every limit with its number, which one bound, and what the customer pays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from nector_sim.calculator.exact import WHOLE, Law, Order, Terms
from nector_sim.calculator.quote import in_major_units, read_order
from nector_sim.calculator.reasons import SENTENCES
from nector_sim.rules.money import from_minor, money_text
from nector_sim.rules.program import Program


def explain(
    program: Program,
    *,
    cart_amount: Any,
    points_balance: Any,
    credits: Any = 0,
    points_requested: Any = None,
    tier: str | None = None,
    ordered_at: datetime | date | str | None = None,
) -> str:
    """Say in words how one order's discount comes about.

    Parameters are those of :func:`nector_sim.quote`.

    Returns
    -------
    str
        Lines of text: the order, the limits of each offer with the one that binds, and the result.

    Raises
    ------
    InputError
        Naming every argument that cannot be used.

    Examples
    --------
    >>> program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    >>> print(explain(program, cart_amount=500, points_balance=5000))
    Cart ₹500, balance 5,000 coins.
    The customer pays at least ₹100.
    offers.0: 1 coins for ₹1.
        balance        5,000 coins                           5,000 steps
        cart           ₹500                                    500 steps
        max_discount   ₹1,000                                1,000 steps
        min_payable    ₹500 − ₹100 = ₹400                      400 steps  ← the smallest
    Given: 400 coins for ₹400 off; the customer pays ₹100.
    Limited by min_payable: Your minimum amount to pay holds the rest back.
    """
    order = read_order(
        program,
        cart_amount=cart_amount,
        points_balance=points_balance,
        credits=credits,
        points_requested=points_requested,
        tier=tier,
        ordered_at=ordered_at,
    )
    return "\n".join(_Words(program, order).lines())


class _Words:
    """The law's steps for one order, as lines."""

    def __init__(self, program: Program, order: Order) -> None:
        self.program, self.order, self.law = program, order, Law(program)
        self.credits_used = self.law.credits_used(order) if program.enabled else 0

    def money(self, minor: int) -> str:
        return money_text(from_minor(minor, self.program.decimals), self.program.currency)

    def points(self, points: int) -> str:
        return f"{points:,} {self.program.points_label}"

    def lines(self) -> Iterator[str]:
        order = self.order
        asked = "" if order.requested is None else f", {self.points(order.requested)} asked for"
        yield f"Cart {self.money(order.cart)}, balance {self.points(order.balance)}{asked}."
        if self.credits_used:
            left = order.cart - self.credits_used
            yield f"Credits first: {self.money(self.credits_used)}, which leaves {self.money(left)} for points."
        if self.program.enabled:
            if minimum := self.law.min_payable_shown(order):
                percent = self.law.min_payable_percent
                share = f" ({_percent(percent)} of the cart)" if percent else ""
                yield f"The customer pays at least {self.money(minimum)}{share}."
            for position, terms in enumerate(self.law.offers):
                yield from self.offer(position, terms)
        yield from self.result()

    def offer(self, position: int, terms: Terms) -> Iterator[str]:
        law, order = self.law, self.order
        buys = f"{_percent(terms.percent)} of the cart" if terms.is_percent else self.money(terms.amount)
        what = f"{self.program.offer_name(position)}: {self.points(terms.points)} for {buys}"
        if terms.is_fixed:
            what += ", all or nothing"
        if not law.fits(terms, order):
            yield f"{what}; not open to this tier or at this time."
        elif not law.reaches_min_cart(terms, order):
            yield f"{what}; the cart is below its minimum of {self.money(terms.min_cart)}."
        elif not law.below_max_cart(terms, order):
            yield f"{what}; for carts below {self.money(terms.max_cart or 0)} only."
        else:
            yield f"{what}."
            yield from self.limits(terms)

    def limits(self, terms: Terms) -> Iterator[str]:
        limits = list(self.law.limits(terms, self.order, self.credits_used))
        fewest = min(limit.steps for limit in limits)
        named = False
        for limit in limits:
            mark = ""
            if limit.steps == fewest and not named:
                mark, named = "  ← the smallest", True
            yield f"    {limit.reason:<14} {self.limit_words(limit.reason, terms):<34} {limit.steps:>8,} steps{mark}"

    def limit_words(self, reason: str, terms: Terms) -> str:
        order = self.order
        left = order.cart - self.credits_used
        match reason:
            case "balance":
                return self.points(order.balance)
            case "requested":
                return self.points(order.requested or 0)
            case "cart":
                return self.money(left)
            case "min_payable":
                minimum = self.law.min_payable_shown(order)
                room = max(0, left * WHOLE - self.law.min_payable(order)) // WHOLE
                return f"{self.money(left)} − {self.money(minimum)} = {self.money(room)}"
            case "min_cart":
                return f"the cart is {(terms.multiple or 0) / 10_000:g} × the discount or more"
        return " and ".join(
            ([] if terms.max_discount is None else [self.money(terms.max_discount)])
            + [_percent(share) for share in (terms.max_discount_percent, terms.max_percent) if share is not None]
        )

    def result(self) -> Iterator[str]:
        answer = self.law.answer(self.order)
        shown = in_major_units(self.program, answer)
        pays = f"the customer pays {self.money(answer.payable)}."
        if answer.discount:
            by = f" by {shown.offer}" if len(self.law.offers) > 1 else ""
            yield f"Given{by}: {self.points(answer.points)} for {self.money(answer.discount)} off; {pays}"
        else:
            yield f"Nothing is given; {pays}"
        yield f"Limited by {answer.limited_by}: {SENTENCES[answer.limited_by]}"


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g} %"
