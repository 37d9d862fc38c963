"""Shops to test with: a live integration with customers, on every kind of database, and its server."""

import json
import os
import uuid
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from nector_sim.gokwik import Customer, Integration, Wallets, application, running
from nector_sim.gokwik.posting import Line

#: Where set, a PostgreSQL that tests may make schemas in, such as postgresql://postgres@127.0.0.1/postgres.
POSTGRES = os.environ.get("NECTOR_SIM_TEST_POSTGRES")
STORES = ["sqlite", "postgres"] if POSTGRES else ["sqlite"]


@contextmanager
def store_of(kind, folder: Path):
    """A file, or a schema of its own."""
    if kind == "sqlite":
        yield str(folder / "gokwik.db")
        return
    schema = f"test_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(POSTGRES).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"CREATE SCHEMA {schema}"))
    try:
        url = engine.url.update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


class Shop:
    """A live integration and its server."""

    def __init__(self, database, webhook_id, address):
        self.database = database
        self.integration = Integration(database)
        self.wallets = Wallets(database)
        self.webhook_id = webhook_id
        self.address = address
        self.url = f"{address}/api/open/integrations/gokwikwebhook/{webhook_id}"
        self._line = Line(self.url, timeout=30)

    def post(self, body, url=None):
        """Post bytes; gives status and JSON."""
        line = Line(url, timeout=30) if url else self._line
        reply = line.post(body)
        if url:
            line.close()
        return reply.status, reply.json()

    def call(self, action, **fields):
        """Make a call; gives the refusal's word, or the data."""
        status, answer = self.post(json.dumps({"action": action, **fields}).encode())
        assert status == answer["meta"]["code"]
        return answer["data"] if status == 200 else answer["meta"]["error"]

    def points(self, customer_id):
        """The balance, after checking that the ledger says the same."""
        movements = self.wallets.ledger(customer_id)
        balance = self.wallets.balances().set_index("customer_id")["points_balance"][customer_id]
        assert movements["points"].sum() == balance
        return balance

    def close(self):
        self._line.close()


def live(database, program, customers):
    """Initialise, enable, hand over, and load customers; gives the webhook id."""
    integration = Integration(database)
    webhook_id = integration.initialise(program).get_secret_value()
    integration.enable()
    integration.hand_over()
    Wallets(database).add(customers)
    return webhook_id


CUSTOMERS = [
    Customer("rich", 5000, mobile="9876500001", credits=50),
    Customer("poor", 250),
    Customer("overdrawn", -40),
]


@contextmanager
def open_shop(database, program, customers=CUSTOMERS, **settings):
    """A live integration with its server, for as long as the block lasts."""
    webhook_id = live(database, program, customers)
    with running(application(database, **{"guesses_a_minute": 1e9, **settings})) as address:
        shop = Shop(database, webhook_id, address)
        yield shop
        shop.close()
