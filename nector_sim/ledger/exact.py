"""The ledger as law: one customer after another, in plain objects and unbounded whole numbers.

This module is the reference that :mod:`nector_sim.ledger.compiled` is held against, and shares no arithmetic with it.
Money is in minor units, instants are datetimes in UTC. The sections that comments name are those of
``data/law/ledger.md``. One order's redemption is :class:`nector_sim.calculator.exact.Law`.
"""

from __future__ import annotations

import calendar
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from nector_sim.calculator import exact
from nector_sim.ledger.records import Balance, ExactReplay, Grant, Movement, Opening, OrderResult, PastOrder, Refund
from nector_sim.ledger.schedule import EARLIEST, Schedule
from nector_sim.ledger.take_up import TakeUpLaw
from nector_sim.rules.ledger import Expiry, Reversal, Tier
from nector_sim.rules.money import to_minor
from nector_sim.rules.program import Program

#: After every instant: what never expires, expires here.
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Lot:
    """Points of one credit."""

    points: int
    credited_at: datetime
    expires_at: datetime
    order_id: str = ""


@dataclass(slots=True, eq=False)
class Pending:
    """Points that an order earned and that are no balance yet."""

    points: int
    matures_at: datetime
    expires_at: datetime
    booked: Booked


@dataclass(slots=True, eq=False)
class Booked:
    """An order that has run, for its refund."""

    order: PastOrder
    payable: int
    redeemed: int
    earned: int
    shares: dict[datetime, Fraction]
    share: Fraction = Fraction(0)
    taken: int = 0
    given: int = 0
    lot: Lot | None = None
    pending: Pending | None = None


def replay(
    schedule: Schedule,
    orders: Iterable[PastOrder],
    openings: Iterable[Opening] = (),
    grants: Iterable[Grant] = (),
    as_of: datetime | None = None,
    refunds: Iterable[Refund] = (),
    chance: TakeUpLaw | None = None,
) -> ExactReplay:
    """Replay a history, customer by customer, in the order of their ids as text."""
    orders = [order for order in orders if not order.never_paid]
    openings, grants = list(openings), list(grants)
    of_order: dict[str, list[Refund]] = defaultdict(list)
    for refund in refunds:
        of_order[refund.order_id].append(refund)
    shares = {order.order_id: order.shares(of_order[order.order_id]) for order in orders}
    instants = [o.at for o in orders] + [at for each in shares.values() for at in each] + [g.at for g in grants]
    end = as_of if as_of is not None else max(instants, default=EARLIEST)
    laws = [ProgramTerms(program) for program in schedule.programs]
    histories: dict[str, tuple[list[Opening], list[PastOrder], list[Grant]]] = defaultdict(lambda: ([], [], []))
    for opening in openings:
        histories[opening.customer_id][0].append(opening)
    for order in orders:
        if order.at <= end:
            histories[order.customer_id][1].append(order)
    for grant in grants:
        if grant.at <= end:
            histories[grant.customer_id][2].append(grant)
    replayed = ExactReplay()
    for customer_id, (brought, bought, given) in sorted(histories.items()):
        account = Account(customer_id, schedule, laws, shares, replayed, chance)
        account.open(brought)
        account.run(bought, given, end)
    return replayed


