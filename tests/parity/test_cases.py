"""The worked cases hold on every calculator, and any language can read them."""

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from parity_pairs import columns_of

import nector_sim as ns
from nector_sim.calculator.compiled import COMPILED, PLAIN, answer
from nector_sim.calculator.exact import Law
from nector_sim.calculator.parameters import compile_program
from nector_sim.calculator.quote import in_major_units
from nector_sim.calculator.reasons import REASONS
from nector_sim.errors import InputError
from nector_sim.parity.cases import case_schema, read_cases

FOLDER = Path(ns.data_path("parity"))
FILES = sorted(path for path in FOLDER.glob("*.toml") if not path.name.startswith("ledger-"))
ALL = {f"{path.stem}: {case.name}": case for path in FILES for case in read_cases(path)}
CASES = [pytest.param(case, id=name) for name, case in ALL.items()]


def test_there_is_a_file_for_each_origin():
    assert [path.name for path in FILES] == ["nector-help.toml", "published.toml", "rules-derived.toml"]


@pytest.mark.parametrize("case", CASES)
def test_exact(case):
    answer_ = Law(case.program).answer(case.in_minor_units())
    assert case.differences(in_major_units(case.program, answer_)) == []


@pytest.mark.parametrize("case", CASES)
def test_quote(case):
    assert case.differences(ns.quote(case.program, **case.order)) == []


@pytest.mark.parametrize("loops", [COMPILED, PLAIN], ids=["compiled", "plain"])
@pytest.mark.parametrize("case", CASES)
def test_compiled(case, loops):
    columns = columns_of(case.program, [case.in_minor_units()])
    results = answer(compile_program(case.program), columns, loops=loops)
    position = int(results.offer[0])
    scale = Decimal(1).scaleb(-case.program.decimals)
    quote = ns.Quote(
        offer=case.program.offer_name(position) if position >= 0 else "",
        points_redeemed=int(results.points[0]),
        discount=int(results.discount[0]) * scale,
        payable=int(results.payable[0]) * scale,
        credits_used=(0 if results.credits_used is None else int(results.credits_used[0])) * scale,
        limited_by=REASONS[results.limited_by[0]],
    )
    assert case.differences(quote) == []


@pytest.mark.parametrize("case", CASES)
def test_score(case):
    columns = {"ordered_at": [None], **{name: [value] for name, value in case.order.items()}}
    row = ns.score(case.program, pd.DataFrame(columns)).iloc[0]
    for field, value in case.expect.items():
        given = row[field]
        assert (given == value) if field in ("offer", "limited_by") else (Decimal(str(given)) == Decimal(str(value))), (
            field
        )


def test_the_published_cases_are_all_there():
    names = {case.name for case in read_cases(FOLDER / "published.toml")}
    assert len(names) == 9
    assert {case.source.partition(",")[0] for case in read_cases(FOLDER / "published.toml")} == {
        "Setono sylius-loyalty-plugin",
        "ERPNext",
        "Odoo sale_loyalty",
        "Solidus",
        "Open Loyalty 3",
        "Shopflo help",
        "Nector help",
    }


def test_names_are_unique():
    assert len(ALL) == sum(len(read_cases(path)) for path in FILES)


def test_every_limit_is_the_reason_of_some_case():
    assert {case.expect["limited_by"] for case in ALL.values()} == set(REASONS)


def test_the_schema_is_that_of_the_models():
    # After a change of the models, write it anew: json.dumps(case_schema(), indent=2, ensure_ascii=False) + newline.
    assert json.loads((FOLDER / "case.schema.json").read_text(encoding="utf-8")) == case_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_schema_describes_the_files(path):
    jsonschema.Draft202012Validator.check_schema(case_schema())
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    # Nothing but what JSON has: no dates, and no binary floats.
    assert json.loads(json.dumps(data)) == data
    jsonschema.Draft202012Validator(case_schema()).validate(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [("order", {"cart_amount": "1"}), ("expect", {"points": 1}), ("program", {"offers": [{"kind": "gift"}]})],
)
def test_the_schema_refuses_what_is_not_a_case(field, value):
    case = tomllib.loads((FOLDER / "published.toml").read_text(encoding="utf-8"))["case"][0]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(case_schema()).validate({"case": [{**case, field: value}]})


def test_the_example_of_the_readme_runs():
    code = re.search(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL).group(1)
    asked = []

    def your_calculator(program, order):
        asked.append(order)
        quote = ns.quote(ns.Program.parse(program), **order)
        return quote.points_redeemed, quote.discount

    exec(
        code.replace('"rules-derived.toml"', repr(str(FOLDER / "rules-derived.toml"))),
        {"your_calculator": your_calculator},
    )
    assert len(asked) > 90


def test_a_file_with_cases_that_cannot_be_used_names_them_all(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[case]]\nname = "one"\nsource = "me"\nprogram = { offers = [] }\n'
        'order = { cart_amount = "1" }\nexpect = { points = 1 }\n'
        '[[case]]\nname = "two"\nsource = "me"\nprogram = { offers = [] }\n'
        'order = { cart_amount = "-1", points_balance = 0 }\nexpect = { payable = 1 }\n',
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        read_cases(path)
    assert [problem.place for problem in caught.value.problems] == ["case 0 (one)", "case 1 (two)"]
    assert "points" in caught.value.problems[0].what
    assert "negative" in caught.value.problems[1].what
