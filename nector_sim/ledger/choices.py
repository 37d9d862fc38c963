"""The named choices of the ledger: places where another one may differ, and what was chosen here."""

from __future__ import annotations

from nector_sim.calculator.choices import Choice

LEDGER_CHOICES = {
    "earning_share": Choice(
        "credits and points lower the part of the cart that earns in proportion", "they pay it last, or first"
    ),
    "tier_spend": Choice(
        "what earlier orders paid, less what was refunded of it by then", "the cart, or a spend that never falls"
    ),
    "tier_before_order": Choice(
        "measured before the order, which itself does not count", "the order that reaches a tier has it already"
    ),
    "partial_take_back": Choice("the refunded share of the earned points, rounded down", "all of them, or none"),
    "expired_taken_back": Choice(
        "points of the order that have expired are taken back all the same", "only what is left of them"
    ),
    "given_back_expiry": Choice("given back as a new lot, whose expiry counts from the refund", "the old expiry"),
    "expiry_calendar": Choice(
        "months are counted on the calendar of the program's time zone, at the same local time", "in UTC, or in days"
    ),
    "inactivity_tie": Choice(
        "points that mature or are granted at the very instant of the deadline keep the older ones",
        "the older ones expire first",
    ),
    "program_of_refund": Choice(
        "where programs change, a refund follows the one of its own instant", "the one under which the order ran"
    ),
    "replay_ends": Choice(
        "left out, as_of is the latest order, refund or grant", "the latest expiry, or the time of the run"
    ),
}
