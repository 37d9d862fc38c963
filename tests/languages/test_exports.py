"""Every printed form gives what the exact law gives, order by order, and a wrong one is noticed.

Spark takes most of a minute to start, so ``make languages-long`` runs it.
"""

import pytest
from runners import LANGUAGES, MUTANTS, SHEET, batches, differences

#: Orders of each program: DuckDB plans each program anew.
ORDERS = {"duckdb": 500}
HERE = {name: language for name, language in LANGUAGES.items() if not language.missing and name != "spark"}


@pytest.mark.parametrize("name", HERE)
def test_20_000_pairs(name):
    assert differences(HERE[name], batches(20_000, seed=22, orders_per_program=ORDERS.get(name, 100)))[:1] == []


@pytest.mark.parametrize("name", HERE)
def test_a_mutant_is_noticed(name):
    made = batches(2000, seed=5, orders_per_program=200)
    assert differences(HERE[name], made, change=lambda text: text.replace(*MUTANTS[name])) != []


if not SHEET.missing:

    def test_a_workbook_in_libreoffice():
        made = SHEET.batches(3, seed=22, orders=60)
        right, wrong = SHEET.all_differences(made, [lambda formulas: formulas, SHEET.mutant])
        assert right[:1] == []
        assert wrong != []
