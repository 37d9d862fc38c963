"""Ten files as shops really have them, from the upload to the answer."""

import pytest

from nector_sim.app.desk import Desk
from nector_sim.app.project import Project
from tests.app import messy
from tests.app.test_app_words import DEVELOPERS

#: Columns of the files, which are shown as they are.
OWN = {"order_number", "order_date", "order_total", "shipping_total", "order_currency", "billing_email"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with Project(tmp_path_factory.mktemp("messy") / "project") as project:
        made = Desk(project)
        made.open()
        yield made


@pytest.mark.parametrize("name", messy.EXPECTED)
def test_a_messy_file_is_read_asked_about_and_answered(desk, tmp_path, name):
    [path] = [one for one in messy.write(tmp_path) if one.name == name]
    state = desk.act({"do": "files", "files": [{"name": name, "path": str(path)}]})
    assert state["orders"]["draft"] == (name not in ("woocommerce.csv", "shopify.csv.gz"))
    if name == "items.csv":
        [question] = [one for one in state["orders"]["questions"] if one["choices"]]
        desk.act({"do": "orders", "parts": {"answers": {question["key"]: "Line Total"}}})
    if name == "day first.csv":
        desk.act({"do": "orders", "parts": {"columns": {"Member": "customer_id"}}})
    if state["orders"]["draft"]:
        state = desk.act({"do": "use"})
    orders = state["orders"]
    assert (orders["label"], orders["count"]) == (name, messy.EXPECTED[name])
    assert "coins cost you" in state["sentence"]
    report = orders["report"]
    said = [*orders["notices"], *report["facts"], *(row["what"] for row in report["rows"])]
    said += [reason for *_, reason in report["rejects"]]
    said += [one["text"] for one in orders["questions"]] + [one["words"] for one in orders["choices"]]
    assert [text for text in said if set(DEVELOPERS.findall(text)) - OWN] == []
