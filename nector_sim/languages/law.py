"""The redemption law of one program as a tree of expressions; steps and sections are those of data/law/redemption.md.

It is derived from the law page, with the program's numbers put in. Nothing but those numbers (``Terms``) is shared with
:mod:`nector_sim.calculator.exact`, against which every printed form is tested.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from nector_sim.calculator.exact import Law, Terms
from nector_sim.errors import Problem, ProgramError
from nector_sim.languages.tree import (
    Calculator,
    Constant,
    Input,
    Node,
    choose,
    greatest,
    is_among,
    is_blank,
    least,
    leaves,
    node_of,
)
from nector_sim.rules.known import Known, fields, unknown
from nector_sim.rules.ledger import Earning, Expiry, Reversal, Tier, Tiering
from nector_sim.rules.money import MAX_MINOR, MAX_POINTS, WHOLE
from nector_sim.rules.offers import FixedAmount, FixedPercent, VariableAmount, VariablePercent
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**52
#: Inputs that only some offers ask for.
_WHERE_ASKED = ("tier", "at", "coupon")

_OFFER = fields(
    "kind name min_cart max_cart min_cart_multiple tiers starts_at ends_at points_per_step discount_per_step",
    "max_discount max_discount_percent points discount percent_per_step max_percent percent min_points min_balance",
    "with_coupons",
)
#: Fields of a program that the tree carries, and sections of the ledger, which no redemption depends on.
KNOWN: Known = {
    Program: fields(
        "name currency points_label timezone enabled offers min_payable",
        "earning expiry tiers tiering reversal valid_from",
    ),
    FixedMinPayable: fields("kind amount"),
    PercentMinPayable: fields("kind percent"),
    **dict.fromkeys((VariableAmount, FixedAmount, VariablePercent, FixedPercent), _OFFER),
    **{section: frozenset(section.model_fields) for section in (Earning, Expiry, Tier, Tiering, Reversal)},
}


class Bounds(NamedTuple):
    """The largest amount, in minor units, and the most points that a language reads."""

    money: int = MAX_MINOR
    points: int = MAX_POINTS


class Setting(NamedTuple):
    """A number of the program that a form may leave to its reader.

    ``scale`` is how many of the tree's units make one of the program's: 100 paise a rupee.
    """

    given: Input
    path: str
    value: int
    scale: int


class _Limit(NamedTuple):
    reason: str
    steps: Node


def calculator_of(
    program: Program,
    *,
    leave_out: Collection[str] = (),
    bounds: Bounds | None = None,
    settings: list[Setting] | None = None,
) -> Calculator:
    """Make the tree of a program."""
    problems = [
        Problem(path, "is not carried by exported calculators yet; take it out") for path in unknown(program, KNOWN)
    ]
    dated = any(offer.starts_at or offer.ends_at for offer in program.offers)
    if dated and "ordered_at" in leave_out:
        problems.append(Problem("ordered_at", "is left out, but an offer has dates; without times it would be wrong"))
    if "tier" in leave_out and any(offer.tiers is not None for offer in program.offers):
        problems.append(Problem("tier", "is left out, but an offer is for some tiers only"))
    if "coupon_discount" in leave_out and not all(offer.with_coupons for offer in program.offers):
        problems.append(Problem("coupon_discount", "is left out, but an offer is closed to orders with coupons"))
    if problems:
        raise ProgramError("the program cannot be exported:", problems)
    law, bounds = Law(program), bounds or Bounds()
    if settings is not None:
        _leave_open(law, bounds, settings)
    return _Builder(law, leave_out, bounds).build()


def _leave_open(law: Law, bounds: Bounds, settings: list[Setting]) -> None:
    """Put an input into the place of each of the program's numbers."""
    amount, decimals = bounds.money, law.program.decimals

    def opened(owner: Any, name: str, path: str, low: int, high: int, scale: int) -> None:
        value = getattr(owner, name)
        given = Input(f"set_{path.replace('.', '_')}", low=min(low, value), high=max(high, value))
        settings.append(Setting(given, path, value, scale))
        setattr(owner, name, given)

    for position, (terms, offer) in enumerate(zip(law.offers, law.program.offers, strict=True)):
        fields = type(offer).model_fields
        for name, field, low, high, scale in (
            ("points", ("points", "points_per_step"), 1, bounds.points, 1),
            ("amount", ("discount", "discount_per_step"), 1, amount, 10**decimals),
            ("percent", ("percent", "percent_per_step"), 1, WHOLE, 100),
            ("max_discount", ("max_discount",), 1, amount, 10**decimals),
            ("max_discount_percent", ("max_discount_percent",), 1, WHOLE, 100),
            ("max_percent", ("max_percent",), 1, WHOLE, 100),
            ("min_cart", ("min_cart",), 0, amount, 10**decimals),
            ("max_cart", ("max_cart",), 1, amount, 10**decimals),
            ("multiple", ("min_cart_multiple",), 1, 100 * 10_000, 10_000),
            ("min_points", ("min_points",), 0, bounds.points, 1),
            ("min_balance", ("min_balance",), 0, bounds.points, 1),
        ):
            named = next((one for one in field if one in fields), None)
            if named and getattr(offer, named) is not None:
                opened(terms, name, f"offers.{position}.{named}", low, high, scale)
    if isinstance(law.program.min_payable, PercentMinPayable):
        opened(law, "min_payable_percent", "min_payable.percent", 0, WHOLE, 100)
    elif law.program.min_payable is not None:
        opened(law, "min_payable_amount", "min_payable.amount", 0, amount, 10**decimals)


