"""``checkout``: a checkout that asks a sandbox, one order or a file of them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nector_sim.errors import InputError

if TYPE_CHECKING:
    from nector_sim.gokwik import Checkout

Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="NECTOR_SIM_CHECKOUT_URL",
        show_envvar=True,
        help="The checkout's URL, as the sandbox shows it. Other users of a machine can see its command lines: "
        "the variable hides it from them.",
    ),
]


def checkout(
    url: Url,
    customer: Annotated[str | None, typer.Option("--customer", help="The customer's id.")] = None,
    mobile: Annotated[str | None, typer.Option("--mobile", help="Or the customer's mobile number.")] = None,
    cart: Annotated[str | None, typer.Option("--cart", help="Cart amount, before points.")] = None,
    wallet: Annotated[
        str | None, typer.Option("--wallet", help="coins (the default), credits, or coins_and_credits.")
    ] = None,
    reference: Annotated[str | None, typer.Option("--reference", help="The order's id; left out, a new one.")] = None,
    fails: Annotated[bool, typer.Option("--fails", help="The payment fails: the points are given back.")] = False,
    revert: Annotated[
        str | None, typer.Option("--revert", help="Give back the points of this earlier order, and do nothing else.")
    ] = None,
    orders: Annotated[
        Path | None, typer.Option("--orders", help="A file of orders, CSV or Parquet, to send as traffic.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for an answer.")] = 30,
) -> None:
    """Play the checkout: list what a customer would get, take the points, pay; or give them back.

    Example: nector-sim checkout --url "$URL" --customer 7 --cart 500

    Example: nector-sim checkout --url "$URL" --customer 7 --cart 500 --fails
    """
    from nector_sim.gokwik import Checkout

    if orders is not None:
        _traffic(url, orders, timeout)
    if (customer is None) == (mobile is None):
        raise InputError("name the customer with either --customer or --mobile, or a file with --orders")
    with Checkout(url, timeout=timeout) as desk:
        if revert is not None:
            _revert(desk, revert, customer, mobile)
        visit = desk.visit(
            _amount(cart),
            customer_id=customer,
            mobile=mobile,
            reference_order_id=reference,
            wallet_type=wallet,
            payment_fails=fails,
        )
    typer.echo(f"order {visit.reference_order_id}, cart {cart}")
    for step in visit.steps:
        typer.echo(f"  {step}")
    raise typer.Exit(0 if visit.settled else 1)


def _revert(desk: Checkout, reference: str, customer: str | None, mobile: str | None) -> None:
    from nector_sim.gokwik.posting import NoAnswer

    try:
        answered = desk.revert(reference, customer_id=customer, mobile=mobile)
    except NoAnswer as error:
        raise InputError(f"revert: {error}") from None
    done = answered.code == 200
    typer.echo(f"revert: {answered.data['coin_value']} points given back" if done else f"revert: {answered.message}")
    raise typer.Exit(0 if done else 1)


def _traffic(url: str, orders: Path, timeout: float) -> None:
    from nector_sim.batch.files import read_table
    from nector_sim.gokwik import play_orders

    played = play_orders(url, read_table(orders).to_pandas(), timeout=timeout)
    redeemed = played["points_redeemed"]
    typer.echo(
        f"{len(played)} orders, {(redeemed > 0).sum()} took {redeemed.sum()} points for {played['discount'].sum()}"
    )
    typer.echo(
        f"{played['given_back'].sum()} were refunded whole, which gave back {redeemed[played['given_back']].sum()}"
    )
    unsettled = list(played.loc[~played["settled"], "order_id"])
    if unsettled:
        typer.echo(f"{len(unsettled)} got no answer, and may have taken points: {', '.join(map(str, unsettled[:10]))}")
    raise typer.Exit(1 if unsettled else 0)


def _amount(cart: str | None) -> Decimal:
    try:
        amount = Decimal(cart or "")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InputError("the cart amount is no number; write it as --cart 749.95")
    return amount
