"""The app, the report, its workbook and `compare` give one number, to the paisa, on both demo shops."""

import io
import re
from decimal import Decimal

import openpyxl
import pytest

import nector_sim as ns
from nector_sim.app.desk import Desk
from nector_sim.app.project import Project
from nector_sim.rules.money import money_text

#: By key of the app's figures: the number of `compare`, and the row of the report.
FIGURES = {
    "cost": ("cost_of_program", "Costs you a month"),
    "margin": ("margin", "Margin a month"),
    "share": ("discount_rate", "Discount, of sales"),
    "pays": ("break_even_uplift", "Pays off from extra orders"),
}


@pytest.mark.parametrize("shop", ["grocery", "web shop"])
def test_four_doors_one_number(shop, tmp_path):
    with Project(tmp_path / "project") as project:
        desk = Desk(project)
        desk.act({"do": "shop", "shop": shop})
        state = desk.act({"do": "type", "form": "proposal", "values": {"offers.0.max_discount": "100"}})
        shown = {figure["key"]: figure for figure in state["headline"]}
        between = desk.later.work("ranges", desk.later.marks()["ranges"])
        report = desk.report()
        proposal, believed = desk.outcome.program, desk.session.assumptions
    assert proposal.offers[0].max_discount == 100
    today = proposal.replaced({"offers.0.max_discount": 1000})
    orders = ns.demo_orders(shop)
    found = ns.compare(today, proposal, orders, assumptions=believed)
    months = (orders["ordered_at"].max() - orders["ordered_at"].min()).total_seconds() / 86_400 / (365.25 / 12)
    book = openpyxl.load_workbook(io.BytesIO(report.as_file(".xlsx")), data_only=True)["In short"]
    cells = {row[0]: row[1:5] for row in book.iter_rows(values_only=True)}
    page = report.as_file(".html").decode()
    for key, (name, label) in FIGURES.items():
        candidate, baseline = (found.ranges.loc[f"{side}.{name}"] for side in ("candidate", "baseline"))
        by = months if key in ("cost", "margin") else 1
        exact = [float(one) / by for one in (*candidate[["value", "low", "high"]], baseline["value"])]
        # The report's numbers are those of compare; the workbook's, to the paisa.
        [row] = [row[1:] for row in report.sections[0].rows if row[0] == label]
        assert [round(float(one), 9) for one in row] == [round(one, 9) for one in exact]
        if key in ("cost", "margin"):
            assert list(cells[label]) == [round(one, 2) for one in exact]
            written = [money_text(Decimal(round(one)), "INR") for one in exact]
        else:
            scale = 100 if key == "pays" else 1
            assert list(cells[label]) == pytest.approx([scale * one for one in exact], rel=1e-12)
            written = [f"{100 * one:.1f}" for one in exact]
        # The app and the page write the same.
        value, low, high, before = written
        assert value in shown[key]["value"]
        assert before in shown[key]["today"]
        assert between[key] == f"between {low} and {high}"
        [line] = re.findall(rf"<tr><td>{label}</td>(.*?)</tr>", page)
        on_page = [re.search(r"₹[\d,]+|[\d.]+", text)[0] for text in re.findall(r"<td[^>]*>(.*?)</td>", line)]
        assert on_page == written
