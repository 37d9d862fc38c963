"""``demo``: a program on the demo orders of one of two shops, and other settings beside it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from nector_sim.cli import options
from nector_sim.results import count

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from nector_sim import Assumptions, Program, Summary, VariableAmount


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A demo shop: its program, what the first line says of it, and what customers earn."""

    orders: str
    program: str
    says: str
    period: str
    earns: str


class ShopName(StrEnum):
    """Which demo shop."""

    web = "web"
    grocery = "grocery"


SHOPS = {
    ShopName.grocery: DemoShop(
        orders="grocery",
        program="programs/gokwik-example-with-earning.toml",
        says="The documented GoKwik example: 1 coin = ₹1, at most ₹1,000 off, the customer pays at least ₹100.",
        period="2017",
        earns="5 coins per ₹100 paid",
    ),
    ShopName.web: DemoShop(
        orders="web shop",
        program="programs/web-shop.toml",
        says="10 coins = ₹5, at most 20 % of the cart and ₹500 off; coins can be used for six months.",
        period="2023 and 2024",
        earns="10 coins per ₹100 paid, after 7 days",
    ),
}


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the picture.", parser=options.here)] = Path("out"),
    shop: Annotated[
        ShopName, typer.Option("--shop", help="Grocery baskets (many redeem), or a web shop (few do).")
    ] = ShopName.grocery,
) -> None:
    """Show what a program and other settings cost, on demo data.

    Example: nector-sim demo --shop web
    """
    import nector_sim as ns
    from nector_sim.cli.show import say, show

    chosen = SHOPS[shop]
    program = ns.load_program(ns.data_path(chosen.program))
    assumptions = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
    orders = ns.demo_orders(chosen.orders)
    first = orders.sort_values(["ordered_at", "order_id"]).drop_duplicates("customer_id")
    opening = first[["customer_id", "points_balance"]].rename(columns={"points_balance": "points"})
    scored = ns.replay(program, orders, opening=opening).orders
    summary = ns.summarize(scored, assumptions=assumptions, replayed=True)

    say(chosen.says)
    say(
        f"{count(summary.orders, 'order')} of {count(orders['customer_id'].nunique(), 'customer')} in {chosen.period} "
        f"({orders.attrs['label']})."
    )
    if "discount_given" in orders:
        say(_happened(orders))
    say("")
    show(_examples(program, scored))
    say("")
    show(_totals(summary))
    say("Under the assumptions of data/assumptions/example.toml: 55 % gross margin, 18 % GST inside the prices,")
    say("2 % payment fee and ₹60 fulfilment an order. Costs assume that everyone uses points on every order they can.")
    say(summary.break_even)
    say("")
    show(_settings(program, orders, opening, assumptions))
    say(f"Each setting is replayed: customers earn {chosen.earns}, and those that they do not redeem on one order")
    say("are there for the next.")
    say("")
    say(f"Picture: {_picture(program, scored, out)}")
    say(f"Next: {_command()} explain --program {_near(chosen.program)} --cart 749.95 --balance 5000")


def _happened(orders: pd.DataFrame) -> str:
    """What was really redeemed, where the orders tell."""
    from nector_sim.rules.money import money_text

    given = orders["discount_given"]
    return (
        f"Really redeemed: {money_text(Decimal(round(given.sum())), 'INR')} on "
        f"{count(int((given > 0).sum()), 'order')}. "
        "The figures below assume that everyone redeems when they can."
    )


