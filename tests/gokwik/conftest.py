"""A shop for each test, on every kind of database."""

import pytest

import nector_sim as ns
from nector_sim.gokwik import Database
from tests.gokwik.shops import CUSTOMERS, STORES, open_shop, store_of


@pytest.fixture(params=STORES)
def where(request, tmp_path):
    with store_of(request.param, tmp_path) as store:
        yield store


@pytest.fixture
def database(where):
    database = Database(where)
    yield database
    database.close()


@pytest.fixture
def program():
    return ns.load_program(ns.data_path("programs/gokwik-example.toml"))


@pytest.fixture
def shop(database, program):
    with open_shop(database, program) as shop:
        yield shop


@pytest.fixture(scope="module")
def untouched_shop(tmp_path_factory):
    """One for all tests of a file, for calls that move nothing."""
    program = ns.load_program(ns.data_path("programs/gokwik-example.toml"))
    with Database(tmp_path_factory.mktemp("shop") / "gokwik.db") as database, open_shop(database, program) as shop:
        yield shop
        assert list(shop.wallets.ledger()["kind"]) == ["opening"] * len(CUSTOMERS)
