"""Results beside a shop's own columns of their names, and rows that cannot be used in the middle of a batch."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import nector_sim as ns
from nector_sim.errors import InputError, OrdersError

PROGRAM = ns.Program.parse(
    {
        "offers": [{"kind": "variable_amount", "points_per_step": 1, "discount_per_step": 1}],
        "earning": {"points_per_unit": "0.1"},
    }
)
HALF = ns.Assumptions(gross_margin_percent=50)
#: The shop's own discount is its sale price.
ORDERS = pd.DataFrame({"cart_amount": [1000.0, 500.0], "points_balance": [100, 40], "discount": [7.0, 8.0]})
DATED = ORDERS.assign(order_id=["a", "b"], customer_id=["c", "d"], ordered_at="2026-11-02T10:00Z")
NAMED = {"prefix": "points_", "suffix": "_new"}


def test_a_result_never_replaces_a_column_of_the_shop():
    for function in (ns.score, ns.replay):
        with pytest.raises(InputError, match="a column discount, which a result would replace; name the results"):
            function(PROGRAM, DATED)
        with pytest.raises(InputError, match="a column points_discount_new, which"):
            function(PROGRAM, DATED.rename(columns={"discount": "points_discount_new"}), **NAMED)


def test_results_go_under_other_names_and_the_shops_own_stays():
    scored = ns.score(PROGRAM, ORDERS, **NAMED)
    assert scored["points_discount_new"].tolist() == [100, 40]
    assert scored["discount"].tolist() == [7, 8]
    results = ("offer", "points_redeemed", "discount", "payable", "limited_by")
    assert scored.columns.tolist()[3:] == [f"points_{name}_new" for name in results]
    batch = ns.score_batch(PROGRAM, pa.RecordBatch.from_pandas(ORDERS), **NAMED)
    assert batch["points_discount_new"].to_pylist() == [100, 40]


def test_a_replay_names_its_own_balance_too():
    replayed = ns.replay(PROGRAM, DATED, opening=pd.DataFrame({"customer_id": ["c"], "points": [60]}), **NAMED).orders
    assert replayed["points_balance"].tolist() == [100, 40]
    assert replayed["points_points_balance_new"].tolist() == [60, 0]
    assert replayed["points_discount_new"].tolist() == [60, 0]


def test_files_name_them_too(tmp_path):
    ORDERS.to_csv(tmp_path / "orders.csv", index=False)
    ns.score_files(PROGRAM, tmp_path / "orders.csv", out=tmp_path / "scored.csv", **NAMED)
    scored = pd.read_csv(tmp_path / "scored.csv")
    assert scored[["discount", "points_discount_new"]].to_numpy().tolist() == [[7, 100], [8, 40]]
    DATED.to_csv(tmp_path / "dated.csv", index=False)
    ns.replay_files(PROGRAM, tmp_path / "dated.csv", out=tmp_path / "replayed", **NAMED)
    replayed = pq.read_table(tmp_path / "replayed" / "orders.parquet")
    assert replayed["points_points_earned_new"].to_pylist() == [100, 50]
    assert str(replayed.schema.field("points_discount_new").type) == "decimal128(18, 2)"


def test_margins_take_the_results_that_are_named_and_never_the_shops_own():
    scored = ns.score(PROGRAM, ORDERS, **NAMED)
    # 1000 - 100 - 500 and 500 - 40 - 250; the sale price would have given 493 and 242.
    assert ns.margins(scored, assumptions=HALF, **NAMED)["margin"].tolist() == [400, 210]
    assert ns.summarize(scored, assumptions=HALF, **NAMED).discount == 140
    below = ns.orders_below_floor(scored, assumptions=HALF, floor_percent=45, **NAMED)
    assert below["discount"].tolist() == [7]
    for function in (ns.margins, ns.summarize, lambda *a, **k: ns.orders_below_floor(*a, floor_percent=45, **k)):
        with pytest.raises(InputError, match="have other names; name them: prefix='points_', suffix='_new'"):
            function(scored, assumptions=HALF)
        with pytest.raises(InputError, match="no column new_discount; check prefix"):
            function(scored, assumptions=HALF, prefix="new_")


BATCH = pa.RecordBatch.from_pydict(
    {"cart_amount": ["749.95", "500.00", "oops"], "points_balance": pa.array([5000, None, 10], pa.int64())}
)


def test_a_bad_row_raises_unless_the_caller_says_otherwise():
    with pytest.raises(OrdersError, match="2 of 3 rows cannot be used"):
        ns.score_batch(PROGRAM, BATCH)
    with pytest.raises(InputError, match="on_error is 'ignore'; it is 'raise', 'null' or 'column'"):
        ns.score_batch(PROGRAM, BATCH, on_error="ignore")


def test_a_bad_row_comes_back_without_results():
    scored = ns.score_batch(PROGRAM, BATCH, on_error="null")
    assert scored["points_redeemed"].to_pylist() == [749, None, None]
    assert [scored[name].null_count for name in ("offer", "discount", "payable", "limited_by")] == [2] * 4
    assert scored["cart_amount"].to_pylist() == ["749.95", "500.00", "oops"]
    assert "error" not in scored.schema.names


def test_or_with_the_reason_in_a_column_of_its_own():
    scored = ns.score_batch(PROGRAM, BATCH, on_error="column", suffix="_new")
    assert scored["error_new"].to_pylist() == [
        None,
        "points_balance is missing; fill it in",
        "cart_amount is not a number; write it with digits and a point, such as 749.95",
    ]
    with pytest.raises(InputError, match="already have a column error,"):
        ns.score_batch(PROGRAM, BATCH.rename_columns(["cart_amount", "error"]), on_error="column")


@pytest.mark.parametrize("on_error", ["null", "column"])
def test_the_schema_does_not_depend_on_the_rows(on_error):
    whole, good, bad, none = (
        ns.score_batch(PROGRAM, batch, on_error=on_error)
        for batch in (BATCH, BATCH.slice(0, 1), BATCH.slice(1), BATCH.slice(0, 0))
    )
    assert whole.schema.equals(good.schema)
    assert whole.schema.equals(bad.schema)
    assert whole.schema.equals(none.schema)
    assert bad["discount"].null_count == 2