class _Builder:
    """The steps of the law, one method each."""

    def __init__(self, law: Law, leave_out: Collection[str], bounds: Bounds) -> None:
        self.law, self.program, self.sheet, self.bounds = law, law.program, Calculator(), bounds
        #: More points than anybody has: what an order without a request asks for.
        self.never = bounds.points + 1
        self.cart = Input("cart", high=bounds.money)
        self.balance = Input("balance", high=bounds.points)
        self.inputs = [self.cart, self.balance]
        self.left_out = leave_out
        self.requested = self.optional("points_requested", Input("requested", high=bounds.points, optional=True))
        self.tier = self.optional("tier", Input("tier", "text", optional=True))
        self.eligible = self.optional("eligible_amount", Input("eligible", high=bounds.money, optional=True))
        self.coupon = self.optional("coupon_discount", Input("coupon", high=bounds.money))
        self.at = self.optional("ordered_at", Input("at", low=-_LATEST, high=_LATEST, optional=True))

    def optional(self, field: str, given: Input) -> Input | None:
        """An input, unless orders never have it."""
        if field in self.left_out:
            return None
        self.inputs.append(given)
        return given

    def build(self) -> Calculator:
        """Every step, then the results."""
        sheet = self.sheet
        if self.law.enabled:
            self.minimum_and_credits()
            offers = [_OneOffer(self, position, terms) for position, terms in enumerate(self.law.offers)]
            self.best(offers)
        else:  # step 0
            zero = Constant(0)
            sheet.results = {"offer": Constant(""), "points_redeemed": zero, "discount": zero, "payable": self.cart}
            sheet.results |= {"credits_used": zero, "limited_by": Constant("not_live")}
        sheet.keep_used()
        read = [*(one.value for one in sheet.lets), *sheet.results.values()]
        used = {leaf.name for node in read for leaf in leaves(node)}
        # Only tiers, times and coupons that some offer asks for; the others are every order's.
        sheet.inputs = [given for given in self.inputs if given.name in used or given.name not in _WHERE_ASKED]
        return sheet

    def minimum_and_credits(self) -> None:
        """Steps 1 and 2: the minimum payable, and what credits leave."""
        let = self.sheet.let
        self.credits: Node = Constant(0)
        if "credits" not in self.left_out:
            given = Input("credits", high=self.bounds.money)
            self.inputs.insert(2, given)
            self.credits = let("credits_used", least(given, self.cart), "step 2: credits first, at most the cart")
        self.unpaid = let("left_to_pay", self.cart - self.credits, "step 2: what credits leave", at_least=0)
        #: E, the part of the cart that points may pay, and how much of it credits leave.
        self.base: Node = self.cart
        self.left = self.unpaid
        if self.eligible is not None:
            all_of_it = choose(is_blank(self.eligible), self.cart, self.eligible)
            self.base = let("eligible_part", all_of_it, "section 1: left out, points may pay all of the cart")
            self.left = let("left_eligible", least(self.unpaid, self.base), "step 4: what of it is left to pay")
        #: Ten-thousandths of a minor unit where the minimum is a percentage of the cart, else minor units.
        self.scale = WHOLE if self.law.min_payable_percent else 1
        minimum = self.cart * self.law.min_payable_percent + self.law.min_payable_amount
        self.room: Node | None = None
        if self.law.min_payable_amount or self.law.min_payable_percent:
            unit = ", in ten-thousandths" if self.scale > 1 else ""
            self.room = let(
                "room",
                greatest(0, self.unpaid * self.scale - minimum),
                f"steps 1 and 4: what the minimum payable leaves for points{unit}",
            )
        self.asked: Node | None = None
        if self.requested is not None:
            none = choose(is_blank(self.requested), self.never, self.requested)
            self.asked = let("asked", none, "step 8: no request asks for as much as allowed")

    def best(self, offers: list[_OneOffer]) -> None:
        """Section 4: the largest discount, then the fewest points, then the first listed; section 5: why."""
        let, nothing = self.sheet.let, Constant(0)
        discount = let("discount", greatest(nothing, *(one.discount for one in offers)), "section 4: the largest")
        wins = [one.discount.equals(discount) & (nothing < one.discount) for one in offers]
        points: Node = nothing
        if len(offers) == 1:
            points = offers[0].points
        elif offers:
            fewest = [choose(won, one.points, self.never) for won, one in zip(wins, offers, strict=True)]
            points = let("fewest", least(*fewest), "section 4: then the fewest points")
            wins = [won & one.points.equals(points) for won, one in zip(wins, offers, strict=True)]
            points = choose(nothing < discount, points, 0)
        names: Node = Constant("")
        reason = self.why_nothing(offers)
        for one, won in reversed(list(zip(offers, wins, strict=True))):
            won = let(f"{one.prefix}wins", won, "section 4: this offer is used")
            names = choose(won, self.program.offer_name(one.position), names)
            reason = choose(won, one.reason, reason)
        self.sheet.results = {
            "offer": let("offer", names, "section 4"),
            "points_redeemed": let("points", points, "section 4", at_most=self.bounds.points),
            "discount": discount,
            "payable": let("payable", self.unpaid - discount, "step 6", at_least=0),
            "credits_used": self.credits,
            "limited_by": let("limited_by", reason, "section 5: what kept the discount from being larger"),
        }

    def why_nothing(self, offers: list[_OneOffer]) -> Node:
        """Section 5: of the first offer whose tier, date and maximum cart fit; else whose tier and date fit."""
        reason: Node = Constant("no_offer")
        for one in reversed(offers):
            reason = choose(one.fits, "max_cart", reason)
        for one in reversed(offers):
            closed = choose(one.takes_coupons, choose(one.reaches, one.reason, "min_cart"), "coupon")
            reason = choose(one.fits & one.below, closed, reason)
        return reason


