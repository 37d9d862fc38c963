"""Which setting: what is recommended keeps to its limits when it is replayed; without one nothing is recommended."""

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.app.desk import Desk
from nector_sim.app.project import Project
from nector_sim.app.setting import read
from nector_sim.errors import InputError

LIMITS = {"budget": "700", "share": "2", "order": "330", "less": "60"}


@pytest.fixture(scope="module")
def shop(random_shop):
    """Eight hundred orders of ninety customers in ten months."""
    return random_shop(800, 90, start="2025-05-01", seed=5)


@pytest.fixture(scope="module")
def desk(shop, desk_on, tmp_path_factory):
    with desk_on(shop, tmp_path_factory.mktemp("which")) as opened:
        yield opened


def work(desk, what="which", **typed):
    blank = dict.fromkeys(LIMITS, "")
    state = desk.act({"do": "ask", "tab": "which", "values": blank | typed})
    return desk.later.work(what, state["marks"][what])


def replayed(desk, shop, use):
    """What a setting costs a month, takes off in percent and leaves an order; what percentage get less."""
    today, believed = (read(form, desk.project.state[form]) for form in ("today", "assumptions"))
    values = desk.project.state["proposal"] | use
    runs = [ns.replay(program, shop).orders for program in (today, read("proposal", values))]
    summary = ns.summarize(runs[1], assumptions=believed, replayed=True)
    months = (shop["ordered_at"].max() - shop["ordered_at"].min()) / pd.Timedelta(days=365.25 / 12)
    was, gets = (run.groupby("customer_id")["discount"].sum() for run in runs)
    return (
        summary.cost_of_program / months,
        100 * runs[1]["discount"].sum() / shop["cart_amount"].sum(),
        summary.margin / len(shop),
        100 * (gets.round(4) < was.round(4)).mean(),
    )


def test_nothing_is_recommended_without_a_limit_or_a_response(desk):
    found = work(desk)
    assert found["answer"] is None
    assert "Type at least one limit" in found["why"]
    assert "earns" not in found
    assert found["settings"][found["today"]]["less"] == 0


@pytest.mark.parametrize("one", [{name: value} for name, value in LIMITS.items()] + [{"budget": "700", "less": "100"}])
def test_what_is_recommended_keeps_to_its_limits_when_it_is_replayed(desk, shop, one):
    found = work(desk, **one)
    assert found["kind"] == "generous"
    setting = found["settings"][found["answer"]]
    cost, share, order, less = replayed(desk, shop, setting["use"])
    assert (setting["cost"], setting["share"], setting["order"], setting["less"]) == (
        pytest.approx(cost, abs=0.01), pytest.approx(share), pytest.approx(order, abs=0.001), pytest.approx(less),
    )  # fmt: skip
    assert cost <= float(one.get("budget", "inf"))
    assert share <= float(one.get("share", "inf"))
    assert order >= float(one.get("order", "-inf"))
    assert less <= float(one.get("less", "inf"))
    assert setting["holds"] >= 90
    # No other that keeps to them gives more.
    assert setting["given"] == max(each["given"] for each in found["settings"] if each["meets"])
    assert found["met"] == sum(each["meets"] for each in found["settings"])


def test_using_it_shows_its_figures(desk):
    found = work(desk, share="2")
    setting = found["settings"][found["answer"]]
    desk.act({"do": "type", "form": "proposal", "values": setting["use"]})
    assert desk.outcome.summary.discount / desk.session.months == pytest.approx(setting["given"])
    # Wherever the sliders stand, the same settings are tried.
    assert desk.later.work("which", desk.state()["marks"]["which"])["answer"] == found["answer"]
    desk.act({"do": "undo"})


def test_what_comes_closest_is_said_where_nothing_meets_them(desk):
    found = work(desk, budget="1", less="0")
    assert found["kind"] == "closest"
    assert found["title"].startswith("No setting that was tried meets all of your limits")
    assert not all(line["meets"] for line in found["lines"])
    assert found["met"] == 0


def test_limits_that_are_no_numbers_are_marked(desk):
    found = work(desk, budget="lots", share="140", less="10")
    problems = {limit["name"]: limit["problem"] for limit in found["limits"]}
    assert problems == {
        "budget": "It must be a number, such as 5000.", "share": "It must be from 0 to 100.", "order": "", "less": "",
    }  # fmt: skip
    assert found["answer"] is None


def test_a_response_says_what_earns_most_and_who_wins_where(desk):
    stated = {"response_percent": "30", "response_half_at_percent": "4"}
    desk.act({"do": "type", "form": "assumptions", "values": stated})
    found = work(desk)
    assert found["answer"] is None
    best = found["settings"][found["earns"]["place"]]
    told = work(desk, "winners")
    assert told["columns"] == [0, 15, 30, 45, 60]
    here = next(cell for cell in told["cells"] if (cell["column"], cell["row"]) == (30, 100))
    # At what is stated the map has the setting that earns most of all that were tried.
    assert told["winners"][here["winner"]]["words"] == best["words"]
    none = {"response_percent": "0", "response_half_at_percent": ""}
    desk.act({"do": "type", "form": "assumptions", "values": none})
    with pytest.raises(InputError, match="how many more orders coins bring"):
        work(desk, "winners")


def test_each_order_by_itself_has_no_answer(shop, tmp_path):
    shop.assign(points_balance=100).to_csv(tmp_path / "shop.csv", index=False)
    with Project(tmp_path / "project") as project:
        desk = Desk(project)
        desk.open()
        desk.act({"do": "files", "files": [{"name": "shop.csv", "path": str(tmp_path / "shop.csv")}]})
        desk.act({"do": "use"})
        desk.act({"do": "replayed", "value": False})
        with pytest.raises(InputError, match="kept for the next order"):
            work(desk)
