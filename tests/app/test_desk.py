"""What the app's page shows and does, without a browser: figures by hand, nothing lost, nothing half right."""

import json

import pytest

import nector_sim as ns
from nector_sim.app.adding import remove_unused
from nector_sim.app.desk import Desk
from nector_sim.app.later import Superseded
from nector_sim.app.project import Project
from nector_sim.errors import InputError

ORDERS = "order_id,customer_id,ordered_at,cart_amount\n1,c1,2026-01-05,1000\n2,c1,2026-02-10,500\n"
#: The second order meets the 50 coins that ₹1000 earned. ₹50 of discount lower net sales by 50 / 1.18, and the fee by
#: 2 % of 50: 41.37 in 36 days, which are 1.1828 months.
COST, SHARE = "₹35", "3.3 % of sales"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "project"


@pytest.fixture
def project(folder):
    with Project(folder) as opened:
        yield opened


@pytest.fixture
def desk(project, tmp_path):
    """A desk with a shop of two orders."""
    add(project, tmp_path, ORDERS)
    made = Desk(project)
    made.open()
    return made


def add(project, tmp_path, text):
    path = tmp_path / "shop.csv"
    path.write_text(text)
    files = [{"name": "shop.csv", "path": str(path), "sha256": ""}]
    source = {"files": files, "balances": None, "how": {}, "columns": {}, "answers": {}, "confirmed": True}
    project.change({"orders": source})


def typed(desk, form="proposal", **values):
    return desk.act({"do": "type", "form": form, "values": {k.replace("__", "."): v for k, v in values.items()}})


