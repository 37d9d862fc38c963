"""Tables of earlier versions brought to this one, in the transaction that opens the database."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, bindparam, insert, inspect, select, text, update

from nector_sim.errors import InputError
from nector_sim.gokwik.schema import VERSION, customers, database_state, integration, metadata, phones
from nector_sim.orders.identity import phone_of

#: Columns that each version added: tables that lack them are of an earlier version, and ours all the same.
ADDED = {
    2: {"customers": {"phone": "TEXT"}},
    3: {"orders": {"eligible": "BIGINT", "coupon": "BIGINT NOT NULL DEFAULT 0"}},
}


def version_of(connection: Connection) -> int:
    """The version of the tables that are there; 0 where there are none."""
    there = inspect(connection)
    if not there.has_table(database_state.name):
        return 1 if there.has_table(integration.name) else 0
    version = int(connection.execute(select(database_state.c.version)).scalar_one())
    if version > VERSION:
        raise InputError(
            f"the database has version {version} and this nector_sim knows version {VERSION}; install a newer one"
        )
    return version


def migrate(connection: Connection) -> None:
    """Make the tables, or bring those that are there to this version."""
    version = version_of(connection)
    for table, columns in later_columns(version):
        for name, kind in columns.items():
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {name} {kind}"))
    metadata.create_all(connection)
    if version == 1:
        _fill_phones(connection)
        phones.create(connection)
    if version < 2:  # there was no state before version 2
        connection.execute(insert(database_state), {"id": 1, "version": VERSION, "sealed": False, "generation": ""})
    elif version < VERSION:
        connection.execute(update(database_state).values(version=VERSION))


def later_columns(version: int) -> list[tuple[str, dict[str, str]]]:
    """Tables and their columns that versions after this one added; none where there are no tables yet."""
    return [added for of, tables in ADDED.items() if of > version > 0 for added in tables.items()]


def _fill_phones(connection: Connection) -> None:
    """Add the phones of customers; one that several customers share names none of them, as no reader could tell."""
    rows = connection.execute(select(customers.c.customer_id, customers.c.mobile)).all()
    named = [(row.customer_id, phone_of(row.mobile)) for row in rows if row.mobile is not None]
    count = Counter(phone for _, phone in named)
    filled = [{"who": who, "as": phone} for who, phone in named if phone is not None and count[phone] == 1]
    if filled:
        change = update(customers).where(customers.c.customer_id == bindparam("who")).values(phone=bindparam("as"))
        connection.execute(change, filled)
