"""Pictures of a sweep's table: one lever held against its numbers, and what cannot be drawn refused by name."""

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim import pictures

CAP, FLOOR = "offers.0.max_discount", "min_payable.amount"


@pytest.fixture
def table():
    caps, floors = [100, 200, float("nan")] * 2, [0] * 3 + [500] * 3
    margins = [90.0, 80.0, 50.0, 85.0, 75.0, 45.0]
    frame = pd.DataFrame({CAP: caps, FLOOR: floors, "orders": 9, "margin": margins, "discount": 10.0})
    frame["margin_low"], frame["margin_high"] = frame["margin"] - 5, frame["margin"] + 5
    frame.attrs["currency"] = "INR"
    return frame


def test_a_lever_is_the_table_with_the_other_field_held(table):
    drawn = ns.plots(table).lever(field=CAP, value="margin", at={FLOOR: 500}, today=200)
    assert drawn.description == "Margin over maximum discount: ₹85 at ₹100, ₹75 at ₹200 (today), ₹45 at none."
    (line,) = drawn.ax.get_lines()
    assert line.get_ydata().tolist() == [85, 75, 45]
    assert [tick.get_text() for tick in drawn.ax.get_xticklabels()] == ["₹100", "₹200", "none"]
    assert line.get_xdata()[2] > 200
    band = drawn.ax.collections[0]
    assert {vertex[1] for vertex in band.get_paths()[0].vertices} == {40, 50, 70, 80, 90}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"field": CAP}, r"min_payable.amount varies too; hold it: at={'min_payable.amount': 0}"),
        ({"field": "max_discount"}, "max_discount was not swept; this table has offers.0.max_discount, min_payable"),
        ({"field": CAP, "at": {FLOOR: 7}}, "no setting of the table is at"),
        ({"field": CAP, "value": "profit"}, "value is 'profit'; a sweep can be drawn by margin, discount"),
    ],
)
def test_what_cannot_be_drawn_is_refused(table, asked, says):
    with pytest.raises(ns.InputError, match=says):
        ns.plots(table).lever(**{"value": "margin"} | asked)


def test_a_map_and_the_frontier_are_those_of_the_room(table):
    shown = ns.plots(table).heat_map(x=CAP, y=FLOOR, today={CAP: 200, FLOOR: 0})
    assert shown.description == "Margin from ₹45 to ₹90 over maximum discount and minimum amount to pay; today ₹80."
    assert "6 settings" in ns.plots(table).frontier().description


def test_pictures_are_of_results_programs_and_sweeps_alone(table):
    assert dir(ns.plots(table)) == ["frontier", "heat_map", "lever"]
    assert all(hasattr(pictures, name) for name in dir(ns.plots(table)))
    with pytest.raises(ns.InputError, match="there are no pictures of this int"):
        ns.plots(3)
    table.attrs = {}  # as when it was read back from a file
    with pytest.raises(ns.InputError, match="does not say its currency"):
        ns.plots(table).frontier()
