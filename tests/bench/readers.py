"""How fast shops' exports are read: ``python -m tests.bench.readers [LINES]``.

Writes exports of so many lines (500,000) in three layouts, and the first one also as a folder of 100 files; checks that
what is read of them is what was written, and compares, in one run and by turns, with ``polars.read_csv`` of the same
files as text. Memory is the most that a process of its own took while reading, less what it had before, on systems that
tell (not Windows).
"""

from __future__ import annotations

import csv
import itertools
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

FOLDER = Path(__file__).parents[1] / "orders" / "samples"

RUNS = 3
#: Against Polars: Shopify's export as one file; as a folder, and the other layouts; memory against the file's size.
MOST_TIMES, MOST_TIMES_OTHERS, MOST_SIZES = 3, 6, 10
FILES = 100

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


def write_unicommerce(path: Path, lines: int) -> tuple[int, Decimal]:
    """Write Unicommerce sale orders, a row a unit; give how many orders count, and the sum of their cart amounts."""
    names = (FOLDER / "unicommerce.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    filler = {f"Address {at}": "12, MG Road, Flat 4, Bengaluru 560001" for at in range(12)}
    return _write_rows(path, lines, [*names, *filler], _unicommerce, filler, ",")


def _unicommerce(order: int, item: int, price: Decimal, counts: bool) -> dict[str, object]:
    return {
        "Sale Order Item Code": f"{order}-{item}",
        "Display Order Code": f"SO{order}",
        "Sale Order Code": f"SO{order}",
        "Order Date as dd/mm/yyyy hh:MM:SS": f"{order % 28 + 1:02}/{order % 12 + 1:02}/2025 10:15:00",
        "Created": f"{order % 28 + 1:02}/{order % 12 + 1:02}/2025 10:15:00",
        "Selling Price": price,
        "Currency": "INR",
        "Sale Order Item Status": "DELIVERED" if counts else "CANCELLED",
        "Sale Order Status": "COMPLETE" if counts else "CANCELLED",
        "COD": order % 2,
        "Notification Mobile": 9_000_000_000 + order % 60_000,
        "Item SKU Code": "KU-12",
    }


def write_amazon(path: Path, lines: int) -> tuple[int, Decimal]:
    """Write an All Orders report of Amazon, tabs between the columns; as :func:`write_unicommerce`."""
    names = (FOLDER / "amazon.csv").read_text(encoding="utf-8").splitlines()[0].split("\t")
    nought = "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax", "ship-promotion-discount"
    filler = dict.fromkeys(nought, "0.0") | {
        "last-updated-date": "2025-06-01T10:15:00+05:30", "fulfillment-channel": "Merchant",
        "sales-channel": "Amazon.in", "ship-service-level": "Standard", "asin": "B07DYMLPVL",
        "product-name": "Cotton Kurta, Blue, M, of a Shop", "item-status": "Shipped",
        "ship-city": "Bengaluru", "ship-state": "KARNATAKA",
        "ship-postal-code": "560001", "ship-country": "IN", "is-business-order": "false",
        "promotion-ids": "IN Core Free Shipping 2015/04/08 23-48-5-108",
    }  # fmt: skip
    return _write_rows(path, lines, list(dict.fromkeys([*names, *filler])), _amazon, filler, "\t")


def _amazon(order: int, item: int, price: Decimal, counts: bool) -> dict[str, object]:
    return {
        "amazon-order-id": f"402-{order:07}",
        "purchase-date": f"2025-{order % 12 + 1:02}-{order % 28 + 1:02}T10:15:00+05:30",
        "order-status": "Shipped" if counts else "Cancelled",
        "currency": "INR",
        "item-price": price,
        "quantity": 1,
        "sku": f"KU-{item}",
    }


def _write_rows(
    path: Path,
    lines: int,
    names: list[str],
    row: Callable[[int, int, Decimal, bool], dict[str, object]],
    filler: dict[str, str],
    separator: str,
) -> tuple[int, Decimal]:
    """Orders of one to three rows, all with the order's fields."""
    draw = random.Random(1)
    orders, money, written, number = 0, Decimal(0), 0, 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", delimiter=separator, extrasaction="ignore")
        writer.writeheader()
        while written < lines:
            number += 1
            counts, prices = draw.random() < 0.9, [Decimal(draw.randrange(10_000, 90_000)) / 100 for _ in range(3)]
            prices = prices[: min(draw.choice((1, 1, 2, 3)), lines - written)]
            writer.writerows(filler | row(number, at, price, counts) for at, price in enumerate(prices))
            written += len(prices)
            orders, money = orders + counts, money + sum(prices, Decimal(0)) * counts
    return orders, money


def split(path: Path, folder: Path) -> None:
    """An export as a folder of :data:`FILES` files, cut between orders."""
    table = pl.read_csv(path, infer_schema=False)
    firsts = (table["Currency"].is_not_null()).arg_true().to_list()
    cuts = [firsts[at * len(firsts) // FILES] for at in range(FILES)] + [table.height]
    folder.mkdir()
    for at, (start, end) in enumerate(itertools.pairwise(cuts)):
        table.slice(start, end - start).write_csv(folder / f"orders_{at:03}.csv")


def measure(what: str, path: Path, key: Path, wrote: tuple[int, Decimal], lines: int, most: float) -> bool:
    """Check one export, time it against Polars, print; whether it keeps the bound."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    separator = "\t" if path.suffix == ".txt" else ","
    report = ns.inspect_orders(path, key_file=key)
    assert (len(report.orders), report.money["cart_amount"]) == wrote
    assert report.rows["in_file"] == lines
    del report
    ours, theirs = [], []
    for _ in range(RUNS):
        theirs.append(timed(lambda: [pl.read_csv(file, infer_schema=False, separator=separator) for file in files]))
        ours.append(timed(lambda: ns.read_orders(path, key_file=key)))
    times = statistics.median(ours) / statistics.median(theirs)
    size = sum(file.stat().st_size for file in files)
    print(
        f"{what:34} {size / 1e6:4.0f} MB, {wrote[0]:,} orders that count: {statistics.median(ours):.2f} s, "
        f"{times:.2f} x polars.read_csv as text (at most {most})"
    )
    return times <= most


def run(lines: int = 500_000) -> int:
    """Measure, print, and give 1 where the bounds are not kept."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, small, key = (folder / name for name in ("orders.csv", "small.csv", "key"))
        write_export(small, 1000)
        wrote = write_export(path, lines)
        # First, as a process begins with the most memory that the one which started it ever had.
        size, taken = path.stat().st_size, memory(path, small, key)
        print(f"exports of {lines:,} lines, by turns, medians of {RUNS}")
        kept = [measure("Shopify", path, key, wrote, lines, MOST_TIMES)]
        split(path, folder / "parts")
        kept.append(
            measure(f"Shopify, a folder of {FILES} files", folder / "parts", key, wrote, lines, MOST_TIMES_OTHERS)
        )
        for what, write, at in (
            ("Unicommerce", write_unicommerce, folder / "unicommerce.csv"),
            ("Amazon", write_amazon, folder / "amazon.txt"),
        ):
            kept.append(measure(what, at, key, write(at, lines), lines, MOST_TIMES_OTHERS))
        sizes = 0.0 if taken is None else taken / size
        told = "not measured here" if taken is None else f"{taken / 1e6:.0f} MB, {sizes:.1f} x the file"
        print(f"memory, Shopify: {told} (under {MOST_SIZES})")
    return int(not all(kept) or sizes >= MOST_SIZES)


if __name__ == "__main__":
    sys.exit(run(*(int(argument) for argument in sys.argv[1:])))
