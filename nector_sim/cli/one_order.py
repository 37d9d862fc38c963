"""``quote`` and ``explain``: one order."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nector_sim.cli.options import ProgramFile

Cart = Annotated[str, typer.Option("--cart", help="Cart amount, before points.")]
Balance = Annotated[str, typer.Option("--balance", help="Points that the customer has.")]
Credits = Annotated[str, typer.Option("--credits", help="Credits that the customer has.")]
Requested = Annotated[str | None, typer.Option("--requested", help="Points that the customer asks to use.")]
Tier = Annotated[str | None, typer.Option("--tier", help="The customer's tier.")]
Eligible = Annotated[
    str | None, typer.Option("--eligible", help="Part of the cart that points may pay (default: all).")
]
Coupon = Annotated[str, typer.Option("--coupon", help="What other coupons took off already.")]
OrderedAt = Annotated[str | None, typer.Option("--at", help="Time of the order, as 2026-11-23 18:30.")]


def quote(
    program: ProgramFile,
    cart: Cart,
    balance: Balance,
    credits: Credits = "0",
    requested: Requested = None,
    tier: Tier = None,
    at: OrderedAt = None,
    eligible: Eligible = None,
    coupon: Coupon = "0",
) -> None:
    """Compute one order exactly.

    Example: nector-sim quote --program program.toml --cart 500 --balance 5000
    """
    import nector_sim as ns
    from nector_sim.calculator.quote import taken_otherwise

    answer = ns.quote(ns.load_program(program), **_order(cart, balance, credits, requested, tier, at, eligible, coupon))
    if note := taken_otherwise(balance):
        typer.echo(f"note: balance {note}", err=True)
    for name in ("offer", "points_redeemed", "discount", "credits_used", "payable", "limited_by"):
        typer.echo(f"{name:<16} {getattr(answer, name)}")


def explain(
    program: ProgramFile,
    cart: Cart,
    balance: Balance,
    credits: Credits = "0",
    requested: Requested = None,
    tier: Tier = None,
    at: OrderedAt = None,
    eligible: Eligible = None,
    coupon: Coupon = "0",
) -> None:
    """Explain one order's discount, step by step.

    Example: nector-sim explain --program program.toml --cart 500 --balance 5000
    """
    import nector_sim as ns

    typer.echo(
        ns.explain(ns.load_program(program), **_order(cart, balance, credits, requested, tier, at, eligible, coupon))
    )


def _order(
    cart: str,
    balance: str,
    credits: str,
    requested: str | None,
    tier: str | None,
    at: str | None,
    eligible: str | None,
    coupon: str,
) -> dict[str, Any]:
    return {
        "cart_amount": cart,
        "points_balance": balance,
        "credits": credits,
        "points_requested": requested,
        "tier": tier,
        "ordered_at": at,
        "eligible_amount": eligible,
        "coupon_discount": coupon,
    }
