"""What was counted and summed on the way, in whole numbers, so that parts add up to the paisa."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from nector_sim.frames.checks import odd_balances
from nector_sim.rules.money import from_minor


@dataclass(slots=True)
class Tally:
    """Counts and sums of some orders.

    Attributes
    ----------
    read, scored, redeemed : int
        Orders; `redeemed` are those that were given anything.
    points_redeemed : int
    cart_amount, discount, payable, credits_used : int
        Minor units, of scored orders.
    limited_by, rejected : Counter
        Scored orders by what limited them; rejected ones by their reason.
    fractional, negative : int
        Balances that were taken otherwise than they stand.
    """

    read: int = 0
    scored: int = 0
    redeemed: int = 0
    points_redeemed: int = 0
    cart_amount: int = 0
    discount: int = 0
    payable: int = 0
    credits_used: int = 0
    fractional: int = 0
    negative: int = 0
    limited_by: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add another to it."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            setattr(self, each.name, mine + theirs)

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, the words in order."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {name: dict(sorted(values[name].items())) for name in ("limited_by", "rejected")}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Tally:
        """Make one of what :meth:`as_dict` gave."""
        return cls(**values | {name: Counter(values[name]) for name in ("limited_by", "rejected")})

    def notices(self) -> list[str]:
        """What was taken otherwise than it stands."""
        return odd_balances(self.fractional, self.negative)

    def totals(self, decimals: int) -> dict[str, Any]:
        """The sums of the manifest, money as text in major units."""
        money = {
            name: f"{from_minor(getattr(self, name), decimals):f}"
            for name in ("cart_amount", "credits_used", "discount", "payable")
        }
        return {
            "orders": self.scored,
            "orders_redeemed": self.redeemed,
            "points_redeemed": self.points_redeemed,
            **money,
            "limited_by": dict(sorted(self.limited_by.items())),
        }
