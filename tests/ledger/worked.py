"""Worked ledgers, read from data/parity/ledger-*.toml, for every replay that is held against them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nector_sim import Program, data_path
from nector_sim.ledger.exact import Grant, Opening, PastOrder, Refund
from nector_sim.ledger.schedule import Schedule, make_schedule


@dataclass(frozen=True)
class Worked:
    name: str
    program: Program
    programs: tuple[Program, ...]
    orders: list[dict[str, Any]]
    opening: list[dict[str, Any]]
    grants: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    as_of: datetime | None
    movements: list[tuple[Any, ...]]
    results: list[dict[str, Any]]
    balances: list[dict[str, Any]]

    @property
    def schedule(self) -> Schedule:
        return make_schedule(self.program, self.programs)

    def told_refunds(self) -> list[Refund]:
        """The table of refunds, in minor units."""
        return [
            Refund(r["order_id"], r["refunded_at"], minor(r["amount"]) if "amount" in r else None) for r in self.refunds
        ]

    def plain(self) -> tuple[list[PastOrder], list[Opening], list[Grant]]:
        orders = [
            PastOrder(
                o["order_id"],
                o["customer_id"],
                o["ordered_at"],
                minor(o["cart_amount"]),
                redeems=o.get("redeems", True),
                refunded_at=o.get("refunded_at"),
                refunded=minor(o["refunded_amount"]) if "refunded_amount" in o else None,
                paid=minor(o["paid_amount"]) if "paid_amount" in o else None,
                credits=minor(o.get("credits", "0")),
                discount_given=minor(o.get("discount_given", "0")),
                earning=minor(o["earning_amount"]) if "earning_amount" in o else None,
            )
            for o in self.orders
        ]
        openings = [Opening(o["customer_id"], o["points"], o.get("expires_at")) for o in self.opening]
        grants = [Grant(g["customer_id"], g["granted_at"], g["points"], g.get("expires_at")) for g in self.grants]
        return orders, openings, grants


def minor(amount: str) -> int:
    return int(Decimal(amount) * 100)


def worked_ledgers() -> list[Worked]:
    ledgers = []
    for file in ("ledger-published.toml", "ledger-worked.toml"):
        text = data_path(f"parity/{file}").read_text(encoding="utf-8")
        for entry in tomllib.loads(text, parse_float=Decimal)["ledger"]:
            assert entry["source"]
            movements = [
                (m.get("customer_id", "c"), m.get("at"), m["kind"], m["points"], m.get("order_id", ""))
                for m in entry["movements"]
            ]
            ledgers.append(
                Worked(
                    entry["name"],
                    Program.parse(entry["program"]),
                    tuple(Program.parse(program) for program in entry.get("programs", ())),
                    entry.get("orders", []),
                    entry.get("opening", []),
                    entry.get("grants", []),
                    entry.get("refunds", []),
                    entry["as_of"].astimezone(UTC) if "as_of" in entry else None,
                    movements,
                    entry.get("results", []),
                    entry["balances"],
                )
            )
    return ledgers
