"""Published figures that need data which is not ours: ``python -m tests.campaigns.published``.

Fader, Hardie and Lee (2005), table 2: the BG/NBD model of CDNOW's 2,357 customers, who are read from the wheel of
`lifetimes`. Exit code 1 if a figure is missed.
"""

import sys
from importlib.metadata import distribution

import numpy as np
import pandas as pd

from nector_sim.economics.bg_nbd import fit_bg_nbd

PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.4}


def cdnow_file(name):
    """A file of CDNOW's purchases; the package itself is not imported."""
    return distribution("lifetimes").locate_file(f"lifetimes/datasets/{name}")


def main():
    customers = pd.read_csv(cdnow_file("cdnow_customers_summary.csv"))
    fitted = fit_bg_nbd(*(customers[name].to_numpy(np.float64) for name in ("frequency", "recency", "T")))
    found = {name: round(getattr(fitted, name), 1 if name == "log_likelihood" else 3) for name in PUBLISHED}
    print(f"BG/NBD on CDNOW, {len(customers):,} customers: {found}; published: {PUBLISHED}")
    return int(found != PUBLISHED)


if __name__ == "__main__":
    sys.exit(main())
