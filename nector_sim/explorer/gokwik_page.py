"""The GoKwik page of Nector's dashboard as a form, and a checkout beside it.

Both call :mod:`nector_sim.gokwik` and show what it says; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from html import escape
from typing import Any

import ipywidgets as widgets
from pydantic import ValidationError

from nector_sim.errors import InputError
from nector_sim.gokwik import Checkout, Integration, Wallets
from nector_sim.gokwik.posting import NoAnswer
from nector_sim.results import count
from nector_sim.rules.program import FixedMinPayable, PercentMinPayable, Program

#: Nector's "type of discount": the offer's kind, and which of its fields hold the points, the value and the cap.
_TYPES = {
    "Amount Discount, increment of points": (
        "variable_amount",
        ("points_per_step", "discount_per_step", "max_discount"),
    ),
    "Amount Discount, fixed": ("fixed_amount", ("points", "discount", None)),
    "Percentage Discount, increment of points": (
        "variable_percent",
        ("points_per_step", "percent_per_step", "max_percent"),
    ),
    "Percentage Discount, fixed": ("fixed_percent", ("points", "percent", "max_discount")),
}
_WIDE = {"description_width": "210px"}
_LAYOUT = {"width": "520px"}


def _field(label: str, value: str = "") -> Any:
    return widgets.Text(value=value, description=label, style=_WIDE, layout=_LAYOUT)


def _choice(label: str, options: list[Any]) -> Any:
    return widgets.Dropdown(options=options, description=label, style=_WIDE, layout=_LAYOUT)


class GokwikPage:
    """The integration's page: Initialize, the secret, Enable, Offer → Add, Configure Integration.

    The webhook id is shown once, in a field that empties when it is handed over.

    Parameters
    ----------
    integration : Integration

    Attributes
    ----------
    widget : ipywidgets.VBox
        What to display.
    """

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self.state = widgets.HTML()
        self.message = widgets.HTML()
        self.secret = widgets.Text(description="Secret Webhook Id", disabled=True, style=_WIDE, layout=_LAYOUT)
        self.kind = _choice("Type of discount", list(_TYPES))
        self.points = _field("Points", "1")
        self.value = _field("Discount", "1")
        self.most = _field("At most (empty: no limit)", "1000")
        self.min_cart = _field("Minimum cart amount", "0")
        self.position = _choice("Offer", [])
        self.minimum = _choice("Customer pays at least", ["Fixed", "Percentage", "Nothing"])
        self.minimum_value = _field("Amount or percentage", "100")
        self.buttons = {
            name: self._button(name, act)
            for name, act in {
                "Initialize": self._initialise,
                "I have handed it over": self._hand_over,
                "Make a new one": self._rotate,
                "Enable": integration.enable,
                "Disable": integration.disable,
                "Create": lambda: integration.add_offer(self._offer()),
                "Replace": lambda: integration.edit_offer(self._chosen(), self._offer()),
                "Remove": lambda: integration.remove_offer(self._chosen()),
                "Save": lambda: integration.configure(self._min_payable()),
            }.items()
        }
        self.widget = widgets.VBox(
            [
                self.state,
                self._row("Initialize", "Enable", "Disable"),
                self.secret,
                self._row("I have handed it over", "Make a new one"),
                widgets.HTML("<b>Offers</b>"),
                *(self.kind, self.points, self.value, self.most, self.min_cart),
                self._row("Create"),
                self.position,
                self._row("Replace", "Remove"),
                widgets.HTML("<b>Configure Integration</b>"),
                self.minimum,
                self.minimum_value,
                self._row("Save"),
                self.message,
            ]
        )
        self._refresh()

    def _row(self, *names: str) -> Any:
        return widgets.HBox([self.buttons[name] for name in names])

    def _button(self, name: str, act: Callable[[], None]) -> Any:
        def clicked(_: Any) -> None:
            self.message.value = ""
            try:
                act()
            except (InputError, ValidationError) as error:
                self.message.value = f"<pre>{escape(_in_words(error))}</pre>"
            self._refresh()

        button = widgets.Button(description=name, layout={"width": "170px"})
        button.on_click(clicked)
        return button

    def _refresh(self) -> None:
        program = self._integration.program
        self.state.value = f"<pre>{escape(str(self._integration.state))}</pre>"
        self.position.options = [
            (f"{number}: {offer.model_dump_json(exclude_none=True, exclude_defaults=True)}", number)
            for number, offer in enumerate(program.offers)
        ]
        if self.position.value is None and program.offers:
            self.position.value = 0

    def _initialise(self) -> None:
        self.secret.value = self._integration.initialise().get_secret_value()

    def _rotate(self) -> None:
        self.secret.value = self._integration.rotate().get_secret_value()

    def _hand_over(self) -> None:
        self._integration.hand_over()
        self.secret.value = ""

    def _chosen(self) -> int:
        if self.position.value is None:
            raise InputError("there is no offer yet; create one first")
        return int(self.position.value)

    def _offer(self) -> Any:
        kind, (points, value, most) = _TYPES[self.kind.value]
        fields = {"kind": kind, "min_cart": self.min_cart.value, points: self.points.value, value: self.value.value}
        if most and self.most.value.strip():
            fields[most] = self.most.value
        return Program.parse({"offers": [fields]}, source="the offer").offers[0]

    def _min_payable(self) -> FixedMinPayable | PercentMinPayable | None:
        match self.minimum.value:
            case "Fixed":
                return FixedMinPayable.model_validate({"amount": self.minimum_value.value})
            case "Percentage":
                return PercentMinPayable.model_validate({"percent": self.minimum_value.value})
        return None


class CheckoutPage:
    """A cart at the checkout: list the offers, pay, or let the payment fail; then see the customer's ledger.

    Parameters
    ----------
    url : str
        The endpoint of a running sandbox, with the webhook id. It is not shown.
    wallets : Wallets
        To show balances and the ledger.

    Attributes
    ----------
    widget : ipywidgets.VBox
        What to display.
    """

    def __init__(self, url: str, wallets: Wallets) -> None:
        self._url = url
        self._wallets = wallets
        self._last: tuple[str, str] | None = None
        self.customer = _choice("Customer", list(wallets.balances()["customer_id"]))
        self.cart = _field("Cart", "500")
        self.wallet = _choice("Wallet", ["coins", "credits", "coins_and_credits"])
        self.steps = widgets.HTML()
        self.ledger = widgets.HTML()
        self.buttons = {
            "List": self._button("List", self._list),
            "Pay": self._button("Pay", self._pay),
            "Payment fails": self._button("Payment fails", lambda desk: self._pay(desk, fails=True)),
            "Refund the last order": self._button("Refund the last order", self._refund),
        }
        row = widgets.HBox(list(self.buttons.values()))
        self.widget = widgets.VBox([self.customer, self.cart, self.wallet, row, self.steps, self.ledger])

    def _button(self, name: str, act: Callable[[Checkout], list[str]]) -> Any:
        def clicked(_: Any) -> None:
            with Checkout(self._url) as desk:
                try:
                    lines = act(desk)
                except (InputError, NoAnswer) as error:
                    lines = [str(error)]
            self.steps.value = f"<pre>{escape(chr(10).join(lines))}</pre>"
            self.ledger.value = self._wallets.ledger(self.customer.value).to_html(index=False)

        button = widgets.Button(description=name, layout={"width": "170px"})
        button.on_click(clicked)
        return button

    def _amount(self) -> Decimal:
        with suppress(InvalidOperation):
            if (amount := Decimal(self.cart.value)).is_finite():
                return amount
        raise InputError("the cart is no amount; write it as 749.95")

    def _list(self, desk: Checkout) -> list[str]:
        fields = {"customer_id": self.customer.value, "amount": self._amount(), "wallet_type": self.wallet.value}
        answered = desk.call("list", **fields)
        return [f"{name}: {value}" for name, value in answered.data.items()] or [answered.message]

    def _pay(self, desk: Checkout, *, fails: bool = False) -> list[str]:
        who = self.customer.value
        visit = desk.visit(self._amount(), customer_id=who, wallet_type=self.wallet.value, payment_fails=fails)
        self._last = (visit.reference_order_id, who)
        return list(visit.steps)

    def _refund(self, desk: Checkout) -> list[str]:
        if self._last is None:
            raise InputError("no order was paid here yet")
        reference, who = self._last
        answered = desk.revert(reference, customer_id=who)
        return [
            f"revert: {count(answered.data['coin_value'], 'point')} given back"
            if answered.code == 200
            else answered.message
        ]


def _in_words(error: InputError | ValidationError) -> str:
    if isinstance(error, InputError):
        return str(error)
    return "\n".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
