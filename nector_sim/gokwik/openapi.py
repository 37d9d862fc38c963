"""The description of the sandbox's calls in OpenAPI, made from the models that read them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from nector_sim.calculator.reasons import SENTENCES
from nector_sim.gokwik.wire import CALLS, NO_DISCOUNT, REFUSALS

#: The path of the endpoint; Nector's name of the checkout is in it.
PATH = "/api/open/integrations/{checkout}/{webhook_id}"
CHECKOUTS = ("gokwikwebhook", "customcheckoutwebhook")

_AMOUNT = {"type": "number", "minimum": 0}
_VALUES = {
    "fiat_value": {**_AMOUNT, "description": "All that comes off the cart, in the currency's major unit."},
    "coin_value": {"type": "integer", "minimum": 0, "description": "Points that this takes."},
    "credit_value": {**_AMOUNT, "description": "The part of fiat_value that credits pay."},
}
_OFFERED = {
    **_VALUES,
    "payable": {**_AMOUNT, "description": "What the customer still pays."},
    "limited_by": {"enum": list(SENTENCES), "description": "What kept the discount from being larger."},
}
_TRANSACTION = {name: {"type": "string"} for name in ("id", "customer_id", "reference_order_id")}

_PROMOTION = {
    **{name: {"type": "string"} for name in ("id", "type", "title")},
    **{name: _VALUES[name] for name in ("coin_value", "fiat_value")},
}

_ANSWERS: dict[str, dict[str, Any]] = {
    "Listed": {
        "id": {"type": "string", "description": "The offer."},
        **_OFFERED,
        "points_balance": {"type": "integer", "minimum": 0},
        "points_label": {"type": "string"},
        "offers": {"type": "array", "maxItems": 0},
        "promotions": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {"type": "object", "properties": _PROMOTION, "required": list(_PROMOTION)},
        },
    },
    "Performed": {
        **_TRANSACTION,
        "operation": {"const": "dr"},
        "offer": {"type": "string"},
        **_OFFERED,
    },
    "Reverted": {**_TRANSACTION, "operation": {"const": "cr"}, **_VALUES},
}


def describe() -> dict[str, Any]:
    """Build the OpenAPI 3.1 description."""
    _, calls = models_json_schema(
        [(model, "validation") for model in CALLS.values()], ref_template="#/components/schemas/{model}"
    )
    names = {action: model.__name__ for action, model in CALLS.items()}
    schemas = dict(calls["$defs"])
    for schema in (schemas[name] for name in names.values()):
        # What the models check beyond their fields.
        schema["anyOf"] = [_named_by("customer_id"), _named_by("mobile")]
    answers = {name: _object(properties) for name, properties in _ANSWERS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nector_sim's checkout sandbox",
            "version": "1",
            "description": "What a checkout asks of a merchant's loyalty points: list, perform, revert.",
        },
        "paths": {PATH: {"parameters": _parameters(), "post": _operation(names)}},
        "components": {"schemas": schemas | answers | {"Refusal": _refusal()}},
    }


def _named_by(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _operation(names: dict[str, str]) -> dict[str, Any]:
    references = {action: {"$ref": f"#/components/schemas/{name}"} for action, name in names.items()}
    body = {
        "oneOf": list(references.values()),
        "discriminator": {
            "propertyName": "action",
            "mapping": {action: reference["$ref"] for action, reference in references.items()},
        },
    }
    data = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in _ANSWERS]}
    done = _object({"meta": _object({"code": {"const": 200}, "message": {"type": "string"}}), "data": data})
    responses = {"200": _response("Done.", done)}
    for code in sorted({code for code, _ in REFUSALS.values()}):
        sentences = " ".join(f"`{word}`: {sentence}" for word, (of, sentence) in REFUSALS.items() if of == code)
        responses[str(code)] = _response(sentences, {"$ref": "#/components/schemas/Refusal"})
    return {
        "operationId": "call",
        "summary": "Ask for a discount, take its points, or give them back.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": responses,
    }


def _parameters() -> list[dict[str, Any]]:
    return [
        {"name": "checkout", "in": "path", "required": True, "schema": {"enum": list(CHECKOUTS)}},
        {"name": "webhook_id", "in": "path", "required": True, "schema": {"type": "string", "format": "password"}},
    ]


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _refusal() -> dict[str, Any]:
    meta = {
        "code": {"enum": sorted({code for code, _ in REFUSALS.values()})},
        "error": {"enum": list(REFUSALS)},
        "message": {"type": "string"},
    }
    nothing = {
        "type": "object",
        "description": "With code 422: there is nothing to give. `list` adds the fields of its answer, which say why.",
        "properties": {"message": {"const": NO_DISCOUNT}},
        "required": ["message"],
    }
    return _object({"meta": _object(meta), "data": {"oneOf": [{"type": "null"}, nothing]}})


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
