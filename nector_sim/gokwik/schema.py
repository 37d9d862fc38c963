"""The tables: settings, wallets, and what moved.

Instants are whole microseconds since 1970 in UTC, money is in minor units, points are whole.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

#: The version of these tables. A change of them adds a step to `migrations`.
VERSION = 3

#: SQLite numbers rows by itself only where the key is exactly INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

#: One row: a database holds one merchant's integration.
integration = Table(
    "integration",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("program", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("handed_over", Boolean, nullable=False),
    # The webhook id itself is nowhere: its SHA-256 recognises it, and four characters remind the merchant of it.
    Column("webhook_hash", String(64), nullable=False),
    Column("webhook_tail", String(4), nullable=False),
    Column("events_url", Text),
    # This secret signs what goes out, so it has to be readable; it opens nothing.
    Column("events_secret", Text),
)

#: What the merchant did to the settings.
event_log = Table(
    "event_log",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("customer_id", Text, primary_key=True),
    # As it was loaded, and its last ten digits where it is a phone number: the same in every usual form.
    Column("mobile", Text, unique=True),
    Column("tier", Text),
    Column("points_balance", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("phone", Text),
)
phones = Index("customers_phone", customers.c.phone, unique=True)

#: The ledger: rows are added and never changed. A customer's points are the sum of theirs here.
movements = Table(
    "movements",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("order_id", Text),
)

#: What was answered for each reference, so that the same call again gets the same answer.
orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("cart", BigInteger, nullable=False),
    # Empty where points could pay all of the cart.
    Column("eligible", BigInteger),
    Column("coupon", BigInteger, nullable=False, server_default="0"),
    Column("wallet_type", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("performed", Text, nullable=False),
    Column("reverted", Text),
)

#: Reverts that came before any perform of their reference: a perform that arrives late must not take points.
early_reverts = Table(
    "early_reverts",
    metadata,
    Column("order_id", Text, primary_key=True),
    # The customer is part of the key, so that nobody's revert stands in the way of another customer's order.
    Column("customer_id", ForeignKey("customers.customer_id"), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

#: Outgoing events, written in the transaction that they tell of, and sent later.
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    # Empty once the event has arrived or has been given up.
    Column("next_try_at", BigInteger, index=True),
    Column("delivered_at", BigInteger),
)

#: One row: the version of the tables and, of a file, whether all of the database is in it (see `one_file`).
database_state = Table(
    "database_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("generation", String(32), nullable=False),
)
