"""``checkout``: a checkout that asks a sandbox, one order or a file of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nector_sim.cli import options
from nector_sim.errors import InputError
from nector_sim.results import count

if TYPE_CHECKING:
    import pandas as pd

    from nector_sim.gokwik import Checkout

Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="NECTOR_SIM_CHECKOUT_URL",
        show_envvar=True,
        help="The checkout's URL, as the sandbox shows it. It contains a secret: set the variable instead where other "
        "users can see command lines.",
    ),
]


class Wallet(StrEnum):
    """Which wallet pays."""

    coins = "coins"
    credits = "credits"
    coins_and_credits = "coins_and_credits"


def checkout(
    url: Url,
    customer: Annotated[str | None, typer.Option("--customer", help="The customer's id.")] = None,
    mobile: Annotated[str | None, typer.Option("--mobile", help="Or the customer's mobile number.")] = None,
    cart: Annotated[str | None, typer.Option("--cart", help="Cart amount, before points.")] = None,
    eligible: Annotated[
        str | None, typer.Option("--eligible", help="Part of the cart that points may pay (default: all).")
    ] = None,
    coupon: Annotated[str | None, typer.Option("--coupon", help="What other coupons took off already.")] = None,
    wallet: Annotated[
        Wallet | None, typer.Option("--wallet", help="What pays; left out, what the other side takes: coins.")
    ] = None,
    reference: Annotated[str | None, typer.Option("--reference", help="The order's id; left out, a new one.")] = None,
    fails: Annotated[bool, typer.Option("--fails", help="The payment fails: the points are given back.")] = False,
    revert: Annotated[
        str | None, typer.Option("--revert", help="Give back the points of this earlier order, and do nothing else.")
    ] = None,
    orders: Annotated[
        options.File | None,
        typer.Option("--orders", help="A file of orders, CSV or Parquet, to send as traffic.", parser=options.File),
    ] = None,
    program: Annotated[
        options.File | None,
        typer.Option(
            "--program",
            "-p",
            help="With --orders: whose currency and time zone the file is in; else INR in India.",
            parser=options.File,
        ),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for an answer.")] = 30,
) -> None:
    """Play a checkout: list, take the points, pay, or give back.

    Example: nector-sim checkout --url "$URL" --customer 7 --cart 500

    Example: nector-sim checkout --url "$URL" --customer 7 --cart 500 --fails
    """
    from nector_sim.gokwik import Checkout

    one_visit = {
        "--cart": cart,
        "--eligible": eligible,
        "--coupon": coupon,
        "--wallet": wallet,
        "--reference": reference,
        "--fails": fails or None,
    }
    if orders is not None:
        _alone("--orders", {"--customer": customer, "--mobile": mobile, "--revert": revert, **one_visit})
        _traffic(url, orders, program, timeout)
    _alone("a single order", {"--program": program})
    if (customer is None) == (mobile is None):
        raise InputError("name the customer with either --customer or --mobile, or a file with --orders")
    with Checkout(url, timeout=timeout) as desk:
        if revert is not None:
            _alone("--revert", one_visit)
            _revert(desk, revert, customer, mobile)
        if cart is None:
            raise InputError("the cart is missing; write it as --cart 749.95")
        visit = desk.visit(
            cart,
            customer_id=customer,
            mobile=mobile,
            reference_order_id=reference,
            wallet_type=wallet,
            eligible_amount=eligible,
            coupon_discount=coupon,
            payment_fails=fails,
        )
    typer.echo(f"order {visit.reference_order_id}, cart {cart}")
    for step in visit.steps:
        typer.echo(f"  {step}")
    raise typer.Exit(1 if visit.trouble else 0)


def _alone(what: str, others: dict[str, Any]) -> None:
    """Refuse options that would be left unused."""
    unused = [name for name, value in others.items() if value is not None]
    if unused:
        raise InputError(f"{', '.join(unused)} and {what} do not go together; leave one out")


def _revert(desk: Checkout, reference: str, customer: str | None, mobile: str | None) -> None:
    from nector_sim.gokwik.posting import NoAnswer

    try:
        answered = desk.revert(reference, customer_id=customer, mobile=mobile)
    except NoAnswer as error:
        raise InputError(f"revert: {error}") from None
    done = answered.code == 200
    typer.echo(
        f"revert: {count(answered.data['coin_value'], 'point')} given back" if done else f"revert: {answered.message}"
    )
    raise typer.Exit(0 if done else 1)


def _traffic(url: str, orders: str, program: str | None, timeout: float) -> None:
    import nector_sim as ns
    from nector_sim.batch.files import read_table
    from nector_sim.gokwik import play_orders

    rules = ns.load_program(program) if program else None
    played = play_orders(url, read_table(orders), program=rules, timeout=timeout)
    redeemed = played["points_redeemed"]
    typer.echo(
        f"{count(len(played), 'order')}, {(redeemed > 0).sum()} took {count(redeemed.sum(), 'point')} for "
        f"{played['discount'].sum()}"
    )
    typer.echo(
        f"{played['given_back'].sum()} were refunded whole, which gave back {redeemed[played['given_back']].sum()}"
    )
    for trouble, of_trouble in played[played["trouble"] != ""].groupby("trouble", sort=False):
        typer.echo(f"{len(of_trouble)} met trouble: {trouble} ({_some(of_trouble)})")
    unsettled = played[~played["settled"]]
    if len(unsettled):
        typer.echo(f"{len(unsettled)} got no answer, and may have taken points: {_some(unsettled)}")
    raise typer.Exit(1 if (played["trouble"] != "").any() or len(unsettled) else 0)


def _some(played: pd.DataFrame) -> str:
    shown = ", ".join(map(str, played["order_id"].iloc[:10]))
    return shown + (", …" if len(played) > 10 else "")
