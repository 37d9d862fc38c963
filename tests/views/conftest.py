import pandas as pd
import pytest

import nector_sim as ns


@pytest.fixture
def program():
    """The documented example: 1 coin = ₹1, at most ₹1000 off, the customer pays at least ₹100."""
    return ns.load_program(ns.data_path("programs/gokwik-example.toml"))


@pytest.fixture
def assumptions():
    return ns.load_assumptions(ns.data_path("assumptions/example.toml"))


@pytest.fixture
def orders():
    """Two months of a small shop."""
    carts = [80.0, 500.0, 749.95, 1500.0, 2000.0, 5000.0]
    balances = [5000, 250, 5000, 5000, 0, 700]
    return pd.DataFrame(
        {
            "order_id": [f"A{n}" for n in range(6)],
            "customer_id": ["x", "x", "y", "y", "z", "z"],
            "ordered_at": pd.to_datetime(
                ["2026-01-01", "2026-01-10", "2026-01-20", "2026-02-01", "2026-02-20", "2026-03-03"], utc=True
            ),
            "cart_amount": carts,
            "points_balance": balances,
        }
    )