class ProgramTerms:
    """One program in whole numbers: the law of its redemption, and its other half.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.law = exact.Law(program)
        self.earning = program.earning
        self.expiry = program.expiry
        self.tiers = program.tiers
        self.window = program.tiering.window_months if program.tiering else None
        self.reversal = program.reversal or Reversal()

    def earned(self, payable: int, order: PastOrder, tier: Tier | None) -> int:
        """Points of one order (section 3, step 5)."""
        return earned_by(self.program, order.cart, payable, tier, order.earning)

    def least(self, tier: Tier) -> int:
        """What reaches a tier: minor units, orders or points."""
        return int(tier.least) if tier.min_spend is None else to_minor(tier.min_spend, self.program.decimals)

    def counts(self, booked: Booked, at: datetime) -> bool:
        """Whether an earlier order still counts for tiers at an instant (section 3, step 1)."""
        return self.window is None or months_after(booked.order.at, self.window, self.program.timezone) > at

    def period_after(self, at: datetime) -> datetime:
        """The instant one expiry period later (section 2)."""
        return FOREVER if self.expiry is None else one_period_after(at, self.expiry, self.program.timezone)


def earned_by(program: Program, cart: int, payable: int, tier: Tier | None, part: int | None = None) -> int:
    """Points of a cart in minor units, of which a part may earn, worked out exactly and rounded once."""
    earning = program.earning
    assert earning is not None
    if cart == 0 or cart < to_minor(earning.min_cart, program.decimals):
        return 0
    share = Fraction(1) if part is None else Fraction(part, cart)
    base = share * (payable if earning.base == "payable" else cart) / 10**program.decimals
    points = base * earning.rate
    if earning.whole_steps and earning.points is not None and earning.per_amount is not None:
        points = Fraction(math.floor(base / Fraction(earning.per_amount)) * earning.points)
    points *= Fraction(1) if tier is None else Fraction(tier.earning_factor)
    whole = rounded(points, earning.rounding)
    return whole if earning.max_points is None else min(whole, earning.max_points)


def rounded(points: Fraction, rounding: str) -> int:
    """Whole points."""
    match rounding:
        case "floor":
            return math.floor(points)
        case "ceil":
            return math.ceil(points)
        case _:
            return math.floor(points + Fraction(1, 2))


def one_period_after(at: datetime, expiry: Expiry, timezone: str) -> datetime:
    """Calendar months of a time zone, or days of 24 hours, after an instant (`expiry_calendar`)."""
    if expiry.months is None:
        assert expiry.days is not None
        return at + timedelta(days=expiry.days)
    return months_after(at, expiry.months, timezone)


def months_after(at: datetime, months: int, timezone: str) -> datetime:
    """So many calendar months later at the same local time; where clocks leave it out, the next that exists."""
    zone = ZoneInfo(timezone)
    local = at.astimezone(zone).replace(tzinfo=None)
    years, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(years, month + 1)[1])
    local = local.replace(year=years, month=month + 1, day=day, fold=0)
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return instant
    # Clocks went forward over it: back to the first instant that shows a later time.
    before = instant - timedelta(days=1)
    while instant - before > timedelta(microseconds=1):
        middle = before + (instant - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) >= local:
            instant = middle
        else:
            before = middle
    return instant


class Account:
    """One customer's points.

    Parameters
    ----------
    customer_id : str
    schedule : Schedule
    laws : list of ProgramTerms
        Of each program of the schedule.
    shares : dict
        How much of each order came back, and when.
    replayed : ExactReplay
        Where results go.
    chance : TakeUpLaw or None
        Who redeems where the orders do not say it.
    """

    def __init__(
        self,
        customer_id: str,
        schedule: Schedule,
        laws: list[ProgramTerms],
        shares: dict[str, dict[datetime, Fraction]],
        replayed: ExactReplay,
        chance: TakeUpLaw | None,
    ) -> None:
        self.customer_id = customer_id
        self.schedule = schedule
        self.laws = laws
        self.shares = shares
        self.replayed = replayed
        self.chance = chance
        self.lots: list[Lot] = []
        self.pending: list[Pending] = []
        self.overdraft = 0
        self.brought_spend = 0
        self.deadline = FOREVER  # of inactivity
        self.grants: list[Grant] = []
        self.orders: list[PastOrder] = []
        self.booked: list[Booked] = []

    # Section 1: what the customer brings.

    def open(self, openings: list[Opening]) -> None:
        """Book the opening balances; an overdraft is paid by the other rows, the soonest to expire first."""
        for opening in sorted(openings, key=lambda o: (o.points > 0, o.expires_at or FOREVER)):
            self.brought_spend += opening.lifetime_spend
            self.book(None, "opening", opening.points)
            if opening.points < 0:
                self.overdraft -= opening.points
            else:
                self.credit(Lot(opening.points, EARLIEST, opening.expires_at or FOREVER))

    # Section 2: events in time order.

    def run(self, orders: list[PastOrder], grants: list[Grant], end: datetime) -> None:
        """Run the events of this customer up to and including the end."""
        self.orders = sorted(orders, key=lambda o: (o.at, o.order_id))
        self.grants = sorted(
            grants, key=lambda g: (g.at, g.expires_at or self.terms(g.at).period_after(g.at), g.points)
        )
        while (at := min(self.instants(), default=FOREVER)) <= end and at != FOREVER:
            self.mature(at)
            self.grant(at)
            self.expire(at)
            while self.orders and self.orders[0].at == at:
                self.order(self.orders.pop(0))
            self.refund(at)
        expiring = [lot.expires_at for lot in self.lots if lot.expires_at != FOREVER]
        if self.schedule.inactivity:
            expiring = [self.deadline] if self.lots and self.deadline != FOREVER else []
        pending = sum(pending.points for pending in self.pending)
        self.replayed.balances.append(Balance(self.customer_id, self.balance, pending, min(expiring, default=None)))

    def instants(self) -> Iterator[datetime]:
        """Instants at which something may happen next."""
        yield from (pending.matures_at for pending in self.pending)
        yield from (grant.at for grant in self.grants[:1])
        yield from (lot.expires_at for lot in self.lots)
        if self.lots:
            yield self.deadline
        yield from (order.at for order in self.orders[:1])
        yield from (at for booked in self.booked for at, share in booked.shares.items() if share > booked.share)

    def mature(self, at: datetime) -> None:
        """Credit pending points, in the order in which their orders ran."""
        due = [pending for pending in self.pending if pending.matures_at == at]
        self.pending = [pending for pending in self.pending if pending.matures_at != at]
        for pending in due:
            pending.booked.pending = None
            pending.booked.lot = self.credit_now(at, pending.points, pending.expires_at, pending.booked.order.order_id)

    def grant(self, at: datetime) -> None:
        """Credit grants, the soonest to expire first."""
        while self.grants and self.grants[0].at == at:
            grant = self.grants.pop(0)
            self.book(at, "granted", grant.points)
            self.credit_now(at, grant.points, grant.expires_at or self.terms(at).period_after(at))

    def expire(self, at: datetime) -> None:
        """Let lots expire by themselves, or under inactivity everything that can be spent."""
        if self.schedule.inactivity and self.lots and self.deadline == at:
            self.book(at, "expired", -sum(lot.points for lot in self.lots))
            self.lots = []
        for lot in self.in_spending_order():
            if lot.expires_at == at:
                self.book(at, "expired", -lot.points, lot.order_id)
                self.lots.remove(lot)

    # Section 3: an order.

    def order(self, order: PastOrder) -> None:
        """Run one order: its tier, its redemption, what it earns."""
        terms = self.terms(order.at)
        tier = self.tier(terms, order.at)
        tier_name = order.tier if not terms.tiers else tier.name if tier else None
        balance = self.balance
        answer = terms.law.answer(
            exact.Order(
                order.cart,
                max(0, balance),
                order.credits,
                order.requested,
                tier_name,
                order.at,
                order.eligible,
                order.coupon,
            )
        )
        if answer.points > 0 and not self.redeems(order, balance):  # one that could not redeem anyway keeps its reason
            used = answer.credits_used
            answer = exact.Answer(None, 0, 0, order.cart - used, used, "requested")
        self.spend(answer.points)
        self.book(order.at, "redeemed", -answer.points, order.order_id)
        earned = 0
        if terms.earning is not None and (terms.earning.on_redeeming_orders or answer.points == 0):
            earned = terms.earned(answer.payable, order, tier)
        self.book(order.at, "earned", earned, order.order_id)
        booked = Booked(order, answer.payable, answer.points, earned, self.shares[order.order_id])
        if self.schedule.inactivity:
            self.deadline = terms.period_after(order.at)
        self.earn(booked, terms)
        self.booked.append(booked)
        self.replayed.results.append(OrderResult(order.order_id, balance, tier_name, answer, earned))

    def redeems(self, order: PastOrder, balance: int) -> bool:
        """Whether the customer uses points where that is possible: as the order says, else by chance (section 6)."""
        if order.redeems is None and self.chance is not None:
            return self.chance.uses(self.customer_id, order.order_id, balance, order.cart)
        return order.redeems is not False

    def tier(self, terms: ProgramTerms, at: datetime) -> Tier | None:
        """The highest tier that earlier orders reach (`tier_before_order`)."""
        if not terms.tiers:
            return None
        counting = [booked for booked in self.booked if terms.counts(booked, at)]
        match terms.tiers[0].measure:
            case "min_spend":
                reached = sum((booked.payable * (1 - booked.share) for booked in counting), Fraction(0))
                reached += self.brought_spend if terms.window is None else 0
            case "min_orders":
                reached = Fraction(sum(booked.share < 1 for booked in counting))
            case _:
                reached = Fraction(sum(booked.earned - booked.taken for booked in counting))
        return next((tier for tier in reversed(terms.tiers) if reached >= terms.least(tier)), None)

    def spend(self, points: int) -> None:
        """Take points from the lots, the soonest to expire first."""
        for lot in self.in_spending_order():
            taken = min(points, lot.points)
            lot.points -= taken
            points -= taken
        self.lots = [lot for lot in self.lots if lot.points]
        assert points == 0

    def earn(self, booked: Booked, terms: ProgramTerms) -> None:
        """Credit what an order earned, at once or when its delay is over."""
        assert booked.order.at is not None
        delay = terms.earning.delay_days if terms.earning else 0
        credited_at = booked.order.at + timedelta(days=delay)
        expires_at = terms.period_after(credited_at)
        if delay == 0:
            booked.lot = self.credit_now(credited_at, booked.earned, expires_at, booked.order.order_id)
        elif booked.earned:
            booked.pending = Pending(booked.earned, credited_at, expires_at, booked)
            self.pending.append(booked.pending)

    # Section 4: a refund.

    def refund(self, at: datetime) -> None:
        """Run the refunds of an instant, in the order in which their orders ran."""
        terms = self.terms(at)
        for booked in self.booked:
            if booked.shares.get(at, 0) <= booked.share:
                continue
            before, booked.share = booked.share, booked.shares[at]
            if terms.reversal.earned:
                points = math.floor(booked.earned * booked.share) - math.floor(booked.earned * before)
                self.take_back(booked, points, at, forgives=terms.reversal.overdraft == "forgive")
            back = 0
            if terms.reversal.redeemed == "share":
                back = math.floor(booked.redeemed * booked.share) - math.floor(booked.redeemed * before)
            elif terms.reversal.redeemed and booked.share == 1:
                back = booked.redeemed - booked.given
            booked.given += back
            self.book(at, "given_back", back, booked.order.order_id)
            self.credit_now(at, back, terms.period_after(at), booked.order.order_id)

    def take_back(self, booked: Booked, points: int, at: datetime, *, forgives: bool) -> None:
        """Take earned points: from the order's pending ones, its own lot, then the others; the rest is overdraft."""
        booked.taken += points
        missing = points
        sources: list[Pending | Lot] = [booked.pending] if booked.pending else []
        sources += [lot for lot in self.lots if lot is booked.lot]
        for source in [*sources, *self.in_spending_order()]:
            taken = min(missing, source.points)
            source.points -= taken
            missing -= taken
        self.lots = [lot for lot in self.lots if lot.points]
        self.pending = [pending for pending in self.pending if pending.points]
        if forgives:
            self.book(at, "taken_back", missing - points, booked.order.order_id)
            self.book(at, "forgiven", missing, booked.order.order_id)
        else:
            self.book(at, "taken_back", -points, booked.order.order_id)
            self.overdraft += missing

    # What the sections share.

    @property
    def balance(self) -> int:
        """What can be spent now, less the overdraft."""
        return sum(lot.points for lot in self.lots) - self.overdraft

    def terms(self, at: datetime) -> ProgramTerms:
        """Terms of the program that holds at an instant."""
        return self.laws[self.schedule.position(at)]

    def in_spending_order(self) -> list[Lot]:
        """Lots, the soonest to expire first, then the one credited first."""
        return sorted(self.lots, key=lambda lot: (lot.expires_at, lot.credited_at))

    def credit_now(self, at: datetime, points: int, expires_at: datetime, order_id: str = "") -> Lot | None:
        """Credit points; under inactivity they expire with everything else, and move the deadline."""
        if points == 0:
            return None
        if self.schedule.inactivity:
            self.deadline = expires_at
            expires_at = FOREVER
        return self.credit(Lot(points, at, expires_at, order_id))

    def credit(self, lot: Lot) -> Lot | None:
        """Pay the overdraft, and keep what is left."""
        paid = min(self.overdraft, lot.points)
        self.overdraft -= paid
        lot.points -= paid
        if lot.points == 0:
            return None
        self.lots.append(lot)
        return lot

    def book(self, at: datetime | None, kind: str, points: int, order_id: str = "") -> None:
        """Write a line of the ledger; a movement of nothing is none."""
        if points:
            self.replayed.movements.append(Movement(self.customer_id, at, kind, points, order_id))
