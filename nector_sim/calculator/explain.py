"""One order in words: every limit with its number, which one bound, and what the customer pays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from nector_sim.calculator.exact import Law, Limit, Order, Terms
from nector_sim.calculator.quote import in_major_units, read_order, taken_otherwise
from nector_sim.calculator.reasons import SENTENCES
from nector_sim.rules.money import WHOLE, from_minor, money_text
from nector_sim.rules.program import Program, ProgramLike, as_program


def explain(
    program: ProgramLike,
    *,
    cart_amount: Any,
    points_balance: Any,
    credits: Any = 0,
    points_requested: Any = None,
    tier: str | None = None,
    ordered_at: datetime | date | str | None = None,
    eligible_amount: Any = None,
    coupon_discount: Any = 0,
) -> str:
    """Explain one order's discount, step by step.

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
    offers.0: 1 coin for ₹1.
        balance        5,000 coins                           5,000 steps
        cart           ₹500                                    500 steps
        max_discount   ₹1,000                                1,000 steps
        min_payable    ₹500 − ₹100 = ₹400                      400 steps  ← the smallest
    Given: 400 coins for ₹400 off; the customer pays ₹100.
    Limited by min_payable: Your minimum amount to pay holds the rest back.
    """
    program = as_program(program)
    order = read_order(
        program,
        cart_amount=cart_amount,
        points_balance=points_balance,
        credits=credits,
        points_requested=points_requested,
        tier=tier,
        ordered_at=ordered_at,
        eligible_amount=eligible_amount,
        coupon_discount=coupon_discount,
    )
    return "\n".join(_Words(program, order, taken_otherwise(points_balance)).lines())


class _Words:
    """The law's steps for one order, as lines."""

    def __init__(self, program: Program, order: Order, note: str) -> None:
        self.program, self.order, self.law, self.note = program, order, Law(program), note
        self.credits_used = self.law.credits_used(order) if program.enabled else 0
        self.left = order.cart - self.credits_used
        self.base = self.law.base(order)

    def money(self, minor: int | None) -> str:
        assert minor is not None  # it is asked for where it is set
        return money_text(from_minor(minor, self.program.decimals), self.program.currency)

    def points(self, points: int | None) -> str:
        assert points is not None  # as above
        label = self.program.points_label
        return f"{points:,} {label.removesuffix('s') if points == 1 else label}"

    @property
    def whole(self) -> str:
        """What an offer's tests and percentages are of, in words."""
        return "the cart" if self.order.eligible is None else "what points may pay"

    def lines(self) -> Iterator[str]:
        order = self.order
        asked = "" if order.requested is None else f", {self.points(order.requested)} asked for"
        balance = self.points(order.balance) + (f" ({self.note})" if self.note else "")
        yield f"Cart {self.money(order.cart)}, balance {balance}{asked}."
        if order.eligible is not None:
            yield f"Points may pay {self.money(self.base)} of it."
        if order.coupon:
            yield f"Coupons took {self.money(order.coupon)} off already."
        if self.credits_used:
            yield f"Credits first: {self.money(self.credits_used)}, which leaves {self.money(self.left)} for points."
        if self.program.enabled:
            yield from self.minimum()
            for position, terms in enumerate(self.law.offers):
                yield from self.offer(position, terms)
        yield from self.result()

    def minimum(self) -> Iterator[str]:
        minimum, percent = self.law.min_payable_shown(self.order), self.law.min_payable_percent
        if not minimum:
            return
        shown = f"{self.money(minimum)} ({_percent(percent)} of the cart)" if percent else self.money(minimum)
        if self.left >= minimum:
            yield f"The customer pays at least {shown}."
        else:
            yield f"{self.money(self.left)} is below the minimum to pay, {shown}, so points take nothing off."

    def offer(self, position: int, terms: Terms) -> Iterator[str]:
        law, order = self.law, self.order
        buys = f"{_percent(terms.percent)} of {self.whole}" if terms.is_percent else self.money(terms.amount)
        what = f"{self.program.offer_name(position)}: {self.points(terms.points)} for {buys}"
        if terms.is_fixed:
            what += ", all or nothing"
        if not law.fits(terms, order):
            yield f"{what}; not open to this tier or at this time."
        elif not law.below_max_cart(terms, order):
            yield f"{what}; for carts below {self.money(terms.max_cart)} only."
        elif not law.takes_coupons(terms, order):
            yield f"{what}; closed to orders that used a coupon."
        elif not law.reaches_min_cart(terms, order):
            yield f"{what}; {self.whole} is below its minimum of {self.money(terms.min_cart)}."
        else:
            yield f"{what}."
            yield from self.limits(terms)

    def limits(self, terms: Terms) -> Iterator[str]:
        limits = list(self.law.limits(terms, self.order, self.credits_used))
        if terms.is_fixed:
            limits.insert(0, Limit("offer", 1, 1))
        smallest = min(limits, key=lambda limit: limit.steps)
        for limit in limits:
            mark = "  ← the smallest" if limit is smallest else ""
            steps = f"{limit.steps:>8,} step{'' if limit.steps == 1 else 's'}"
            yield f"    {limit.reason:<14} {self.limit_words(limit, terms):<34} {steps}{mark}"
        if terms.is_percent and smallest.steps:
            yield f"    {self.percent_words(terms, smallest.steps)}"
        if terms.min_points and smallest.steps * terms.points < terms.min_points:
            used = self.points(smallest.steps * terms.points)
            yield f"    A redemption uses at least {self.points(terms.min_points)}; {used} would be used, so none are."

    def limit_words(self, limit: Limit, terms: Terms) -> str:
        order, left = self.order, self.money(self.law.left(self.order, self.credits_used))
        match limit.setting or limit.reason:
            case "offer":
                return "all or nothing"
            case "min_balance":
                return f"{self.points(order.balance)} of {terms.min_balance:,} needed"
            case "balance":
                return self.points(order.balance)
            case "requested":
                return self.points(order.requested)
            case "cart":
                return left
            case "max_discount":
                return self.money(terms.max_discount) + (", clipping the last step" * terms.is_percent)
            case "max_percent":
                return f"{_percent(terms.max_percent)} of {self.whole}"
            case "max_discount_percent":
                return f"{_percent(terms.max_discount_percent)} of {self.whole} = {self.money(limit.allows // WHOLE)}"
            case "min_payable":
                minimum = self.law.min_payable_shown(order)
                rest = self.left - minimum
                return f"{self.money(self.left)} − {self.money(minimum)}" + (
                    f" = {self.money(rest)}" if rest > 0 else ": nothing"
                )
        assert terms.multiple is not None  # nothing else is left
        most = self.money(self.base * WHOLE // terms.multiple)
        return f"{self.money(self.base)} ÷ {terms.multiple / WHOLE:.8g} = {most}"

    def percent_words(self, terms: Terms, steps: int) -> str:
        """What the steps of a percentage offer give: rounded down, clipped, and the fewest that give it."""
        law, order = self.law, self.order
        discount, clipped = law.percent_discount(terms, order, steps)
        exact = from_minor(self.base * steps * terms.percent, self.program.decimals + 4).normalize()
        these = f"{_percent(steps * terms.percent)} of {self.money(self.base)}"
        if clipped:
            return f"{these} is more than {self.money(discount)}, which is given."
        if discount * WHOLE == self.base * steps * terms.percent:
            return f"{these} is {self.money(discount)}."
        if not discount:
            return f"{these} is {exact:f}, which rounds down to nothing."
        words = f"{these} is {exact:f}, rounded down to {self.money(discount)}"
        charged = law.steps_charged(terms, order, steps, discount)
        if charged < steps:
            words += f", for which {charged} step{' is' if charged == 1 else 's are'} enough"
        return f"{words}."

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


def _percent(basis_points: int | None) -> str:
    assert basis_points is not None
    return f"{basis_points / 100:.12g} %"
