"""How fast a shop's export is read: ``python -m tests.bench.readers [LINES]``.

Writes a Shopify export of so many lines (500,000), checks that what is read of it is what was written, and compares, in
one run and by turns, with ``polars.read_csv`` of the same file as text. Memory is the most that a process of its own
took while reading, less what it had before, on systems that tell (not Windows).
"""

from __future__ import annotations

import csv
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl

import nector_sim as ns
from tests.orders.exports import SHOPIFY

RUNS = 7
MOST_TIMES, MOST_SIZES = 3, 10

_MEMORY = """
import resource, sys
import polars, pyarrow.csv
import nector_sim as ns
ns.read_orders({small!r}, key_file={key!r})
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
ns.read_orders({path!r}, key_file={key!r})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before)
"""


def write_export(path: Path, lines: int) -> tuple[int, Decimal]:
    """Write an export; give how many of its orders count, and the sum of their cart amounts."""
    draw = random.Random(1)
    place = {"Street": "12, MG Road, Flat 4", "City": "Bengaluru", "Zip": "'560001", "Province": "KA", "Country": "IN"}
    orders, money, written, number = 0, Decimal(0), 0, 1000
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, SHOPIFY, restval="")
        writer.writeheader()
        while written < lines:
            number += 1
            person = draw.randrange(lines // 8 + 1)
            items = Decimal(draw.randrange(10_000, 300_000)) / 100
            counts = draw.random() < 0.9
            at = f"2025-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02} {draw.randrange(24):02}:15:00 +0530"
            line = {
                "Name": f"#{number}",
                "Email": f"person{person}@example.com",
                "Created at": at,
                "Lineitem quantity": "1",
                "Lineitem name": "Cotton Kurta - Blue / M",
                "Lineitem price": "749.95",
                "Lineitem sku": "KU-12",
                "Lineitem requires shipping": "true",
                "Lineitem taxable": "true",
                "Lineitem fulfillment status": "fulfilled",
                "Vendor": "Shop",
                "Lineitem discount": "0.00",
            }
            address = {f"{kind} {name}": text for kind in ("Billing", "Shipping") for name, text in place.items()}
            own = {
                "Financial Status": "paid" if counts else "pending",
                "Paid at": at,
                "Fulfillment Status": "fulfilled",
                "Fulfilled at": at,
                "Accepts Marketing": "yes",
                "Currency": "INR",
                "Subtotal": items,
                "Shipping": "50.00",
                "Taxes": "10.00",
                "Total": items + 50,
                "Discount Amount": "0.00",
                "Shipping Method": "Standard",
                "Payment Method": "GoKwik UPI",
                "Refunded Amount": "0.00",
                "Outstanding Balance": "0.00",
                "Id": 5_550_000_000_000 + number,
                "Source": "web",
                "Notes": "leave it\nat the door" if number % 7 == 0 else "",
                "Phone": f"'+91 {9_000_000_000 + person * 13}",
            }
            writer.writerow(line | address | own)
            more = min(draw.choice((0, 0, 1, 2)), lines - written - 1)
            for _ in range(more):
                writer.writerow(line)
            written += 1 + more
            orders, money = orders + counts, money + items * counts
    return orders, money


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory(path: Path, small: Path, key: Path) -> int | None:
    """Bytes that reading takes beside what a warm process has."""
    if sys.platform == "win32":
        return None
    code = _MEMORY.format(path=str(path), small=str(small), key=str(key))
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def run(lines: int = 500_000) -> int:
    """Measure, print, and give 1 where the bounds are not kept."""
    with tempfile.TemporaryDirectory() as folder:
        path, small, key = (Path(folder) / name for name in ("orders.csv", "small.csv", "key"))
        write_export(small, 1000)
        orders, money = write_export(path, lines)
        # First, as a process begins with the most memory that the one which started it ever had.
        size, taken = path.stat().st_size, memory(path, small, key)
        report = ns.inspect_orders(path, key_file=key)
        assert (len(report.orders), report.money["cart_amount"]) == (orders, money)
        assert report.rows["in_file"] == lines
        del report
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(timed(lambda: pl.read_csv(path, infer_schema=False)))
            ours.append(timed(lambda: ns.read_orders(path, key_file=key)))
        times = statistics.median(ours) / statistics.median(theirs)
        print(f"Shopify export of {lines:,} lines, {size / 1e6:.0f} MB, {orders:,} orders that count")
        seconds = statistics.median(ours)
        print(f"  read_orders     {seconds:.2f} s, {times:.2f} x polars.read_csv as text (at most {MOST_TIMES})")
        sizes = 0.0 if taken is None else taken / size
        told = "not measured here" if taken is None else f"{taken / 1e6:.0f} MB, {sizes:.1f} x the file"
        print(f"  memory          {told} (under {MOST_SIZES})")
    return int(times > MOST_TIMES or sizes >= MOST_SIZES)


if __name__ == "__main__":
    sys.exit(run(*(int(argument) for argument in sys.argv[1:])))
