"""The description says what the sandbox does: calls made up from it find no server error and no surprise."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

import nector_sim as ns
from nector_sim.gokwik import Database
from nector_sim.gokwik.openapi import CHECKOUTS, PATH, describe
from tests.gokwik.shops import open_shop

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """A shop, and its description as it is served."""
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    with Database(tmp_path_factory.mktemp("shop") / "gokwik.db") as database, open_shop(database, program) as shop:
        yield shop, schemathesis.openapi.from_url(f"{shop.address}/openapi.json")


def test_the_description_is_served(described):
    assert described[1].raw_schema == describe()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"customer_id": "rich"}, 200),
        ({"customer_id": "rich", "mobile": None}, 200),
        ({"customer_id": None, "mobile": "9876500001"}, 200),
        ({"customer_id": "rich", "mobile": "9876500001"}, 200),
        ({"customer_id": "rich", "mobile": 9876500001, "country": "ind", "source": "x"}, 200),
        ({"customer_id": None}, 400),
        ({"customer_id": None, "mobile": None}, 400),
        ({}, 400),
    ],
)
def test_who_is_asked_for_is_described_as_it_is_read(described, fields, status):
    shop, _ = described
    call = {"action": "list", "amount": 500, **fields}
    schema = describe()["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": describe()["components"]})
    assert (shop.post(json.dumps(call).encode())[0], validator.is_valid(call)) == (status, status == 200)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_made_up_calls_find_no_server_error(described, mode):
    shop, schema = described
    cases = schema[PATH]["POST"].as_strategy(generation_mode=mode)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(cases)
    def check(case):
        case.path_parameters = {"checkout": CHECKOUTS[0], "webhook_id": shop.webhook_id}
        case.call_and_validate(checks=CHECKS)
        if isinstance(case.body, dict) and "customer_id" in case.body:
            # Nearly every made-up customer is unknown; this one goes further.
            case.body["customer_id"] = "rich"
            case.call_and_validate(checks=CHECKS)

    check()
    assert shop.points("rich") <= 5000
