"""Tables of earlier versions brought to this one, in the transaction that opens the database."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, bindparam, insert, inspect, select, text, update

from nector_sim.errors import InputError
from nector_sim.gokwik.schema import VERSION, customers, database_state, integration, metadata, phones
from nector_sim.orders.identity import phone_of


def version_of(connection: Connection) -> int:
    """The version of the tables that are there; 0 where there are none.

    Raises
    ------
    InputError
        If they are of a later version than this one.
    """
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
    if version == 1:
        connection.execute(text("ALTER TABLE customers ADD COLUMN phone TEXT"))
    metadata.create_all(connection)
    if version == 1:
        _fill_phones(connection)
        phones.create(connection)
    if version < VERSION:  # there was no state before version 2
        connection.execute(insert(database_state), {"id": 1, "version": VERSION, "sealed": False, "generation": ""})


def _fill_phones(connection: Connection) -> None:
    """Add the phones of customers; one that several customers share names none of them, as no reader could tell."""
    rows = connection.execute(select(customers.c.customer_id, customers.c.mobile)).all()
    named = [(row.customer_id, phone_of(row.mobile)) for row in rows if row.mobile is not None]
    count = Counter(phone for _, phone in named)
    filled = [{"who": who, "as": phone} for who, phone in named if phone is not None and count[phone] == 1]
    if filled:
        change = update(customers).where(customers.c.customer_id == bindparam("who")).values(phone=bindparam("as"))
        connection.execute(change, filled)
