"""What goes over the wire: the calls, and the refusals, each with a code and a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

#: Bytes of a body; a call needs a few hundred.
MAX_BODY = 64 * 1024
#: Characters of an id.
MAX_ID = 128
#: Seconds that a checkout waits for an answer.
CHECKOUT_WAITS = 30

#: What a checkout reads where there is nothing to give: an answer like any other, for customers and strangers alike.
NO_DISCOUNT = "No discount is available"

#: Every refusal: HTTP status (and ``meta.code``), and its sentence.
REFUSALS = {
    "not_found": (404, "There is nothing at this address."),
    "not_allowed": (405, "Calls are made with POST."),
    "too_many_guesses": (429, "Too many calls with a wrong webhook id came from this address; wait a minute."),
    "too_large": (413, f"The body is larger than {MAX_BODY // 1024} KiB."),
    "too_slow": (408, "The body did not arrive in time."),
    "not_json": (400, "The body is not JSON that can be used."),
    "wrong_fields": (400, "A field cannot be used."),
    "unknown_action": (400, "The action is none of list, perform and revert."),
    "no_discount": (422, f"{NO_DISCOUNT}."),
    "unknown_customer": (422, "No customer has this id or mobile number."),
    "unknown_order": (404, "No points were taken for this reference_order_id, so there is nothing to give back."),
    "other_content": (
        409,
        "This reference_order_id was used with another customer, amount, eligible amount, coupon, wallet or discount.",
    ),
    "reverted": (409, "The points of this reference_order_id were given back; a new order needs a new reference."),
    "nothing_to_redeem": (422, "This customer has nothing that can be redeemed on this amount."),
    "discount_changed": (409, "The discount is not what it was when it was listed; list it again."),
    "not_live": (409, "The integration is not live; the checkout goes on without points."),
    "unavailable": (503, "The database does not answer; try again with the same reference_order_id."),
    "failed": (500, "Something is broken here; try again with the same reference_order_id."),
}


class Refused(Exception):
    """A call that was refused.

    Parameters
    ----------
    word : str
        A key of :data:`REFUSALS`.
    sentence : str, optional
        What exactly is wrong; left out, the refusal's own sentence.
    data : mapping, optional
        What the answer says besides, where there is nothing to give.
    """

    def __init__(self, word: str, sentence: str = "", data: Mapping[str, Any] | None = None) -> None:
        self.word = word
        self.code = REFUSALS[word][0]
        self.sentence = sentence or REFUSALS[word][1]
        self.data = {"message": NO_DISCOUNT, **(data or {})} if self.code == 422 else None
        super().__init__(self.sentence)

    def answer(self) -> dict[str, Any]:
        """The body that says so."""
        return {"meta": {"code": self.code, "error": self.word, "message": self.sentence}, "data": self.data}


#: An amount that is written as text.
_DIGITS = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")


def _text(value: Any) -> Any:
    """An id: text, or a whole number."""
    if isinstance(value, Decimal) and value.adjusted() < MAX_ID and value == value.to_integral_value():
        value = str(int(value))
    if not isinstance(value, str):
        raise PydanticCustomError("no_text", "must be text or a whole number")
    text = value.strip()
    if not 1 <= len(text) <= MAX_ID:
        raise PydanticCustomError("no_id", "must have 1 to {most} characters", {"most": MAX_ID})
    # NUL and half surrogates cannot be stored; other control characters have no business in an id.
    if not text.isprintable():
        raise PydanticCustomError("unprintable", "holds characters that cannot be printed")
    return text


def _number(value: Any) -> Any:
    """An amount: a number, or its digits as text."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if not isinstance(value, Decimal):
        raise PydanticCustomError("no_number", "must be a number")
    return value


_ID_SCHEMA = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": MAX_ID}, {"type": "integer"}]}
_AMOUNT_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^{_DIGITS.pattern}$"}]}
_Id = Annotated[str, BeforeValidator(_text), WithJsonSchema(_ID_SCHEMA)]
_Amount = Annotated[Decimal, BeforeValidator(_number), Field(ge=0), WithJsonSchema(_AMOUNT_SCHEMA)]