class _OneOffer:
    """Steps 3 to 6 for one offer."""

    def __init__(self, builder: _Builder, position: int, terms: Terms) -> None:
        self.builder, self.position, self.terms = builder, position, terms
        self.prefix = f"o{position}_"
        self.cart = builder.base
        self.named = f"offer {position}: " if len(builder.law.offers) > 1 else ""
        self.open()
        limits = self.limits()
        steps = self.let("steps", least(*(one.steps for one in limits), *([1] if terms.is_fixed else [])), "step 4")
        why = self.reason_of(limits, steps)
        gives = self.by_percent(steps, why) if terms.is_percent else self.by_amount(steps, why)
        points, discount, self.reason = gives
        is_open = self.fits & self.below & self.takes_coupons & self.reaches
        self.discount = self.let(
            "discount", choose(is_open, discount, 0), "steps 3 and 6", at_most=builder.bounds.money
        )
        self.points = self.let("points", choose(is_open, points, 0), "step 6", at_most=builder.bounds.points)

    def let(self, name: str, value: Node, words: str, **bounds: int) -> Node:
        """Name an expression of this offer."""
        return self.builder.sheet.let(self.prefix + name, value, self.named + words, **bounds)

    def open(self) -> None:
        """Step 3: the tier and the date fit, and the cart, before credits, is within the offer's."""
        terms, builder = self.terms, self.builder
        fits: Node = Constant(True)
        if terms.tiers is not None:
            fits = is_among(builder.tier, terms.tiers) if builder.tier else Constant(False)
        dated: Node = Constant(True)
        if builder.at is not None and (terms.starts_at or terms.ends_at):
            for instant, is_start in ((terms.starts_at, True), (terms.ends_at, False)):
                if instant is not None:
                    micros = (instant - _EPOCH) // timedelta(microseconds=1)
                    dated = dated & (builder.at >= micros if is_start else builder.at < micros)
            dated = is_blank(builder.at) | dated
        self.fits = self.let("fits", fits & dated, "step 3: the tier and the date fit")
        self.reaches = self.let("reaches", self.cart >= terms.min_cart, "step 3: the minimum cart")
        below = Constant(True) if terms.max_cart is None else self.cart < terms.max_cart
        coupons: Node = Constant(True)
        if not terms.with_coupons and builder.coupon is not None:
            coupons = builder.coupon <= 0
        self.takes_coupons = self.let("coupons", coupons, "step 3: no other coupon")
        self.below = self.let("below", below, "step 3: the maximum cart")

    def limits(self) -> list[_Limit]:
        """Step 4: the limits on the number of whole steps, in the order in which a tie is named."""
        terms, builder = self.terms, self.builder
        steps = builder.balance // terms.points
        #: Whether the customer owns enough points to spend any.
        self.owns: Node = Constant(True)
        if terms.min_balance:
            self.owns = self.let("owns", builder.balance >= terms.min_balance, "step 4: the minimum balance")
            steps = choose(self.owns, steps, 0)
        self.by_balance = self.let("by_balance", steps, "step 4: the balance")
        found = [_Limit("balance", self.by_balance)]
        if builder.asked is not None:
            found.append(_Limit("requested", self.let("by_request", builder.asked // terms.points, "step 8")))
        return found + (self.percent_limits() if terms.is_percent else self.amount_limits())

    def amount_limits(self) -> list[_Limit]:
        """Limits in money, where a step is an amount."""
        terms, builder, cart = self.terms, self.builder, self.cart
        found = [_Limit("cart", self.let("by_cart", builder.left // terms.amount, "step 4: what is left to pay"))]
        if terms.max_discount is not None:
            steps = node_of(terms.max_discount // terms.amount)
            found.append(_Limit("max_discount", self.let("by_maximum", steps, "step 4: the maximum")))
        if terms.max_discount_percent is not None:
            part = (cart * terms.max_discount_percent) // (WHOLE * terms.amount)
            found.append(_Limit("max_discount", self.let("by_percent", part, "step 4: the maximum in per cent")))
        if builder.room is not None:
            room = builder.room // (builder.scale * terms.amount)
            found.append(_Limit("min_payable", self.let("by_room", room, "step 4: the minimum payable")))
        if terms.multiple is not None:
            carts = (cart * 10_000) // (terms.multiple * terms.amount)
            found.append(_Limit("min_cart", self.let("by_multiple", carts, "step 4: the multiple")))
        return found

    def percent_limits(self) -> list[_Limit]:
        """Limits in money, where a step is a percentage of the cart, in ten-thousandths of a minor unit.

        A cart of 0 allows no step; dividing by 1 there gives that.
        """
        terms, builder, cart, cap = self.terms, self.builder, self.cart, self.terms.max_discount
        self.step = self.let("step", cart * terms.percent, "step 4: a step, in ten-thousandths")
        self.divisor = self.let("divisor", greatest(1, self.step), "step 4: never 0")

        def below_cap(what_is_left: Node, cap_in_its_unit: int | None, steps: Node) -> Node:
            return steps if cap_in_its_unit is None else choose(what_is_left < cap_in_its_unit, steps, builder.never)

        by_cart = below_cap(builder.left, cap, (builder.left * WHOLE) // self.divisor)
        found = [_Limit("cart", self.let("by_cart", by_cart, "step 4: what is left to pay"))]
        if terms.max_percent is not None:
            steps = node_of(terms.max_percent // terms.percent)
            found.append(_Limit("max_discount", self.let("by_percent", steps, "step 4: the maximum in per cent")))
        if cap is not None:
            reaching = node_of(cap * WHOLE - 1) // self.divisor + 1
            found.append(_Limit("max_discount", self.let("by_maximum", reaching, "step 4: rounded up, then clipped")))
        if builder.room is not None:
            room = builder.room * (WHOLE // builder.scale) // self.divisor
            room = below_cap(builder.room, None if cap is None else cap * builder.scale, room)
            found.append(_Limit("min_payable", self.let("by_room", room, "step 4: the minimum payable")))
        if terms.multiple is not None:
            steps = node_of(WHOLE * 10_000 // (terms.multiple * terms.percent))
            held = below_cap(cart * 10_000, None if cap is None else cap * terms.multiple, steps)
            found.append(_Limit("min_cart", self.let("by_multiple", held, "step 4: the multiple")))
        return found

    def reason_of(self, limits: list[_Limit], steps: Node) -> Node:
        """Section 5: the first of the limits that equal the steps; a fixed offer given whole names itself."""
        reason: Node = Constant(limits[-1].reason)
        for limit in reversed(limits[:-1]):
            named = choose(self.owns, "balance", "min_points") if limit.reason == "balance" else limit.reason
            reason = choose(limit.steps.equals(steps), named, reason)
        if self.terms.is_fixed:
            reason = choose(steps > 0, "offer", reason)
        return self.let("limit", reason, "section 5: the first limit that holds")

    def by_amount(self, steps: Node, why: Node) -> tuple[Node, Node, Node]:
        """Step 6 for amounts: points, discount, reason."""
        points = self.let("costs", steps * self.terms.points, "step 6: points", at_most=self.builder.bounds.points)
        gives = self.let("gives", steps * self.terms.amount, "step 6: n steps", at_most=self.builder.bounds.money)
        if not self.terms.min_points:
            return points, gives, why
        # Nothing at all is the balance's, where it is: the customer is told of the minimum.
        few = (points < self.terms.min_points) & ((steps > 0) | self.by_balance.equals(steps))
        few = self.let("too_few", few, "step 6: fewer points than the minimum")
        return (
            choose(few, 0, points),
            choose(few, 0, gives),
            self.let("why", choose(few, "min_points", why), "section 5"),
        )

    def by_percent(self, steps: Node, why: Node) -> tuple[Node, Node, Node]:
        """Step 6 for percentages: rounded down, clipped, and the fewest steps that give it are charged."""
        cap = self.terms.max_discount
        # Without a maximum the cart always limits; with one, the step that reaches it is the last.
        money = self.builder.bounds.money
        most = money * WHOLE if cap is None else node_of(cap).high * WHOLE + self.step.high
        exact = self.let("exact", steps * self.step, "step 6: in ten-thousandths", at_least=0, at_most=most)
        rounded = exact // WHOLE
        clipped: Node = Constant(False)
        if cap is not None:
            rounded, clipped = least(rounded, cap), exact > cap * WHOLE
        discount = self.let("rounded", rounded, "step 6: rounded down and clipped", at_most=money)
        charged = greatest(0, discount * WHOLE - 1) // self.divisor + 1
        charged = choose(discount > 0, charged, 0)
        charged = self.let(
            "charged",
            charged,
            "step 6: the fewest steps",
            at_most=self.builder.bounds.points // node_of(self.terms.points).low,
        )
        reason = choose(clipped, "max_discount", why)
        # No step at all keeps its limit; steps that round to nothing are the cart's.
        reason = choose(discount > 0, reason, choose(steps > 0, "cart", why))
        points = self.let("costs", charged * self.terms.points, "step 6: points", at_most=self.builder.bounds.points)
        return points, discount, self.let("why", reason, "section 5")