def drop(desk, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return desk.act({"do": "files", "files": [{"name": name, "path": str(path)}]})


def values(state):
    return {figure["key"]: figure["value"] for figure in state["headline"]}


def test_the_figures_are_those_by_hand(desk):
    state = desk.state()
    assert (values(state)["cost"], values(state)["share"]) == (COST, SHARE)
    assert (
        "With 1 coin = ₹1, up to ₹1,000 off, customers paying at least ₹100, coins cost you ₹35 a month"
        in state["sentence"]
    )
    assert state["same"]


def test_every_default_that_is_used_is_shown(desk):
    shown = desk.state()["values"]["proposal"]
    assert shown["earning.points_per_unit"] == "5"  # for every ₹100
    assert shown["earning.delay_days"] == "0"
    assert shown["earning.on_redeeming_orders"] is True
    assert shown["worth"] == "1"


def test_a_decimal_comma_is_no_ten_times_as_much(desk):
    """A coin of "0,5" was one of 5."""
    state = typed(desk, worth="0,5")
    assert "it must be a number" in state["problems"]["proposal"]["worth"]
    assert state["stale"]
    assert typed(desk, worth="1,000")["values"]["proposal"]["offers.0.discount_per_step"] == "1000"


def test_the_worth_of_a_coin_moves_the_discount_of_a_step(desk):
    state = typed(desk, offers__0__points_per_step="2")
    assert state["values"]["proposal"]["worth"] == "0.5"
    state = typed(desk, worth="2")
    assert state["values"]["proposal"]["offers.0.discount_per_step"] == "4"


def test_what_cannot_be_used_is_marked_and_nothing_of_it_is_saved_to_a_file(desk):
    state = typed(desk, min_payable__amount="20%")
    assert "it must be a number" in state["problems"]["proposal"]["min_payable.amount"]
    assert state["stale"]
    assert values(state)["cost"] == COST
    for make in (desk.setting_file, desk.report):
        with pytest.raises(InputError, match="correct the fields in red"):
            make()
    with pytest.raises(ns.InputError):
        ns.Program.parse({"min_payable": {"kind": "percent", "percent": "₹20"}})
    assert not desk.act({"do": "undo"})["stale"]


def test_undo_and_redo_reach_everything(desk):
    typed(desk, offers__0__max_discount="20")
    desk.act({"do": "adopt"})
    typed(desk, "assumptions", take_up_percent="30")
    desk.act({"do": "replayed", "value": False})
    for _ in range(4):
        state = desk.act({"do": "undo"})
    assert (values(state)["cost"], state["same"], state["replayed"]) == (COST, True, True)
    for _ in range(4):
        state = desk.act({"do": "redo"})
    assert state["values"]["today"]["offers.0.max_discount"] == "20"
    assert state["values"]["assumptions"]["take_up_percent"] == "30"
    assert not state["can_redo"]


def test_a_drag_is_one_step_however_slow(desk, monkeypatch):
    clock = iter(range(0, 100, 10))
    monkeypatch.setattr("nector_sim.app.project.time.monotonic", lambda: next(clock))
    for value in ("0.9", "0.8", "0.7"):
        desk.act({"do": "type", "form": "proposal", "values": {"worth": value}, "drag": "1"})
    assert desk.act({"do": "undo"})["values"]["proposal"]["worth"] == "1"


def test_a_killed_app_finds_everything_again(desk, project, folder):
    typed(desk, offers__0__max_discount="20")
    before = desk.state()
    project.__exit__()  # a kill does no more: whatever is saved, is saved
    with Project(folder) as again:
        reopened = Desk(again)
        reopened.open()
        state = reopened.state()
    assert state["headline"] == before["headline"]
    assert state["can_undo"]


def test_changed_and_missing_files_are_said(project, tmp_path):
    add(project, tmp_path, ORDERS)
    project.state["orders"]["files"][0]["sha256"] = "0" * 64
    desk = Desk(project)
    desk.open()
    assert "has changed" in desk.state()["orders"]["notices"][0]
    (tmp_path / "shop.csv").unlink()
    desk = Desk(project)
    desk.open()
    state = desk.state()
    assert "shop.csv is not there any more" in state["message"]
    assert "headline" not in state


def test_a_project_that_cannot_be_read_is_kept_beside_a_new_one(folder):
    folder.mkdir()
    (folder / "project.json").write_text("{")
    with Project(folder) as project:
        assert "could not be read" in project.notice
        assert project.state["orders"] == {"shop": "grocery"}
    assert (folder / "project.unreadable").read_text() == "{"


def test_a_second_app_says_that_it_keeps_nothing(project, folder):
    project.save()
    saved = project.file.read_bytes()
    with Project(folder) as second:
        assert "not kept" in second.notice
        second.change({"replayed": False})
    assert project.file.read_bytes() == saved


def test_any_table_is_proposed_confirmed_and_changed(desk, tmp_path):
    text = "Bill No,Bill Date,Member,Net,Gross\n1,13/05/2026,c1,90,100\n2,14/06/2026,c1,450,500\n"
    state = drop(desk, tmp_path, "till.csv", text)
    orders = state["orders"]
    assert orders["draft"]
    assert orders["confirm"]
    assert values(state)["cost"] == COST  # until somebody has looked
    roles = {column["name"]: column["role"] for column in orders["columns"]}
    assert (roles["Bill No"], roles["Bill Date"]) == ("order_id", "ordered_at")
    desk.act({"do": "orders", "parts": {"columns": {"Gross": "cart_amount", "Member": "customer_id"}}})
    state = desk.act({"do": "use"})
    assert state["orders"]["label"] == "till.csv"
    assert state["orders"]["report"]["rows"][0]["orders"] == 2
    # ₹100 earn 5 coins, used on the second order: 5 of 600.
    assert values(state)["share"] == "0.8 % of sales"
    assert desk.act({"do": "undo"})["orders"]["label"] == "shop.csv"


def test_orders_not_paid_yet_count_when_somebody_says_so(desk, tmp_path):
    text = "order_id,customer_id,ordered_at,cart_amount,status\n1,a,2026-01-05,500,paid\n2,a,2026-02-09,300,pending\n"
    drop(desk, tmp_path, "cod.csv", text)
    state = desk.act({"do": "use"})
    [choice] = [one for one in state["orders"]["choices"] if one["name"] == "keep_status"]
    assert choice["words"].startswith("Count as sold: 1 order not paid yet (₹300)")
    state = desk.act({"do": "orders", "parts": {"how": {"keep_status": choice["value"]}}})
    assert state["orders"]["count"] == 2
    [choice] = [one for one in state["orders"]["choices"] if one["name"] == "keep_status"]
    assert choice["on"]


def test_balances_of_the_orders_are_not_overridden_by_a_file(desk, tmp_path):
    drop(desk, tmp_path, "coins.csv", "customer_id,points\nc1,900\n")
    text = (
        "order_id,customer_id,ordered_at,cart_amount,points_balance\n1,c1,2026-01-05,500,30\n2,c1,2026-02-09,500,50\n"
    )
    path = tmp_path / "own.csv"
    path.write_text(text)
    files = [{"name": name, "path": str(tmp_path / name)} for name in ("own.csv", "coins.csv")]
    desk.act({"do": "files", "files": files})
    state = desk.act({"do": "use"})
    assert any("balances of their own" in note for note in state["orders"]["notices"])
    # 30 on the first order, which earns 23; those on the second: 53 of 1000.
    assert values(state)["share"] == "5.3 % of sales"


def test_ranges_levers_and_examples_belong_to_a_state(desk):
    state = desk.state()
    marks = state["marks"]

    def work(what, **query):
        return desk.later.work(what, marks[what], query)

    assert work("ranges")["cost"].startswith("between ₹35")  # one customer: every draw is the same
    levers = work("levers")
    worth = next(lever for lever in levers if lever["path"] == "worth")
    now = next(point for point in worth["points"] if point["x"] == worth["now"])
    assert round(now["cost"]) == 35
    example = work("examples", order="2")["rows"][0]
    assert example["sentence"].startswith("50 coins take ₹50 off, and the customer pays ₹450.")
    assert "min_payable" not in example["steps"]
    assert work("pictures")["steps"]
    typed(desk, worth="0.5")
    with pytest.raises(Superseded):
        work("levers")


def test_what_is_typed_into_a_tab_is_kept_and_no_figure_is_worked_out_for_it(desk, project, folder):
    before = desk.state()
    state = desk.act({"do": "ask", "tab": "which", "values": {"budget": "5000"}})
    assert state["asked"] == {"which": {"budget": "5000"}}
    assert state["marks"]["levers"] == before["marks"]["levers"]
    project.__exit__()
    with Project(folder) as again:
        assert again.state["asked"] == {"which": {"budget": "5000"}}
        again.undo()
        assert again.state["asked"] == {}


def test_a_project_of_an_earlier_version_opens(project, folder):
    project.save()
    data = json.loads(project.file.read_text())
    del data["state"]["asked"]
    project.file.write_text(json.dumps(data))
    project.__exit__()
    with Project(folder) as again:
        assert not again.notice
        assert again.state["asked"] == {}


def test_copies_that_nothing_names_are_deleted(project):
    desk = Desk(project)
    path = desk.adding.place_for("../../etc/passwd")
    path.write_text("x")
    assert path.name == "passwd"
    assert project.uploads in path.parents
    remove_unused(project)
    assert not path.exists()


def test_the_app_and_compare_agree_on_balances_that_are_run_back(program):
    """What customers redeemed was redeemed under today's setting, whatever is proposed."""
    import pandas as pd

    from nector_sim.exploration.session import Session

    orders = pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "customer_id": ["c", "c"],
            "ordered_at": pd.to_datetime(["2026-01-05", "2026-02-10"], utc=True),
            "cart_amount": [1000.0, 500.0],
            "discount_given": [40.0, 0.0],
            "points_balance": [60, 60],
        }
    )
    orders.attrs["balances_at"] = "2026-03-01T00:00Z"
    today = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    offer = today.offers[0].model_copy(update={"discount_per_step": today.offers[0].discount_per_step * 2})
    proposal = today.model_copy(update={"offers": (offer,)})
    believed = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
    session = Session(orders, label="x", today=today, assumptions=believed)
    found = ns.compare(today, proposal, orders, assumptions=believed, resamples=0)
    assert session.outcome(proposal).summary.discount == found.candidate.discount
    assert session.todays(proposal).summary.discount == found.baseline.discount


