"""Scenarios: kept with the project, undone like all else, and the figures of compare to the paisa."""

import csv
import io

import openpyxl
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.app.project import Project
from nector_sim.app.scenarios import GROUPS
from nector_sim.app.setting import read

TIERS = {"tiers.0.name": "Silver", "tiers.0.min_spend": "0", "tiers.1.name": "Gold", "tiers.1.min_spend": "4000"}


@pytest.fixture(scope="module")
def shop(random_shop):
    return random_shop(400, 40, start="2025-11-01", seed=9)


@pytest.fixture
def opened(shop, desk_on, tmp_path):
    with desk_on(shop, tmp_path) as desk:
        yield desk


def change(desk, form="proposal", **values):
    return desk.act({"do": "type", "form": form, "values": {k.replace("__", "."): v for k, v in values.items()}})


def work(desk):
    return desk.later.work("scenarios", desk.state()["marks"]["scenarios"])


def test_they_are_kept_named_and_undone(opened, tmp_path):
    change(opened, offers__0__max_discount="20")
    assert opened.act({"do": "scenario", "how": "add", "name": " Diwali  sale "})["scenarios"] == ["Diwali sale"]
    change(opened, offers__0__max_discount="50")
    for name in ("Diwali sale", "", "Proposal"):
        state = opened.act({"do": "scenario", "how": "add", "name": name})
    assert state["scenarios"] == ["Diwali sale", "Diwali sale 1", "Scenario 1", "Proposal 1"]
    state = opened.act({"do": "scenario", "how": "rename", "position": 2, "name": "Eid"})
    assert state["scenarios"][2] == "Eid"
    state = opened.act({"do": "scenario", "how": "remove", "position": 1})
    assert state["scenarios"] == ["Diwali sale", "Eid", "Proposal 1"]
    assert opened.act({"do": "undo"})["scenarios"][1] == "Diwali sale 1"
    state = opened.act({"do": "scenario", "how": "use", "position": 0})
    assert state["values"]["proposal"]["offers.0.max_discount"] == "20"
    opened.project.__exit__()
    with Project(tmp_path / "project") as again:
        assert [one["name"] for one in again.state["scenarios"]] == state["scenarios"]
    change(opened, offers__0__max_discount="none")
    assert "fields in red" in opened.act({"do": "scenario", "how": "add"})["message"]
    assert "no such scenario" in opened.act({"do": "scenario", "how": "remove", "position": 9})["message"]


def test_their_figures_are_those_of_compare(opened, shop):
    """With tiers, a response and take-up; today, the proposal and one other."""
    for form in ("today", "proposal"):
        for path, value in TIERS.items():
            if path.endswith("name"):
                opened.act({"do": "list", "form": form, "how": "add", "path": "tiers"})
            opened.act({"do": "type", "form": form, "values": {path: value}})
    change(opened, "assumptions", take_up_percent="70", response_percent="20", response_half_at_percent="4")
    change(opened, offers__0__max_discount="25")
    opened.act({"do": "scenario", "how": "add", "name": "Small"})
    change(opened, worth="2", offers__0__max_discount="60")
    assert not opened.state()["stale"]
    found = work(opened)
    state = opened.project.state
    today, believed = read("today", state["today"]), read("assumptions", state["assumptions"])
    months = (shop["ordered_at"].max() - shop["ordered_at"].min()) / pd.Timedelta(days=365.25 / 12)
    assert [column["name"] for column in found["columns"]] == ["Your current setting", "Proposal", "Small"]
    assert {group["by"] for group in found["groups"]} == set(GROUPS)
    for at, values in enumerate([state["today"], state["proposal"], state["scenarios"][0]["values"]]):
        program = read("proposal", values)
        told = {row["name"]: row["values"][at] for row in found["rows"]}
        for group in found["groups"]:
            compared = ns.compare(today, program, shop, assumptions=believed, resamples=0, by=group["by"])
            side = compared.candidate
            paisa = {
                "Costs you a month": side.cost_of_program / months,
                "Margin a month": side.margin / months,
                "Margin a month, against today": compared.incremental_margin / months,
                "The same, with the response that you state, against today": compared.answer / months,
                "Customers get a month": side.discount / months,
                "Margin of an order": side.margin / len(shop),
                "Coins discount, % of sales": 100 * side.discount_rate,
                "Customers who get less than today": compared.changes.loc["fall", "customers"],
                "Customers who get more than today": compared.changes.loc["rise", "customers"],
            }
            assert {name: round(told[name], 2) for name in paisa} == {name: round(of, 2) for name, of in paisa.items()}
            table = compared.groups
            assert group["orders"] == table["orders"].tolist()
            for measure in found["measures"]:
                times = 100 if measure["unit"] == "percent" else 1
                shown = [row[at] for row in group["values"][measure["key"]]]
                assert [round(one, 2) for one in shown] == [round(times * one, 2) for one in table[measure["key"]]]
    assert found["columns"][0]["words"].startswith("1 coin = ₹1")


def test_they_are_saved_side_by_side(opened):
    change(opened, offers__0__max_discount="25")
    opened.act({"do": "scenario", "how": "add", "name": "=cmd()"})
    found = work(opened)
    rows = list(csv.DictReader(io.StringIO(opened.scenarios_file("csv").decode("utf-8-sig"))))
    assert list(rows[0])[4:] == ["Your current setting", "Proposal", "'=cmd()"]
    cost = next(row for row in rows if row["What"] == "Costs you a month")
    assert float(cost["Proposal"]) == pytest.approx(found["rows"][0]["values"][1], abs=1e-4)
    assert {row["By"] for row in rows} == {"All orders", *(group["name"] for group in found["groups"])}
    book = openpyxl.load_workbook(io.BytesIO(opened.scenarios_file("xlsx")))
    assert book.sheetnames[0] == "Scenarios"
    sheet = book["Scenarios"]
    assert [cell.value for cell in sheet[1]] == ["What", "Your current setting", "Proposal", "=cmd()"]
    assert sheet["D1"].data_type == "s"
    assert sheet["C3"].value == pytest.approx(found["rows"][0]["values"][1])
    months = book["Month"]
    assert (months["B2"].value, months.freeze_panes) == ("Nov 2025", "C2")


def test_a_scenario_that_can_no_longer_be_read_is_said(opened):
    opened.act({"do": "scenario", "how": "add", "name": "Old"})
    state = opened.project.state
    broken = {**state["scenarios"][0], "values": {"offers.0.kind": "unknown"}}
    opened.project.change({"scenarios": [broken]})
    found = work(opened)
    assert found["columns"][2]["words"] == "This setting has mistakes."
    assert found["rows"][0]["values"][2] is None
    assert found["groups"][0]["values"]["candidate_margin"][0][2] is None
    assert found["groups"][0]["values"]["candidate_margin"][0][1] > 0
    assert b"Old" in opened.scenarios_file("csv")
