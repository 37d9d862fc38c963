"""Every printed form gives what the exact law gives, order by order, and a wrong one is noticed."""

import pytest
from runners import LANGUAGES, SHEET, batches, differences

#: Pairs of a program and an order, and orders of each program: databases plan each program anew.
PAIRS = {"spark": (20_000, 5000), "duckdb": (20_000, 500)}
HERE = {name: language for name, language in LANGUAGES.items() if not language.missing}
#: One small mistake in each printed form.
MUTANTS = {
    "python": ("min(balance,", "max(balance,"),
    "javascript": ('? "requested"', '? "balance"'),
    "duckdb": (">= ", "> "),
    "sqlite": ("THEN 'requested'", "THEN 'balance'"),
    "postgres": ("GREATEST(", "LEAST("),
    "spark": ("<= ", "< "),
}


@pytest.mark.parametrize("name", HERE)
def test_20_000_pairs(name):
    pairs, orders = PAIRS.get(name, (20_000, 100))
    assert differences(HERE[name], batches(pairs, seed=22, orders_per_program=orders))[:1] == []


@pytest.mark.parametrize("name", HERE)
def test_a_mutant_is_noticed(name):
    was, becomes = MUTANTS[name]
    made = batches(2000, seed=5, orders_per_program=2000 if name == "spark" else 200)
    assert differences(HERE[name], made, change=lambda text: text.replace(was, becomes)) != []


if not SHEET.missing:

    def test_a_workbook_in_libreoffice():
        made = SHEET.batches(3, seed=22, orders=60)
        assert SHEET.differences(made)[:1] == []
        assert SHEET.differences(made, change=lambda formulas: formulas.replace("&lt;=", "&lt;")) != []