COD = (
    "order_id,customer_id,ordered_at,cart_amount,status,payment_method\n"
    "1,a,2026-01-05,1180,paid,card\n2,b,2026-02-06,1180,pending,COD\n3,c,2026-02-07,1180,pending,COD\n"
)


def test_some_of_the_unpaid_orders_come_back(desk, tmp_path):
    """Two orders of ₹1180 wait for cash; one of them comes back whole.

    An order is 1000 net of tax, of which 550 is margin, less 60 of packing and, prepaid, 2 % of 1180 for the payment:
    466.40; 490 in cash. One that came back costs its packing and 120 of freight: the goods are sold again.
    """
    drop(desk, tmp_path, "cod.csv", COD)
    desk.act({"do": "use"})
    state = typed(desk, "assumptions", return_cost="120")
    assert state["orders"]["count"] == 1
    [choice] = [one for one in state["orders"]["choices"] if one["name"] == "keep_status"]
    state = desk.act({"do": "orders", "parts": {"how": {"keep_status": choice["value"]}}})
    [rate] = [one for one in state["orders"]["choices"] if one["name"] == "returned_percent"]
    assert rate["value"] == "15"
    assert state["rests"] == [
        "15 % of 2 unpaid cash-on-delivery orders count as returned, 7 days later: 0 orders, drawn by order number."
    ]
    months = 33 / (365.25 / 12)
    assert values(state)["margin"] == f"₹{round((466.4 + 490 + 490) / months):,}"
    state = desk.act({"do": "orders", "parts": {"how": {"returned_percent": "50"}}})
    assert state["rests"][0].startswith("50 % of 2 unpaid cash-on-delivery orders count as returned")
    assert "1 order, drawn" in state["rests"][0]
    assert values(state)["margin"] == f"₹{round((466.4 + 490 - 60 - 120) / months):,}"
    state = desk.act({"do": "orders", "parts": {"how": {"returned_percent": "150"}}})
    assert "from 0 to 100" in state["orders"]["message"]
    state = desk.act({"do": "cancel"})
    assert values(state)["margin"] == f"₹{round((466.4 + 490 - 60 - 120) / months):,}"


