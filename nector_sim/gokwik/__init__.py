"""The GoKwik integration on the merchant's own machine: its settings, its wallets, and a checkout to try them with.

Needs the extra ``sandbox`` (SQLAlchemy, Starlette, uvicorn); PostgreSQL needs ``postgres`` as well. What is computed
and decided here is written down in ``data/law/gokwik.md``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nector_sim._extras import named
from nector_sim.errors import InputError

if TYPE_CHECKING:
    from nector_sim.gokwik.checkout import Checkout, Visit
    from nector_sim.gokwik.customers import Customer, read_customers
    from nector_sim.gokwik.database import Database
    from nector_sim.gokwik.integration import Event, Integration, State
    from nector_sim.gokwik.outgoing import verify_event
    from nector_sim.gokwik.sandbox import application, running, serve
    from nector_sim.gokwik.traffic import play_orders
    from nector_sim.gokwik.wallets import Wallets
    from nector_sim.gokwik.wire import Refused

_HOMES = {
    "checkout": ("Checkout", "Visit"),
    "customers": ("Customer", "read_customers"),
    "database": ("Database",),
    "integration": ("Event", "Integration", "State"),
    "outgoing": ("verify_event",),
    "sandbox": ("application", "running", "serve"),
    "traffic": ("play_orders",),
    "wallets": ("Wallets",),
    "wire": ("Refused",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Checkout",
    "Customer",
    "Database",
    "Event",
    "Integration",
    "Refused",
    "State",
    "Visit",
    "Wallets",
    "application",
    "play_orders",
    "read_customers",
    "running",
    "serve",
    "verify_event",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nector_sim.gokwik' has no attribute {name!r}")
    try:
        home = importlib.import_module(f"nector_sim.gokwik.{_HOME_OF[name]}")
    except ModuleNotFoundError as error:
        if (what := named(error, "The sandbox")) is None:
            raise
        raise InputError(what) from None
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
