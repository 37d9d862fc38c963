"""The pictures of what is owed and what comes next."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

import nector_sim as ns
from nector_sim.economics.ultimate import Ultimate
from nector_sim.exploration.forecast_result import COLUMNS
from nector_sim.exploration.second_opinion import SecondOpinion
from nector_sim.pictures.liability import draw_fan, draw_outstanding, draw_owed, draw_triangle
from nector_sim.pictures.showing import new_axes

PROGRAM = ns.Program(offers=[ns.VariableAmount(points_per_step=1, discount_per_step=1)])


def test_outstanding_stands_at_face_value_with_what_is_expected():
    balances = pd.DataFrame({"customer_id": ["a"], "points": [100]})
    owed = ns.liability(balances, program=PROGRAM, at="2026-01-01", ultimate_percent=[60, 70, 85])
    ax = draw_outstanding(owed, new_axes(), data="my shop")
    assert ax.get_title(loc="left") == "Owed by age of the points (INR), 2026-01-01 00:00\nmy shop"
    assert [bar.get_height() for bar in ax.containers[0]] == [100]
    line, _, (bars,) = ax.containers[1].lines
    assert line.get_ydata().tolist() == [70]
    assert bars.get_segments()[0][:, 1].tolist() == [60, 85]


def test_the_fan_follows_the_months_behind():
    draws, behind = np.zeros((1, 3, 2, len(COLUMNS))), np.zeros((2, len(COLUMNS)))
    draws[0, :, :, COLUMNS.index("points_redeemed")] = [[1, 2], [3, 4], [5, 6]]
    behind[:, COLUMNS.index("points_redeemed")] = [7, 8]
    behind[:, COLUMNS.index("outstanding")] = [30, 50]
    ahead = ns.Forecast(
        datetime(2026, 3, 1, tzinfo=UTC), ("today",), 2, 1, 0, 28, 3, 0, 0.03, "INR", (0.5,), COLUMNS,
        SecondOpinion(None, np.full(2, np.nan), np.nan, 0.0, "none"), behind, draws,
    )  # fmt: skip
    ax = draw_fan(ahead, new_axes())
    assert ax.get_title(loc="left") == "Points redeemed, behind and ahead under “today”"
    assert ax.lines[0].get_ydata().tolist() == [7, 8]
    assert ax.lines[1].get_xdata().tolist() == [0, 1]
    assert ax.lines[1].get_ydata().tolist() == [3, 4]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-2", "-1", "+1", "+2"]
    assert ax.get_label() == "Points redeemed by month: 8 in the last month, 3 likely in the next"
    # A point is worth half a rupee.
    owed = draw_owed(ahead, new_axes())
    assert owed.lines[0].get_ydata().tolist() == [15, 25]
    assert owed.get_label().startswith("Owed by month, at face value (INR): 25 in the last month")


def test_the_triangle_has_a_line_for_each_month():
    table = pd.DataFrame({"month": ["2026-01", "2026-02"], "issued": [200, 100]})
    triangle = pd.DataFrame([[100, 150], [40, np.nan]], index=pd.Index(["2026-01", "2026-02"], name="month"))
    estimate = Ultimate(
        datetime(2026, 3, 1, tzinfo=UTC), (60.0, 70.0, 80.0), (10.0, 20.0, 30.0), table, triangle, np.array([1.5])
    )
    ax = draw_triangle(estimate, new_axes())
    assert [line.get_ydata().tolist() for line in ax.lines[:2]] == [[50, 75], [40]]
    assert ax.texts[0].get_text() == "ever redeemed: 70.0 %"