def test_a_higher_rate_brings_back_the_same_orders_and_more():
    import numpy as np
    import pandas as pd

    from nector_sim.app.counted import Counted, _bring_back

    orders = pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(40)],
            "ordered_at": pd.date_range("2026-01-01", periods=40, tz="UTC"),
            "cart_amount": 100.0,
        }
    )
    before: set[int] = set()
    for percent, number in ((0, 0), (15, 6), (50, 20), (100, 40)):
        found = Counted(orders)
        _bring_back(found, np.ones(40, bool), percent)
        back = set(np.flatnonzero(found.orders["refunded_at"].notna()))
        assert len(back) == number
        assert before <= back
        before = back
    assert "refunded_at" not in orders


def test_days_are_chosen_and_coins_of_earlier_orders_are_there(desk):
    """₹1000 in January earned 50 coins, which the only order of February meets: 50 of ₹500."""
    state = desk.act({"do": "orders", "parts": {"days": {"first": "2026-02-01", "last": ""}}})
    assert state["orders"]["count"] == 1
    assert values(state)["share"] == "10.0 % of sales"
    assert state["orders"]["span"] == ["2026-01-05", "2026-02-10"]
    assert any(row["what"].startswith("left out: not on the days") for row in state["orders"]["report"]["rows"])
    assert "Only orders of 1 Feb 2026 to … count: 1 of 2." in state["rests"]
    state = desk.act({"do": "orders", "parts": {"days": {"first": "2026-03-01", "last": ""}}})
    assert state["orders"]["message"] == "There is no order on these days."
    desk.act({"do": "cancel"})
    assert desk.act({"do": "undo"})["orders"]["count"] == 2


def test_days_of_the_example_shop(desk):
    desk.act({"do": "shop", "shop": "web shop"})
    first, last = desk.state()["orders"]["span"]
    state = desk.act({"do": "orders", "parts": {"days": {"first": "", "last": first}}})
    assert 0 < state["orders"]["count"] < 1000
    assert state["replayed"]
    assert last > first


def test_a_cap_s_slider_ends_where_no_discount_is_larger(desk):
    """Without a cap, ₹50 is the largest discount of the two orders: the 50 coins that ₹1000 earned."""
    [cap] = [lever for lever in desk.state()["levers"] if lever["path"] == "offers.0.max_discount"]
    assert cap["reach"] == (1.0, 50.0, 1.0)
    typed(desk, worth="2")
    [cap] = [lever for lever in desk.state()["levers"] if lever["path"] == "offers.0.max_discount"]
    assert cap["reach"] == (1.0, 100.0, 1.0)
