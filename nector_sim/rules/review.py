"""Legal but odd: settings that a merchant probably did not mean, in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from nector_sim.errors import Problem
from nector_sim.rules.money import money_text
from nector_sim.rules.offers import Offer
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program, ProgramLike, as_program


def review(program: ProgramLike, *, largest_balance: int | None = None) -> list[Problem]:
    """Find what is legal in a program but probably not meant.

    Parameters
    ----------
    program : Program
    largest_balance : int, optional
        The most points that a customer has; with it, limits that nobody can reach are found too.

    Returns
    -------
    list of Problem
        Each with the dotted path of the field and a sentence; empty where nothing stands out.

    Examples
    --------
    >>> offer = ns.VariableAmount(points_per_step=100, discount_per_step=10, max_discount=25)
    >>> print(review(ns.Program(offers=[offer]))[0])
    offers.0.max_discount: ₹25 is no multiple of the step of ₹10; nobody gets more than ₹20
    """
    program = as_program(program)
    findings = [*_of_program(program), *_of_ledger(program), *_of_window(program)]
    for position, offer in enumerate(program.offers):
        findings += [
            Problem(f"offers.{position}.{finding.place}", finding.what)
            for finding in (*_of_offer(offer, program), *_of_balances(offer, largest_balance))
        ]
    return findings


def _of_program(program: Program) -> Iterator[Problem]:
    if not program.enabled:
        yield Problem("enabled", "the integration is switched off; nobody can redeem")
    if not program.offers:
        yield Problem("offers", "there is no offer; nobody can redeem")
    minimum = program.min_payable
    if isinstance(minimum, PercentMinPayable) and minimum.percent == 100:
        yield Problem("min_payable.percent", "the customer always pays 100 %; nobody gets a discount")
    if isinstance(minimum, FixedMinPayable):
        for position, offer in enumerate(program.offers):
            if offer.max_cart is not None and offer.max_cart <= minimum.amount:
                yield Problem(
                    f"offers.{position}.max_cart", "no cart below it exceeds min_payable, so nobody can use it"
                )


def _of_ledger(program: Program) -> Iterator[Problem]:
    """Of earning and tiers, as far as a replay goes by them."""
    earning, names = program.earning, {tier.name for tier in program.tiers}
    if earning is not None and earning.rate == 0:
        yield Problem("earning.points_per_unit", "is 0, so no order earns points")
    if earning is not None and (back := _most_back(program)) >= 100:
        yield Problem(
            "earning.points" if earning.points else "earning.points_per_unit",
            f"what an order earns is worth up to {round(back, 2).normalize():f} % of what the customer paid for it",
        )
    for position, tier in enumerate(program.tiers):
        if earning is None and tier.earning_factor != 1:
            yield Problem(f"tiers.{position}.earning_factor", "has nothing to multiply, as nothing is earned")
        if position and tier.earning_factor < program.tiers[position - 1].earning_factor:
            yield Problem(f"tiers.{position}.earning_factor", "is below that of the tier before it")
    for position, offer in enumerate(program.offers):
        if names and offer.tiers and not names & set(offer.tiers):
            yield Problem(
                f"offers.{position}.tiers", f"none of them is a tier of this program ({', '.join(sorted(names))})"
            )


def _of_window(program: Program) -> Iterator[Problem]:
    """A tier that is lost before the points are."""
    window = program.tiering.window_months if program.tiering else None
    if window is None or program.expiry is None:
        return
    months, days = program.expiry.months, program.expiry.days
    longer = months > window if months is not None else (days or 0) > 31 * window
    if longer:
        lasts = f"{days} days" if months is None else f"{months} months"
        yield Problem(
            "tiering.window_months",
            f"is {window}, and points last {lasts}: an order stops counting before its points are gone",
        )


def _of_balances(offer: Offer, largest: int | None) -> Iterator[Problem]:
    """What nobody has the points for."""
    for name in ("min_points", "min_balance"):
        needed = getattr(offer, name, None)
        if largest is not None and needed is not None and needed > largest:
            yield Problem(name, f"is {needed:,}, and the largest balance is {largest:,}; nobody can use it")


def _most_back(program: Program) -> Decimal:
    """What an order earns at most for each 100 that it is counted on, by the offer in which points are worth most."""
    assert program.earning is not None
    worth = program.point_value or Fraction(0)
    factor = max((tier.earning_factor for tier in program.tiers), default=Decimal(1))
    back = 100 * program.earning.rate * Fraction(max(factor, Decimal(1))) * worth
    return Decimal(back.numerator) / back.denominator


def _of_offer(offer: Offer, program: Program) -> Iterator[Problem]:
    if offer.tiers == ():
        yield Problem("tiers", "the list is empty, so no customer fits; leave it out for everybody")
    if offer.max_cart is not None and offer.max_cart <= offer.min_cart:
        yield Problem("max_cart", "is not above min_cart, so no cart fits")
    if offer.starts_at and offer.ends_at and program.instant(offer.ends_at) <= program.instant(offer.starts_at):
        yield Problem("ends_at", "is not after starts_at, so the offer is never open")
    if offer.step_discount is not None:
        yield from _of_amount(offer, offer.step_discount, program)
    if offer.step_percent is not None:
        yield from _of_percent(offer, offer.step_percent, program)


def _of_amount(offer: Offer, step: Decimal, program: Program) -> Iterator[Problem]:
    if offer.min_points is not None and offer.max_cart is not None:
        value = offer.min_points * step / offer.step_points
        if value >= offer.max_cart:
            yield Problem("min_points", f"take {_money(value, program)} off, and no cart below max_cart is that large")
    if offer.is_fixed and offer.max_cart is not None and step >= offer.max_cart:
        yield Problem("discount", "is not below max_cart, so no cart can use it")
    if offer.max_discount is not None:
        most = offer.max_discount // step * step
        if most == 0:
            yield Problem(
                "max_discount",
                f"{_money(offer.max_discount, program)} is below a step, {_money(step, program)}; nobody gets anything",
            )
        elif most < offer.max_discount:
            yield Problem(
                "max_discount",
                f"{_money(offer.max_discount, program)} is no multiple of the step of {_money(step, program)}; "
                f"nobody gets more than {_money(most, program)}",
            )
        if offer.max_cart is not None and offer.max_discount >= offer.max_cart:
            yield Problem("max_discount", "is not below max_cart, so it can never bind")
    if offer.max_discount_percent is not None and offer.max_discount_percent >= 100:
        yield Problem("max_discount_percent", "is 100 % or more of the cart, so it can never bind")
    if not offer.is_fixed and offer.min_cart_multiple is not None and offer.min_cart_multiple <= 1:
        yield Problem("min_cart_multiple", "is 1 or less, so it can never bind")


def _of_percent(offer: Offer, step: Decimal, program: Program) -> Iterator[Problem]:
    name = "percent" if offer.is_fixed else "percent_per_step"
    if step > 100 and offer.max_discount is None:
        yield Problem(name, "is above 100 % and nothing caps it, so nobody gets anything")
    if offer.max_percent is not None:
        most = offer.max_percent // step * step
        if most == 0:
            yield Problem(
                "max_percent", f"{offer.max_percent:f} % is below one step of {step:f} %; nobody gets anything"
            )
        elif most < offer.max_percent:
            yield Problem(
                "max_percent",
                f"{offer.max_percent:f} % is no multiple of the step of {step:f} %; nobody gets more than {most:f} %",
            )
    if offer.max_discount is not None and program.min_payable is not None and _value(program.min_payable) > 0:
        yield Problem(
            "max_discount",
            "together with the minimum payable, a higher one can lower a discount: the clipped last step may no "
            "longer fit, and is then refused whole",
        )
    if offer.min_cart_multiple is not None and offer.min_cart_multiple <= 1 and offer.max_discount is None:
        yield Problem("min_cart_multiple", "is 1 or less, so it can never bind")


def _value(minimum: FixedMinPayable | PercentMinPayable) -> Decimal:
    return minimum.amount if isinstance(minimum, FixedMinPayable) else minimum.percent


def _money(amount: Decimal, program: Program) -> str:
    return money_text(amount, program.currency)
