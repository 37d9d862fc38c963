import argparse
import importlib
import multiprocessing
import pkgutil
import sys
from pathlib import Path

from tests.bench import harness


def benches():
    modules = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    found = {name: importlib.import_module(f"tests.bench.{name}") for name in modules if name != "__main__"}
    return {name: module.run for name, module in found.items() if hasattr(module, "run")}


def main():
    known = benches()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed, as ratios within one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(known)} (left out: all)")
    names = parser.parse_args().names or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    print(harness.versions(), flush=True)
    failed = []
    for name in names:
        # A process for each, so that the memory which one says is its own.
        process = multiprocessing.get_context("spawn").Process(target=known[name])
        process.start()
        process.join()
        failed += [name] * (process.exitcode != 0)
    if failed:
        sys.exit(f"did not end: {', '.join(failed)}")


if __name__ == "__main__":
    main()
