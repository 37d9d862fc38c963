"""The tables: settings, wallets, and what moved.

Instants are whole microseconds since 1970 in UTC, money is in minor units, points are whole.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, MetaData, String, Table, Text

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
    Column("mobile", Text, unique=True),
    Column("tier", Text),
    Column("points_balance", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
)

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
    Column("wallet_type", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("performed", Text, nullable=False),
    Column("reverted", Text),
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
