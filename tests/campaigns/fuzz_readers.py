"""Random bytes at the door of CSV files: ``python -m tests.campaigns.fuzz_readers [SECONDS]``, ten minutes if left out.

First one line of 1 GB, which must be refused in bounded memory; then atheris, which follows the code's branches. An
input counts as a failure where reading it ends in anything but a report whose accounts add up or a message, takes ten
seconds, or 4 GB. Needs the extra ``long``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

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


def main(seconds: int = 600) -> None:
    """Run until the time is up or an input fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one_long_line(folder)
        corpus, key = folder / "corpus", folder / "key"
        corpus.mkdir()
        write(corpus / "shopify", EXPORT)
        write(corpus / "advanced", [dict.fromkeys(ADVANCED, "1"), {}], ADVANCED)
        write(corpus / "suite", [dict.fromkeys(SUITE, "1"), {}], SUITE)
        (corpus / "plain").write_text("order_id;ordered_at;cart_amount\n1;01/05/2026;1.234,50\n", encoding="utf-8")
        path = folder / "orders.csv"

        def one(data: bytes) -> None:
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
    main(*(int(argument) for argument in sys.argv[1:]))
