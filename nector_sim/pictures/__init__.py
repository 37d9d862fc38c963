"""Pictures of results: a function each, which takes the result and matplotlib Axes and gives the Axes back.

Results draw themselves with the same functions: ``result.plot.timeline()``. The label of the Axes (``ax.get_label()``)
says in words what the picture shows, for those who do not see it. Nothing is computed here.
"""

from nector_sim.pictures.experiments import differences, sides, what_can_be_seen
from nector_sim.pictures.public import (
    as_svg,
    break_even,
    discount_by_cart,
    expiring,
    fan,
    limits,
    new_axes,
    outstanding,
    owed,
    timeline,
    tornado,
    triangle,
    waterfall,
)
from nector_sim.pictures.sweeps import frontier, heat_map, lever
from nector_sim.pictures.take_up import take_up
from nector_sim.pictures.winners import winners

__all__ = [
    "as_svg",
    "break_even",
    "differences",
    "discount_by_cart",
    "expiring",
    "fan",
    "frontier",
    "heat_map",
    "lever",
    "limits",
    "new_axes",
    "outstanding",
    "owed",
    "sides",
    "take_up",
    "timeline",
    "tornado",
    "triangle",
    "waterfall",
    "what_can_be_seen",
    "winners",
]
