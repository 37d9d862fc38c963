"""Shops of random orders, and the app opened on one."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from nector_sim.app.desk import Desk
from nector_sim.app.project import Project


@pytest.fixture(scope="session")
def random_shop():
    """Orders of random customers, an order every nine hours."""

    def made(orders, customers, *, start, seed):
        random = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                "order_id": [f"o{number}" for number in range(orders)],
                "customer_id": [f"c{number}" for number in random.integers(0, customers, orders)],
                "ordered_at": pd.date_range(start, periods=orders, freq="9h", tz="UTC"),
                "cart_amount": np.round(random.gamma(3, 350, orders), 2),
            }
        )

    return made


@pytest.fixture(scope="session")
def desk_on():
    """The app on a shop's orders, its project in a folder."""

    @contextmanager
    def opened(shop, folder):
        shop.to_csv(folder / "shop.csv", index=False)
        with Project(folder / "project") as project:
            desk = Desk(project)
            desk.open()
            desk.act({"do": "files", "files": [{"name": "shop.csv", "path": str(folder / "shop.csv")}]})
            desk.act({"do": "use"})
            yield desk

    return opened
