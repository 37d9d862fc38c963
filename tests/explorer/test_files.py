"""Uploads arrive whole or not at all, and leave nothing behind; own orders become the explorer's."""

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.explorer.files import Download, Upload
from nector_sim.explorer.undo import Undo


class Browser:
    """Plays the browser's part of an upload."""

    def __init__(self, upload, data, name="orders.csv", size=None):
        self.upload, self.data, self.said = upload, data, []
        upload.send = lambda content, buffers=None: self.answer(content)
        self.say({"do": "begin", "name": name, "size": len(data) if size is None else size})

    def say(self, content, buffers=()):
        self.upload._receive(self.upload, content, list(buffers))

    def answer(self, content):
        self.said.append(content["do"])
        if content["do"] == "next":
            have = content["have"]
            self.say({"do": "piece"}, [memoryview(self.data[have : have + self.upload.piece])])


def test_a_file_arrives_in_pieces_and_is_deleted_after_use():
    seen = []
    upload = Upload("x", accept=".csv", use=lambda path: seen.append((path, path.read_bytes())))
    upload.piece = 7
    data = bytes(range(100))
    browser = Browser(upload, data)
    [(path, content)] = seen
    assert content == data
    assert path.name == "orders.csv"
    assert not path.exists()
    assert browser.said[-2:] == ["reading", "done"]


def test_a_kept_file_goes_when_another_comes():
    seen = []
    upload = Upload("x", accept=".csv", use=seen.append, keep=True)
    Browser(upload, b"one")
    assert seen[0].read_bytes() == b"one"
    Browser(upload, b"two")
    assert not seen[0].exists()
    assert seen[1].read_bytes() == b"two"


def test_a_name_never_leads_out_of_its_folder():
    seen = []
    Browser(Upload("x", accept="", use=lambda path: seen.append(path.name)), b"1", name="../../etc/passwd")
    Browser(Upload("x", accept="", use=lambda path: seen.append(path.name)), b"1", name="")
    assert seen == ["passwd", "file"]


@pytest.mark.parametrize(("size", "data"), [((200 << 20) + 1, b""), (2, b"123")])
def test_what_is_too_large_is_refused(size, data):
    upload = Upload("x", accept="", use=lambda path: pytest.fail("used"))
    assert Browser(upload, data, size=size).said[-1] == "refuse"


def test_a_download_hands_over_what_was_made():
    sent = []
    download = Download("x", make=lambda: ("a.txt", "text/plain", b"hello"))
    download.send = lambda content, buffers=None: sent.append((content, buffers))
    download._asked(download, {"do": "make"}, [])
    assert sent == [({"do": "save", "name": "a.txt", "kind": "text/plain"}, [b"hello"])]


def test_history_keeps_a_drag_as_one_step():
    history = Undo(0)
    for step in range(1, 30):
        history.note(step, field="slider", now=step * 0.05)
    history.note(30, field="other", now=2.0)
    assert (history.undo(), history.undo(), history.undo()) == (29, 0, None)


