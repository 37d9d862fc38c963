"""Exported forms against the exact law: ``python -m tests.campaigns.languages_long [PAIRS] [SEED] [LANGUAGE ...]``.

A million random pairs of a program and an order for each language on this machine, Spark included; a fiftieth of them
for the workbook, and the orders of a report's
workbook. Prints the pairs, the seconds and the differences, and on how many orders one small mistake in the
printed text is noticed; exit code 1 if an answer differs or a mistake is not noticed. Without a seed, one is drawn and
printed.
"""

import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "languages"))

from runners import LANGUAGES, MUTANTS, SHEET, batches, differences, missing

import nector_sim as ns
from nector_sim.report.workbook import LIVE

#: Pairs of one process of a language.
TASK = 50_000
#: Orders of each program: a plan in Spark takes a second or two.
ORDERS = {"spark": 5000}
#: Rows of one workbook, and workbooks that LibreOffice opens at once.
ROWS, BOOKS = 500, 10


def in_language(name, pairs, seed):
    """Compare a language; the pairs, the orders that differ, and those on which a mistake is noticed."""
    language, per_program = LANGUAGES[name], ORDERS.get(name, 250)
    wrong = []
    for number, start in enumerate(range(0, pairs, TASK)):
        made = batches(min(TASK, pairs - start), seed=seed * 1000 + number, orders_per_program=per_program)
        wrong += differences(language, made)
    made = batches(2000, seed=5, orders_per_program=200)
    return pairs, wrong, differences(language, made, lambda text: text.replace(*MUTANTS[name]))


def in_workbooks(pairs, seed):
    """Compare the workbook, as :func:`in_language`; orders that a sheet cannot hold are left out and not counted."""
    rows, wrong, noticed = 0, [], []
    for number, start in enumerate(range(0, pairs, ROWS * BOOKS)):
        books = max(1, min(BOOKS, (pairs - start) // ROWS))
        made = SHEET.batches(books, seed=seed * 1000 + number, orders=ROWS)
        rows += sum(len(batch.orders) for batch in made)
        wrong += SHEET.differences(made)
        if not noticed:
            [noticed] = SHEET.all_differences(made, [SHEET.mutant])
    return rows, wrong, noticed


def in_reports():
    """Orders typed into a report's workbook, in LibreOffice and by `quote`: how many, and those that differ."""
    orders = ns.demo_orders().head(500)
    believed = ns.load_assumptions(ns.data_path("assumptions/example.toml"))
    today = ns.load_program(ns.data_path("programs/gokwik-example-with-earning.toml"))
    programs = [today, today.replaced({"min_payable": {"kind": "percent", "percent": "12.5"}})]
    programs += [today.replaced({"offers.0.points_per_step": 7, "offers.0.discount_per_step": "2.5"})]
    found = [ns.compare(today, one, orders, assumptions=believed, resamples=0) for one in programs]
    books = SHEET.computed([ns.make_report(one).as_file(".xlsx") for one in found])
    asked, wrong = 0, []
    for program, book in zip(programs, books, strict=True):
        heads, *rows = book[LIVE[0]].iter_rows(values_only=True)
        for row in (dict(zip(heads, cells, strict=True)) for cells in rows):
            if row["Cart"] is None:
                continue
            asked += 1
            told = ns.quote(program, cart_amount=row["Cart"], points_balance=row["Balance"])
            ours = told.points_redeemed, float(told.discount), float(told.payable)
            theirs = row["Points"], row["Discount"], row["Payable"]
            wrong += [] if ours == theirs else [(program.name, row, ours)]
    return asked, wrong


def main(pairs=1_000_000, seed=None, *names):
    """Try each language, and print what came of it."""
    seed = secrets.randbelow(2**32) if seed is None else seed
    print(f"{pairs:,} pairs a language from seed {seed}; not on this machine: {', '.join(missing()) or 'nothing'}")
    here = [name for name, language in LANGUAGES.items() if not language.missing]
    failed = False
    for name in [*here, *([] if SHEET.missing else ["xlsx"])]:
        if names and name not in names:
            continue
        start = time.perf_counter()
        done, wrong, noticed = in_workbooks(pairs // 50, seed) if name == "xlsx" else in_language(name, pairs, seed)
        for words in wrong[:3]:
            print(*words, flush=True)
        took = time.perf_counter() - start
        print(f"{name}: {done:,} pairs, {took:,.0f} s, {len(wrong)} differ; a mistake: {len(noticed)}", flush=True)
        failed |= bool(wrong) or not noticed
    if not SHEET.missing and not names:
        asked, wrong = in_reports()
        print(f"orders typed into a report's workbook: {asked}, {len(wrong)} differ", *wrong)
        failed |= bool(wrong) or not asked
    return 1 if failed else 0


if __name__ == "__main__":
    numbers = [int(argument.replace("_", "")) for argument in sys.argv[1:3]]
    sys.exit(main(*numbers, *sys.argv[3:]))
