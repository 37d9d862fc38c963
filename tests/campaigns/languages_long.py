"""Exported forms against the exact law: ``python -m tests.campaigns.languages_long [PAIRS] [SEED] [LANGUAGE ...]``.

A million random pairs of a program and an order for each language on this machine, and a fiftieth of them for the
workbook; prints the pairs, the seconds and the differences; exit code 1 if there is any. Without a seed, one is drawn
and printed.
"""

import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "languages"))

#: Pairs of one process of a language.
TASK = 50_000


def main(pairs=1_000_000, seed=None, *names):
    """Try each language, and print what came of it."""
    from runners import LANGUAGES, SHEET, batches, differences, missing

    seed = secrets.randbelow(2**32) if seed is None else seed
    print(f"{pairs:,} pairs a language from seed {seed}; not on this machine: {', '.join(missing()) or 'nothing'}")
    found = 0
    for name, language in LANGUAGES.items():
        if language.missing or (names and name not in names):
            continue
        start, differ = time.perf_counter(), 0
        for number, size in enumerate([TASK] * (pairs // TASK) + [pairs % TASK] * (pairs % TASK > 0)):
            made = batches(size, seed=seed * 1000 + number, orders_per_program=5000 if name == "spark" else 250)
            wrong = differences(language, made)
            differ += len(wrong)
            for words in wrong[:3]:
                print(*words, flush=True)
        print(f"{name}: {pairs:,} pairs, {time.perf_counter() - start:,.0f} s, {differ} differ", flush=True)
        found += differ
    if not SHEET.missing and (not names or "xlsx" in names):
        start = time.perf_counter()
        wrong = SHEET.differences(SHEET.batches(max(1, pairs // 50 // 500), seed=seed, orders=500))
        print(
            f"xlsx: {pairs // 50:,} pairs at most, {time.perf_counter() - start:,.0f} s, {len(wrong)} differ",
            flush=True,
        )
        found += len(wrong)
    return 1 if found else 0


if __name__ == "__main__":
    numbers = [int(argument.replace("_", "")) for argument in sys.argv[1:3]]
    sys.exit(main(*numbers, *sys.argv[3:]))
