"""Random bytes at the door of order files: ``python -m tests.campaigns.fuzz_readers [SECONDS [CONTAINER]]``.

First one line of 1 GB, which must be refused in bounded memory; then atheris, which follows the code's branches: ten
minutes, or SECONDS, of CSV, and a fifth of that of each other container. Inside a container the random bytes are what
it holds, or the container itself, damaged. An input counts as a failure where reading it ends in anything but a report
whose accounts add up or a message, takes ten seconds, or 4 GB. Needs the extra ``long``.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris
import openpyxl

# All but what numba compiles, which would compile the instruments too.
with atheris.instrument_imports(include=["nector_sim.frames", "nector_sim.orders"], exclude=["nector_sim.frames.text"]):
    import nector_sim as ns
    from nector_sim.orders import read  # noqa: F401 - so that it is instrumented before the first call

from tests.orders.exports import ADVANCED, EXPORT, SUITE, accounts_hold, write

#: How much more than its modules a process may hold while it refuses a line of 1 GB.
MOST_MEMORY = 400 << 20

_ONE_LINE = """
import resource, sys
import polars, pyarrow.csv
import nector_sim as ns
from nector_sim.orders import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    ns.inspect_orders(sys.argv[1])
except ns.InputError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


def one_long_line(folder: Path) -> None:
    """A CSV with one row of 1 GB, quoted and not, and as its header."""
    for start in (b'order_id,cart_amount\n1,"', b"order_id,cart_amount\n1,", b"order_id,"):
        path = folder / "line.csv"
        with path.open("wb") as file:
            file.write(start)
            for _ in range(1024):
                file.write(b"x" * (1 << 20))
        done = subprocess.run([sys.executable, "-c", _ONE_LINE, str(path)], capture_output=True, text=True, check=True)
        kilobytes, _, message = done.stdout.partition(" ")
        taken = int(kilobytes) * (1 if sys.platform == "darwin" else 1024)
        print(f"a line of 1 GB after {start!r}: {taken / 1e6:.0f} MB more; {message.strip()[-90:]}", flush=True)
        assert taken < MOST_MEMORY, f"{taken / 1e6:.0f} MB"
        path.unlink()


def _zipped(data: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("orders.csv", data)
    return into.getvalue()


def _workbook(data: bytes) -> bytes:
    """A workbook whose only sheet is these bytes."""
    empty, into = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(empty)
    with zipfile.ZipFile(empty) as whole, zipfile.ZipFile(into, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, data if name.endswith("sheet1.xml") else whole.read(name))
    return into.getvalue()


_ROWS = b"order_id,ordered_at,cart_amount\n1,2026-05-01T10:00,1234.50\n"
_ORDER = b'{"id": 1, "created_at": "2026-05-01T10:00:00+05:30", "total_price": "1234.50", "line_items": []}'
_SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" '
    b't="inlineStr"><is><t>order_id</t></is></c><c r="B1" t="inlineStr"><is><t>cart_amount</t></is></c></row>'
    b'<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>99.5</v></c></row></sheetData></worksheet>'
)
_PAGE = b"<html><table><tr><th>order_id</th><th>cart_amount</th></tr><tr><td>1</td><td>99.5</td></tr></table></html>"
#: The name of a file; how bytes are put into it; what it may begin with. CSV has a larger corpus of its own.
CONTAINERS: dict[str, tuple[str, Callable[[bytes], bytes], bytes]] = {
    "csv": ("orders.csv", bytes, _ROWS),
    "utf-16": ("orders.csv", lambda data: b"\xff\xfe" + data.decode("latin-1").encode("utf-16-le"), _ROWS),
    "gz": ("orders.csv.gz", gzip.compress, _ROWS),
    "zip": ("orders.zip", _zipped, _ROWS),
    "json": ("orders.json", bytes, b'{"orders": [' + _ORDER + b"]}"),
    "json lines": ("orders.jsonl", bytes, _ORDER + b"\n" + _ORDER),
    "xlsx": ("orders.xlsx", _workbook, _SHEET),
    "xls": ("orders.xls", bytes, _PAGE),
}


def main(seconds: int = 600) -> int:
    """Try all containers, each in a process of its own; the first exit code that is not 0."""
    with tempfile.TemporaryDirectory() as name:
        one_long_line(Path(name))
    codes = []
    for container in CONTAINERS:
        time = seconds if container == "csv" else seconds // 5
        print(f"{container}, {time} s", flush=True)
        codes.append(
            subprocess.run([sys.executable, "-m", __spec__.name, str(time), container], check=False).returncode
        )
    return next(filter(None, codes), 0)


def fuzz(seconds: int, container: str) -> None:
    """Run until the time is up or an input fails."""
    file, put, begin = CONTAINERS[container]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus, key = folder / "corpus", folder / "key"
        corpus.mkdir()
        if container == "csv":
            write(corpus / "shopify", EXPORT)
            write(corpus / "advanced", [dict.fromkeys(ADVANCED, "1"), {}], ADVANCED)
            write(corpus / "suite", [dict.fromkeys(SUITE, "1"), {}], SUITE)
            (corpus / "plain").write_text("order_id;ordered_at;cart_amount\n1;01/05/2026;1.234,50\n", encoding="utf-8")
        else:
            (corpus / "inside").write_bytes(b"i" + begin)
            (corpus / "damaged").write_bytes(b"d" + put(begin))
        path = folder / file

        def one(data: bytes) -> None:
            if container != "csv":  # the first byte says whether the rest is inside a whole container
                data = data[1:] if data[:1] == b"d" else put(data[1:])
            path.write_bytes(data)
            for how in ({}, {"numbers": "1,234.50", "dates": "dd/mm/yyyy", "currency": "INR", "points_code": "N*"}):
                try:
                    report = ns.inspect_orders(path, key_file=key, **how)
                except ns.InputError:
                    continue
                accounts_hold(report)

        for seed in sorted(corpus.iterdir()):  # what is compiled is compiled before the clock of an input runs
            one(seed.read_bytes())
        atheris.Setup(
            [
                sys.argv[0],
                str(corpus),
                f"-max_total_time={seconds}",
                "-max_len=8192",
                "-timeout=10",
                "-rss_limit_mb=4096",
                f"-artifact_prefix={Path.cwd()}/failing-",
            ],
            one,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        fuzz(int(sys.argv[1]), sys.argv[2])
    else:
        sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
