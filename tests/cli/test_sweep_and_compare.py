"""``sweep`` and ``compare`` on the command line."""

import pandas as pd
import pytest

import nector_sim as ns

EXAMPLE = str(ns.data_path("programs/gokwik-example-with-earning.toml"))
WITHOUT_EARNING = str(ns.data_path("programs/gokwik-example.toml"))
BELIEVED = str(ns.data_path("assumptions/example.toml"))


@pytest.fixture(params=["csv", "parquet"])
def orders(request, tmp_path):
    file = tmp_path / f"orders.{request.param}"
    frame = ns.demo_orders().iloc[:400]
    frame["cost"] = (frame["cart_amount"] * 0.4).round(2).where(frame.index % 3 > 0)
    frame["refunded_at"] = frame["ordered_at"].where(frame.index % 9 == 0)
    if request.param == "csv":
        frame.to_csv(file, index=False)
    else:
        frame.to_parquet(file)
    return file, frame


@pytest.fixture
def grid(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('offers.0.max_discount = [50, 200]\n"min_payable.amount" = [0, 100]\n', encoding="utf-8")
    return file


def test_sweep_writes_what_python_gives(run, orders, grid, tmp_path):
    file, frame = orders
    out = tmp_path / "settings.parquet"
    code, said, _ = run(
        "sweep", file, "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", out, "--discount-rate-at-most", 90
    )
    assert code == 0
    assert said.startswith(f"4 settings on 400 orders into {out}; cash view\nreplayed: what a customer does not use")
    assert "; if everyone uses points on every order they can" in said
    assert "at most" not in said.replace("within", "")
    assert "most generous within 90 % of the carts:" in said
    table = ns.sweep(
        ns.load_program(EXAMPLE),
        frame,
        grid={"offers.0.max_discount": [50, 200], "min_payable.amount": [0, 100]},
        assumptions=ns.load_assumptions(BELIEVED),
    )
    pd.testing.assert_frame_equal(pd.read_parquet(out), table, check_dtype=False)


def test_bad_rows_are_counted_and_the_good_ones_swept(run, grid, tmp_path):
    frame = ns.demo_orders().iloc[:10].assign(cart_amount=lambda rows: rows["cart_amount"].where(rows.index > 0, -1))
    file, out = tmp_path / "orders.csv", tmp_path / "settings.csv"
    frame.to_csv(file, index=False)
    code, said, _ = run("sweep", file, "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", out, "--as-given")
    assert code == 1
    assert "1 order rejected" in said
    assert pd.read_csv(out)["orders"].tolist() == [9] * 4


def test_compare_says_both_sides_by_group_and_how_sure(run, orders, tmp_path):
    file, frame = orders
    candidate = tmp_path / "candidate.toml"
    text = ns.data_path("programs/gokwik-example-with-earning.toml").read_text(encoding="utf-8")
    candidate.write_text(text.replace("max_discount = 1000", "max_discount = 50"), encoding="utf-8")
    arguments = ["compare", file, "--baseline", EXAMPLE, "--candidate", candidate, "-a", BELIEVED]
    code, said, _ = run(*arguments, "--by", "cart_band", "--floor-percent", 10, "--resamples", 50)
    assert code == 0
    result = ns.compare(
        ns.load_program(EXAMPLE),
        ns.load_program(candidate),
        frame,
        assumptions=ns.load_assumptions(BELIEVED),
        resamples=50,
        floor_percent=10,
    )
    assert result.text() in said
    assert "5th percentile" in said
    assert "By cart_band" in said
    assert f"{result.candidate.orders_below_floor:,} proposed" in said


def test_what_cannot_be_used_is_one_message(run, orders, tmp_path):
    grid = tmp_path / "grid.toml"
    grid.write_text('"offers.0.max_discout" = [1]\n', encoding="utf-8")
    code, _, said = run("sweep", orders[0], "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", tmp_path / "o.csv")
    assert code == 2
    assert "did you mean max_discount?" in said


@pytest.mark.parametrize("command", ["sweep", "compare"])
def test_help_has_an_example(run, command):
    code, said, _ = run(command, "--help")
    assert code == 0
    assert "Example: nector-sim" in said


def test_percentages_below_one_are_asked_about_and_can_be_meant(run, orders, grid, tmp_path):
    arguments = ["sweep", orders[0], "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", tmp_path / "o.csv"]
    for option in ("--floor-percent", "--discount-rate-at-most"):
        code, _, said = run(*arguments, option, 0.5)
        assert code == 2
        assert "did you mean 50?" in said
    code, said, _ = run(*arguments, "--floor-percent", "0.5%")
    assert code == 0
    assert "orders_below_floor" in pd.read_csv(tmp_path / "o.csv")


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_worked_out(run, orders, grid, tmp_path):
    arguments = ["sweep", orders[0], "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out"]
    code, said, error = run(*arguments, tmp_path / "o.txt")
    assert (code, said) == (2, "")
    assert "ends in .txt" in error
    there = tmp_path / "there.csv"
    there.touch()
    code, _, error = run("sweep", tmp_path / "none.csv", *arguments[2:], there)
    assert code == 2
    assert "none.csv does not exist" in error
    code, _, error = run(*arguments, orders[0])
    assert code == 2
    assert "is also the input" in error


def test_lists_are_texts_in_the_table(run, orders, tmp_path):
    grid, out = tmp_path / "grid.toml", tmp_path / "o.csv"
    grid.write_text('offers.0.tiers = [["Gold", "Silver"], "none"]\n', encoding="utf-8")
    code, _, _ = run("sweep", orders[0], "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", out)
    assert code == 0
    assert pd.read_csv(out)["offers.0.tiers"].fillna("").tolist() == ["Gold, Silver", ""]


def test_compare_writes_the_report(run, orders, tmp_path):
    arguments = ["compare", orders[0], "--baseline", EXAMPLE, "--candidate", EXAMPLE, "-a", BELIEVED, "--as-given"]
    code, said, _ = run(*arguments, "--resamples", 0, "--report", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert code == 0
    assert f"written: {tmp_path / 'r.html'}" in said.replace("\n", "")
    assert page.index("In short") < page.index("Type this into Nector") < page.index("<h2>Why")
    code, _, wrong = run(*arguments, "--report", tmp_path / "r.doc")
    assert code == 2
    assert "ends in none of .html, .pdf, .xlsx" in wrong


def test_compare_shows_the_difference_and_an_uplift_that_is_assumed(run, orders):
    arguments = ["compare", orders[0], "--baseline", EXAMPLE, "--candidate", EXAMPLE, "-a", BELIEVED]
    code, said, _ = run(*arguments, "--resamples", 0, "--uplift-percent", 3)
    assert code == 0
    assert "difference" in said
    assert "cash view" in said
    assert "If it brought 3 % more orders, as assumed" in said
    assert "Both settings give these orders the same." in said
    code, _, said = run(*arguments, "--resamples", -1)
    assert code == 2
    assert "resamples is -1" in said


def test_orders_never_paid_and_a_replay_without_earning_are_told(run, grid, tmp_path):
    file, frame = tmp_path / "orders.csv", ns.demo_orders().iloc[:50]
    paid = frame["cart_amount"].where(frame.index > 2, 0)
    frame.assign(paid_amount=paid, points_balance=100).to_csv(file, index=False)
    arguments = ["sweep", file, "-p", WITHOUT_EARNING, "--grid", grid, "-a", BELIEVED, "--out", tmp_path / "o.csv"]
    _, said, _ = run(*arguments)
    assert "3 of them were never paid and are left out" in said
    assert "The program has no [earning]: a replay only runs the opening balances" in said
    sides = ["--baseline", WITHOUT_EARNING, "--candidate", WITHOUT_EARNING]
    _, said, _ = run("compare", file, *sides, "-a", BELIEVED, "--resamples", 0)
    assert "3 others were never paid and are left out" in said
    assert "The program has no [earning]" in said
    for command in (arguments, ["compare", file, *sides, "-a", BELIEVED]):
        code, _, error = run(*command, "--replayed")
        assert code == 2
        assert "--replayed is how it is done now; leave it out, or add --as-given" in error


def test_a_replay_needs_no_balances_and_drops_no_rows(run, grid, tmp_path):
    earning = ns.data_path("programs/gokwik-example-with-earning.toml")
    frame = ns.demo_orders().iloc[:200].drop(columns="points_balance")
    file, out = tmp_path / "orders.csv", tmp_path / "o.csv"
    frame.to_csv(file, index=False)
    sweep = ["sweep", file, "-p", earning, "--grid", grid, "-a", BELIEVED, "--out", out]
    compare = ["compare", file, "--baseline", earning, "--candidate", earning, "-a", BELIEVED]
    assert run(*sweep)[0] == 0
    table = ns.sweep(
        ns.load_program(earning),
        frame,
        grid={"offers.0.max_discount": [50, 200], "min_payable.amount": [0, 100]},
        assumptions=ns.load_assumptions(BELIEVED),
    )
    assert pd.read_csv(out)["discount"].tolist() == table["discount"].tolist()
    assert run(*compare, "--resamples", 0)[0] == 0
    frame.assign(cart_amount=frame["cart_amount"].where(frame.index > 0, -1)).to_csv(file, index=False)
    for command in (sweep, compare):
        code, _, said = run(*command)
        assert code == 2
        assert "a history without them would give other balances" in said


def test_no_orders_are_said_and_are_no_success(run, grid, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,ordered_at,cart_amount,points_balance\n", encoding="utf-8")
    swept = ("sweep", file, "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", tmp_path / "s.csv")
    compared = ("compare", file, "--baseline", EXAMPLE, "--candidate", EXAMPLE, "-a", BELIEVED)
    replayed = ("replay", file, "-p", EXAMPLE, "--out", tmp_path / "replayed")
    for command in (swept, compared, replayed):
        code, said, _ = run(*command)
        assert (code, "there are no orders" in said) == (1, True), command[0]
        assert "never pays" not in said


def test_a_table_that_is_none_of_refunds_is_refused_without_a_replay_too(run, grid, tmp_path):
    """Orders given as refunds refunded every order, in silence."""
    file = tmp_path / "orders.csv"
    text = "order_id,customer_id,ordered_at,cart_amount,points_balance\na,c,2026-01-05T10:00Z,500,300\n"
    file.write_text(text, encoding="utf-8")
    for command in (
        ("sweep", file, "-p", EXAMPLE, "--grid", grid, "--out", tmp_path / "s.csv"),
        ("compare", file, "--baseline", EXAMPLE, "--candidate", EXAMPLE),
    ):
        code, _, err = run(*command, "-a", BELIEVED, "--as-given", "--refunds", file)
        assert (code, "the refunds have no column refunded_at" in err) == (2, True), command[0]
    blank = tmp_path / "refunds.csv"
    blank.write_text("order_id,refunded_at\na,\n", encoding="utf-8")
    code, _, err = run(*command, "-a", BELIEVED, "--as-given", "--refunds", blank)
    assert (code, "refunds, row 1: refunded_at is missing" in err) == (2, True)


def test_orders_in_a_workbook_are_sent_to_check(run, grid, tmp_path):
    file = tmp_path / "orders.xlsx"
    file.write_bytes(b"")
    code, _, err = run("sweep", file, "-p", EXAMPLE, "--grid", grid, "-a", BELIEVED, "--out", tmp_path / "s.csv")
    assert code == 2
    assert f"nector-sim check {file} --out orders.parquet" in err