class Call(BaseModel):
    """What every call has. Customers are named by ``customer_id``, by ``mobile``, or by both if they agree."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, use_attribute_docstrings=True)

    customer_id: _Id | None = None
    """Who, by id."""

    mobile: _Id | None = None
    """Who, by mobile number, in any usual form."""

    wallet_type: Literal["coins", "credits", "coins_and_credits"] = "coins"
    """Which wallet pays: points, credits, or credits and then points."""

    country: _Id | None = None
    """Sent by GoKwik (``ind``), and without effect here."""

    @model_validator(mode="after")
    def _some_customer(self) -> Self:
        if self.customer_id is None and self.mobile is None:
            raise PydanticCustomError("no_customer", "give customer_id or mobile")
        return self


class _OnACart(Call):
    """What `list` and `perform` say of the cart, in the currency's major unit."""

    amount: _Amount
    """The final cart amount, before points."""

    eligible_amount: _Amount | None = None
    """The part of ``amount`` that points may pay; left out, all of it. Ours, as is the next."""

    coupon_discount: _Amount | None = None
    """What other coupons took off already; ``amount`` is after them. Required where an offer is closed to orders with
    coupons; 0 is none."""


class ListCall(_OnACart):
    """Ask what this customer would get on this amount; nothing moves."""

    action: Literal["list"]
    """``list``."""

    reference_order_id: _Id | None = None
    """Not needed here."""


class PerformCall(_OnACart):
    """Take the points, for one order."""

    action: Literal["perform"]
    """``perform``."""

    reference_order_id: _Id
    """The order; the same call again gets the same answer and moves nothing."""

    fiat_value: _Amount | None = None
    """What was listed to the customer: where it is given and is no longer what the customer would get, the call is
    refused. Left out, the customer gets what the balance covers now."""


class RevertCall(Call):
    """Give back what an order took."""

    action: Literal["revert"]
    """``revert``."""

    amount: _Amount | None = None
    """The cart amount of the order; where it is given, it has to be the one performed. So do the next two."""

    eligible_amount: _Amount | None = None
    """The part of the cart that points could pay."""

    coupon_discount: _Amount | None = None
    """What other coupons took off."""

    reference_order_id: _Id
    """The order; the same call again gets the same answer and moves nothing."""


AnyCall = ListCall | PerformCall | RevertCall

#: A call with a cart.
CartCall = ListCall | PerformCall

CALLS: dict[str, type[AnyCall]] = {
    "list": ListCall,
    "perform": PerformCall,
    "revert": RevertCall,
}


def read_call(body: bytes, *, strict: bool = False) -> AnyCall:
    """Read a call."""
    try:
        fields = json.loads(
            body.decode("utf-8"),
            parse_int=Decimal,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except RecursionError:
        raise Refused("not_json", "The body is nested too deeply.") from None
    except (ValueError, ArithmeticError) as error:
        raise Refused("not_json", _not_json(error)) from None
    if not isinstance(fields, dict):
        raise Refused("not_json", "The body must be one JSON object.")
    action = fields.get("action")
    model = CALLS.get(action) if isinstance(action, str) else None
    if model is None:
        raise Refused("unknown_action")
    unknown = sorted(set(fields) - set(model.model_fields)) if strict else []
    problems = [f"{name[:40]!r} is not a field of this call" for name in unknown]
    try:
        call = model.model_validate(fields)
    except ValidationError as error:
        problems[:0] = [_sentence(detail) for detail in error.errors()]
    if problems:
        raise Refused("wrong_fields", "; ".join(problems))
    return call


class _Constant(ValueError):
    """NaN or an infinity, which are no JSON."""


class _Twice(ValueError):
    """A key that appears twice: two readers could understand two things."""


def _refuse_constant(name: str) -> None:
    raise _Constant(f"The body holds {name}, which is no number in JSON.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Twice("The body holds a field twice.")
    return fields


def _not_json(error: Exception) -> str:
    if isinstance(error, _Constant | _Twice):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"The body is not JSON: {error.msg} at character {error.pos}."
    return "The body is not JSON in UTF-8 that can be used."


def _sentence(detail: Any) -> str:
    """Names the field and never repeats its content."""
    place = str(detail["loc"][0])[:40] if detail["loc"] else ""
    match detail["type"]:
        case "missing":
            what = "is missing"
        case "literal_error":
            what = f"must be {detail['ctx']['expected']}"
        case "greater_than_equal":
            what = "must not be negative"
        case _:
            what = str(detail["msg"])
    return f"{place} {what}".strip()
