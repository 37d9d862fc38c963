"""A run that is killed again and again ends in the same bytes: ``python -m tests.campaigns.kills [KILLS]``.

And, where a small disk can be mounted (Linux, as root), a run onto a disk that is full: it says so, keeps the parts
that it has finished, and goes on when there is room.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "batch"))

from test_runs import PROGRAM, contents, kill_when_it_works, run_in_background, write_orders

from nector_sim.batch import inputs
from nector_sim.batch.runs import score_files
from nector_sim.errors import InputError


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    inputs.PIECE_ROWS = 100
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_orders(folder / "orders.parquet", 20_000)
        (folder / "unbroken").mkdir()
        score_files(PROGRAM, folder / "orders.parquet", out=folder / "unbroken" / "scored", part_rows=300)
        expected = contents(folder / "unbroken")
        print(f"{kill_often(folder, kills, expected)} kills; every whole run ended in the same bytes")
        print(fill_a_disk(folder, expected))


def kill_often(folder, kills, expected):
    luck, done = random.Random(1), 0
    out = folder / "out" / "scored"
    out.parent.mkdir()
    while done < kills:
        done += kill_when_it_works(
            run_in_background(folder / "orders.parquet", out), out.parent / ".scored.unfinished", luck
        )
        if out.exists():
            finish(folder, out, expected)
    finish(folder, out, expected)
    return done


def finish(folder, out, expected):
    score_files(PROGRAM, folder / "orders.parquet", out=out, part_rows=300)
    assert contents(out.parent) == expected
    shutil.rmtree(out)
    out.with_name("scored.manifest.json").unlink()


def fill_a_disk(folder, expected):
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True, check=False).returncode:
        return "no small disk can be mounted here; tests/batch/test_runs.py has a simulated one"
    try:
        try:
            score_files(PROGRAM, folder / "orders.parquet", out=disk / "scored", part_rows=300)
        except InputError as error:
            said = str(error)
        assert "the disk is full" in said, said
        assert "parts are kept" in said, said
        assert not (disk / "scored").exists()
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        score_files(PROGRAM, folder / "orders.parquet", out=disk / "scored", part_rows=300)
        assert contents(disk) == expected
        return f"a full disk: {said.rpartition('/')[2]}; with more room it ended in the same bytes"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


if __name__ == "__main__":
    main()
