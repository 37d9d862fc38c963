"""A program, assumptions and a grid may be given as themselves, as files, or as plain data: the same comes out."""

import inspect
import json
from pathlib import Path

import pandas as pd
import pytest

import nector_sim as ns

PROGRAM = Path(ns.data_path("programs/gokwik-example-with-earning.toml"))
BELIEVED = Path(ns.data_path("assumptions/example.toml"))
ORDERS = pd.DataFrame(
    {
        "order_id": [1, 2],
        "customer_id": ["a", "a"],
        "cart_amount": [500.0, 2500.0],
        "ordered_at": ["2026-03-01T10:00Z", "2026-03-02T10:00Z"],
    }
)
OPENING = pd.DataFrame({"customer_id": ["a"], "points": [450]})
PLAIN = {"gross_margin_percent": 60}


@pytest.mark.parametrize(
    "asked",
    [
        lambda told: ns.compare(PROGRAM, PROGRAM, ORDERS, opening=OPENING, assumptions=told, resamples=0).text(),
        lambda told: ns.sweep(
            PROGRAM, ORDERS, opening=OPENING, grid={"offers.0.max_discount": [200]}, assumptions=told
        ).to_json(),
        lambda told: ns.summarize(_scored(), assumptions=told, program=PROGRAM).text(),
        lambda told: ns.margins(_scored(), assumptions=told, program=PROGRAM).to_json(),
        lambda told: ns.orders_below_floor(_scored(), assumptions=told, floor_percent=99).to_json(),
        lambda told: str(ns.order_margin(told, cart_amount=100)),
    ],
    ids=["compare", "sweep", "summarize", "margins", "orders_below_floor", "order_margin"],
)
def test_assumptions_may_be_a_file_or_plain_data(asked, tmp_path):
    file = tmp_path / "believed.toml"
    file.write_text("gross_margin_percent = 60\n", encoding="utf-8")
    expected = asked(ns.Assumptions.parse(PLAIN))
    assert asked(PLAIN) == asked(file) == asked(str(file)) == expected
    with pytest.raises(ns.InputError, match="an Assumptions, a path or a dict of their fields, not int"):
        asked(60)


def _scored():
    return ns.score(PROGRAM, ORDERS.assign(points_balance=450))


def test_a_sweep_takes_what_load_grid_gives_and_the_file_itself(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('mode = "zip"\n"offers.0.max_discount" = [200, 300]\n"min_payable.amount" = [0, 100]\n', "utf-8")
    how = {"opening": OPENING, "assumptions": PLAIN}
    by_hand = ns.sweep(
        PROGRAM, ORDERS, grid={"offers.0.max_discount": [200, 300], "min_payable.amount": [0, 100]}, mode="zip", **how
    )
    assert len(by_hand) == 2
    for given in (file, str(file), ns.load_grid(file)):
        pd.testing.assert_frame_equal(ns.sweep(PROGRAM, ORDERS, grid=given, **how), by_hand)
    assert len(ns.sweep(PROGRAM, ORDERS, grid=file, mode="product", **how)) == 4


def test_comparing_a_program_with_itself_says_so():
    same = json.loads(ns.load_program(PROGRAM).model_dump_json(exclude_none=True))
    result = ns.compare(PROGRAM, same, ORDERS, opening=OPENING, assumptions=PLAIN, resamples=0)
    assert "The baseline and the candidate are the same program: nothing was changed." in result.text()
    other = ns.load_program(PROGRAM).replaced({"offers.0.max_discount": 900})
    result = ns.compare(PROGRAM, other, ORDERS, opening=OPENING, assumptions=PLAIN, resamples=0)
    assert result.text().startswith("Both settings give these orders the same.")
    assert "same program" not in result.text()


def test_every_public_function_takes_a_program_and_assumptions_as_file_or_plain_data():
    # Attributes of results are what they are; Simulated and Recommendation are made by functions.
    for name in set(ns.__all__) - {"Simulated", "Recommendation"}:
        thing = getattr(ns, name)
        parts = [one for one in vars(thing).values() if inspect.isfunction(one)] if inspect.isclass(thing) else [thing]
        public = (one for one in parts if inspect.isfunction(one) and not one.__name__.startswith("_"))
        for function in public:
            for parameter in inspect.signature(function).parameters.values():
                asked = str(parameter.annotation)
                assert not {"Program", "Assumptions"} & set(asked.replace("[", " ").replace("]", " ").split()), (
                    function,
                    parameter,
                )


@pytest.mark.parametrize(
    "asked",
    [
        lambda program, _: ns.export(program, to="sql"),
        lambda program, _: ns.point_value(program),
        lambda program, _: ns.liability(OPENING, program=program, at="2026-04-01", ultimate_percent=80).text(),
        lambda program, _: ns.opening_from(OPENING, ORDERS, program, at="2026-04-01").to_json(),
        lambda program, _: ns.replay(program, ORDERS, opening=OPENING).text(),
        lambda program, _: ns.replay(None, ORDERS, opening=OPENING, programs=[program]).text(),
        lambda program, _: ns.replay_sweep([program], ORDERS, opening=OPENING).to_json(),
        lambda program, _: ns.simulate(
            ns.Shop(customers_per_month=5, months=2, established_months=0), program
        ).balances.to_json(),
        lambda program, folder: ns.score_files(program, folder / "orders.csv", out=folder / "scored.csv").text(),
        lambda program, folder: ns.replay_files(program, folder / "orders.csv", out=folder / "replayed").text(),
    ],
)
def test_a_program_may_be_a_file_or_plain_data(asked, tmp_path):
    found = []
    whole = ns.load_program(PROGRAM)
    for number, given in enumerate((whole, PROGRAM, json.loads(whole.model_dump_json(exclude_none=True)))):
        folder = tmp_path / str(number)
        folder.mkdir()
        ORDERS.assign(points_balance=450).to_csv(folder / "orders.csv", index=False)
        found.append(asked(given, folder))
    assert found[0] == found[1] == found[2]
