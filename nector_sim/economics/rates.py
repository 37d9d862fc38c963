"""The assumptions as numbers of the calculation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Rates:
    """The assumptions as numbers of the calculation: shares from 0 to 1, money in major units.

    Each number is a float, or an array with one value for each draw.
    """

    gross_margin: float | npt.NDArray[np.float64] | None
    tax: float | npt.NDArray[np.float64]
    prices_include_tax: bool
    as_tender: bool
    payment_fee: float | npt.NDArray[np.float64]
    payment_fee_fixed: float | npt.NDArray[np.float64]
    cod_fee: float | npt.NDArray[np.float64]
    fulfilment_cost: float | npt.NDArray[np.float64]
    return_cost: float | npt.NDArray[np.float64]
    resale: float | npt.NDArray[np.float64]
    take_up: float | npt.NDArray[np.float64]
    redeemers: float | npt.NDArray[np.float64]
    ultimate_redemption: float | npt.NDArray[np.float64]
    response: float | npt.NDArray[np.float64]
    response_half_at: float | npt.NDArray[np.float64] | None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Rates:
        """Turn the fields of :class:`Assumptions`, as floats or arrays, into shares and money."""
        shares = {
            name.removesuffix("_percent"): None if value is None else value / 100
            for name, value in values.items()
            if name.endswith("_percent")
        }
        given = {**shares, **values, "as_tender": values["points_count_as"] == "tender"}
        return cls(**{field.name: given[field.name] for field in fields(cls)})

    @property
    def using(self) -> float | npt.NDArray[np.float64]:
        """The share of the orders that could redeem and do, where each is worked out by itself."""
        return self.redeemers * self.take_up

    @property
    def responds(self) -> bool:
        """Whether a response is stated."""
        return self.response_half_at is not None

    @property
    def net_share(self) -> float | npt.NDArray[np.float64]:
        """What of a price is left to the shop after tax."""
        return 1 / (1 + self.tax) if self.prices_include_tax else 1.0

    @property
    def tax_on_top(self) -> float | npt.NDArray[np.float64]:
        """Tax that is paid on top of a price."""
        return 0.0 if self.prices_include_tax else self.tax