class TestYourOrders:
    @pytest.fixture
    def explorer(self, orders, program):
        return ns.RuleExplorer(program, orders=orders, label="first", replayed=False)

    @pytest.fixture
    def files(self, tmp_path):
        pd.DataFrame({"customer_id": ["a", "b"], "points": [5000, 30]}).to_csv(tmp_path / "balances.csv", index=False)
        text = (
            "order_id,customer_id,ordered_at,cart_amount\n1,a,2026-01-01,500\n2,b,2026-01-02,500\n3,a,2026-01-03,-1\n"
        )
        (tmp_path / "shop.csv").write_text(text)
        return tmp_path

    @pytest.mark.parametrize("balances_first", [True, False])
    def test_orders_and_balances_in_either_order(self, explorer, files, balances_first):
        own = explorer.your_orders
        steps = [(own.read_balances, "balances.csv"), (own.read_orders, "shop.csv")]
        for read, name in steps if balances_first else reversed(steps):
            read(files / name)
        assert explorer.outcome.scored["discount"].astype(float).tolist() == [400.0, 30.0]
        assert "shop.csv" in explorer._head.value
        assert "1 rejected" in own._understood.value
        name, _, rejected = own._rejects_file()
        assert name == "rejected.csv"
        assert b"is negative" in rejected

    def test_rejected_rows_are_saved_without_formulas(self, explorer, tmp_path):
        (tmp_path / "shop.csv").write_text('order_id,cart_amount,points_balance\n"=cmd()",-1,5\n2,@SUM(A1),5\n3,9,9\n')
        own = explorer.your_orders
        own.read_orders(tmp_path / "shop.csv")
        _, _, rejected = own._rejects_file()
        assert rejected.startswith("\ufeff".encode())
        assert b"'=cmd()" in rejected
        assert not [
            cell for line in rejected.decode().splitlines() for cell in line.split(",") if cell[:1] in "=+@" and cell
        ]

    def test_without_balances_it_asks_for_them_and_changes_nothing(self, explorer, files):
        explorer.your_orders.read_orders(files / "shop.csv")
        assert "no points balances" in explorer.your_orders._message.value
        assert "first" in explorer._head.value

    def test_orders_in_another_currency_bring_the_setting_along(self, explorer, tmp_path):
        text = "order_id,cart_amount,points_balance,currency\n1,500,5000,USD\n2,90,30,USD\n"
        (tmp_path / "dollars.csv").write_text(text)
        explorer.your_orders.read_orders(tmp_path / "dollars.csv")
        assert explorer.outcome.program.currency == explorer.session.today.currency == "USD"
        assert "look at their amounts" in explorer.your_orders._message.value
        assert "$500" in explorer._examples.rows[-1]
        assert "₹" not in explorer._figures.value + "".join(view.value for view in explorer._pictures._views)
        assert explorer.program_form.fields[1]["parts"][0]["parts"][3]["unit"] == "$"
        explorer.work_out_ranges()
        assert "$" in explorer._how_sure._views[1].value
        explorer.program_form.values = {**explorer.program_form.values, "currency": "INR"}
        assert explorer.program_form.problems == {"currency": "the orders are in USD"}
        assert explorer.outcome.program.currency == "USD"

    def test_a_currency_is_that_of_both_settings(self, explorer):
        explorer.program_form.values = {**explorer.program_form.values, "currency": "EUR"}
        assert explorer.session.today.currency == "EUR"
        assert "€" in explorer._figures.value
        assert "<svg" in explorer._report_page()[2].decode()

    def test_a_file_without_a_currency_is_in_that_of_the_setting(self, explorer, tmp_path):
        explorer.program_form.values = {**explorer.program_form.values, "currency": "EUR"}
        (tmp_path / "plain.csv").write_text("cart_amount,points_balance\n500,5000\n")
        explorer.your_orders.read_orders(tmp_path / "plain.csv")
        assert explorer.session.currency == explorer.outcome.program.currency == "EUR"

    def test_a_merchant_says_how_a_file_is_written(self, explorer, tmp_path):
        own = explorer.your_orders
        text = 'order_id,cart_amount,points_balance,ordered_at\n1,"1.234,50",5000,03/04/2026\n'
        (tmp_path / "written.csv").write_text(text)
        own.read_orders(tmp_path / "written.csv")
        assert "No order of written.csv can be used" in own._message.value
        own.dates.value, own.numbers.value = "dd/mm/yyyy", "1.234,50"
        own._read_again()
        order = explorer.session.orders.iloc[0]
        assert (order["cart_amount"], order["ordered_at"].month) == (1234.5, 4)
        with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
            pd.DataFrame({"note": [1]}).to_excel(book, sheet_name="Notes", index=False)
            pd.DataFrame({"cart_amount": [99], "points_balance": [9]}).to_excel(book, sheet_name="Orders", index=False)
        own.read_orders(tmp_path / "book.xlsx")
        assert "cannot be used" in own._message.value
        assert own._understood.value == ""  # not what was understood of the file before
        own.sheet.value = "Orders"
        own._read_again()
        assert explorer.session.orders["cart_amount"].tolist() == [99]

    def test_an_unreadable_file_changes_nothing(self, explorer, tmp_path):
        (tmp_path / "orders.csv").write_bytes(bytes(range(256)) * 9)
        explorer.your_orders.read_orders(tmp_path / "orders.csv")
        assert "The figures did not change" in explorer.your_orders._message.value
        assert "mistake of the program" not in explorer.your_orders._message.value
        assert "first" in explorer._head.value

    def test_undo_today_and_loading_a_setting(self, explorer, program, tmp_path):
        form = explorer.program_form
        form.values = {**form.values, "offers.0.max_discount": "300"}
        explorer.set_today()
        assert explorer.session.today.offers[0].max_discount == 300
        explorer.undo()
        assert explorer.outcome.program == program
        other = program.model_copy(update={"min_payable": ns.PercentMinPayable(percent=40), "name": "Other"})
        (tmp_path / "other.toml").write_text(other.to_toml(), encoding="utf-8")
        explorer._load(tmp_path / "other.toml")
        assert explorer.outcome.program == other
        (tmp_path / "bad.toml").write_text("offers = 3")
        explorer._load(tmp_path / "bad.toml")
        assert "The setting did not change" in explorer._message.value
        assert explorer.outcome.program == other

    def test_the_range_of_the_break_even_comes_when_the_setting_rests(self, explorer):
        assert "9 times out of 10" not in explorer._figures.value
        explorer.work_out_ranges()
        assert "9 times out of 10" in explorer._figures.value
        assert "<svg" in explorer._how_sure._views[0].value


def test_either_demo_shop_is_a_button_away():
    explorer = ns.RuleExplorer(
        orders=pd.DataFrame({"cart_amount": [500.0], "points_balance": [5000]}), label="mine", replayed=False
    )
    bar = explorer.your_orders.children[4]
    buttons = {button.description: button for button in bar.children if hasattr(button, "click")}
    buttons["Demo orders: web shop"].click()
    assert explorer.session.label == "demo data, simulated; balances as under its own program"
    assert len(explorer.session.orders) == 41_251
    buttons["Demo orders: grocery"].click()
    assert len(explorer.session.orders) == 155_321