def _examples(program: Program, scored: pd.DataFrame) -> Table:
    """For each thing that can limit a discount, the middle order that it limits."""
    from nector_sim.calculator.reasons import SENTENCES
    from nector_sim.cli.show import table
    from nector_sim.rules.money import money_text

    shown = table(
        "A few orders", ["order", "cart", "balance", "coins used", "discount", "customer pays", "why not more"]
    )
    by_size = scored.sort_values(["discount", "cart_amount", "order_id"])
    for reason, group in by_size.groupby("limited_by", observed=True):
        order = group.iloc[len(group) // 2]
        money = [money_text(order[name], program.currency) for name in ("cart_amount", "discount", "payable")]
        shown.add_row(
            str(order["order_id"]),
            money[0],
            f"{order['points_balance']:,}",
            f"{order['points_redeemed']:,}",
            money[1],
            money[2],
            SENTENCES[str(reason)],
        )
    return shown


def _totals(summary: Summary) -> Table:
    from nector_sim.calculator.reasons import SENTENCES
    from nector_sim.cli.show import table
    from nector_sim.rules.money import money_text

    def money(amount: float) -> str:
        return money_text(Decimal(round(amount)), "INR")

    shown = table("In total", ["", "", ""], headed=False)
    shown.add_row("carts", money(summary.cart), "")
    shown.add_row("discount", money(summary.discount), f"{summary.discount_rate:.2%} of the carts")
    shown.add_row("orders that can redeem", f"{summary.orders_could_redeem:,}", f"{summary.share_could_redeem:.1%}")
    shown.add_row("margin without points", money(summary.margin_without), "")
    shown.add_row("margin with points", money(summary.margin), "")
    shown.add_row("cost of the program", money(summary.cost_of_program), "")
    for reason, share in summary.limited_by.items():
        shown.add_row(f"limited by {reason}", f"{share:.1%}", SENTENCES[reason])
    return shown


def _settings(program: Program, orders: pd.DataFrame, opening: pd.DataFrame, assumptions: Assumptions) -> Table:
    import nector_sim as ns
    from nector_sim.cli.show import table
    from nector_sim.rules.money import money_text

    offer = cast("VariableAmount", program.offers[0])

    def offering(**fields: Decimal | int) -> Program:
        return program.model_copy(update={"offers": (offer.model_copy(update=fields),)})

    settings = {
        "the program above": program,
        "half the value of a coin": offering(points_per_step=2 * offer.points_per_step),
        "at most ₹100 off": offering(max_discount=Decimal(100)),
        "at least 50 % paid": program.model_copy(update={"min_payable": ns.PercentMinPayable(percent=Decimal(50))}),
        "at least ₹500 paid": program.model_copy(update={"min_payable": ns.FixedMinPayable(amount=Decimal(500))}),
    }
    if program.min_payable is not None:
        settings["no minimum to pay"] = program.model_copy(update={"min_payable": None})
    names = [
        "setting",
        "discount",
        "of carts",
        "can redeem",
        "cost",
        "margin",
        "break-even: more orders, %",
    ]
    shown = table("Other settings", names)
    for name, setting in settings.items():
        replayed = ns.replay(setting, orders, opening=opening).orders
        summary = ns.summarize(replayed, assumptions=assumptions, replayed=True)
        money = [
            money_text(Decimal(round(amount)), program.currency)
            for amount in (summary.discount, summary.cost_of_program, summary.margin)
        ]
        uplift = summary.break_even_uplift
        shown.add_row(
            name,
            money[0],
            f"{summary.discount_rate:.2%}",
            f"{summary.share_could_redeem:.1%}",
            money[1],
            money[2],
            "never" if uplift is None else f"{uplift * 100:.1f}",
        )
    return shown


def _picture(program: Program, scored: pd.DataFrame, out: Path) -> Path:
    from nector_sim.pictures.showing import demo_picture

    out.mkdir(parents=True, exist_ok=True)
    path = out / "demo.png"
    demo_picture(program, scored, path)
    return path


def _command() -> str:
    """What to type to run this program again from here."""
    if shutil.which("nector-sim"):
        return "nector-sim"
    here = Path(sys.executable).parent / "nector-sim"
    return os.path.relpath(here) if here.is_relative_to(Path.cwd()) else str(here)


def _near(name: str) -> str:
    """A packaged file as seen from here."""
    import nector_sim as ns

    path = ns.data_path(name)
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
