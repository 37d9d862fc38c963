"""Runs that are stopped, doubled, starved or fed with what changes: nothing is lost, and nothing half-written."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import nector_sim as ns
from nector_sim import places
from nector_sim.batch import inputs, runs
from nector_sim.batch.lock import only_one
from nector_sim.batch.runs import score_files
from nector_sim.errors import InputError

EXAMPLE = ns.data_path("programs/gokwik-example.toml")
PROGRAM = ns.load_program(EXAMPLE)


def write_orders(path, rows=2000, *, bad_every=97):
    cart = [f"{100 + row % 900}.{row % 100:02d}" if row % bad_every else "-1" for row in range(rows)]
    frame = pl.DataFrame(
        {"order_id": [f"o{row}" for row in range(rows)], "cart_amount": cart, "points_balance": range(rows)}
    ).with_columns(pl.col("cart_amount").cast(pl.Decimal(12, 2)))
    frame.write_parquet(path, row_group_size=100)


def contents(folder):
    """Every file below a folder, with its bytes."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def orders(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "PIECE_ROWS", 100)
    write_orders(tmp_path / "orders.parquet")
    return tmp_path / "orders.parquet"


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "scored"


class Stop(Exception):
    pass


def stop_after(rows):
    def progress(done, _):
        if done >= rows:
            raise Stop

    return progress


def test_a_stopped_folder_goes_on_and_ends_in_the_same_bytes(orders, out, tmp_path):
    (tmp_path / "unbroken").mkdir()
    rejects = tmp_path / "rejects.csv"
    score_files(PROGRAM, orders, out=tmp_path / "unbroken" / "scored", part_rows=300, rejects=rejects)
    expected = rejects.read_bytes()
    for rows in (1, 400, 900, 1900):
        with pytest.raises(Stop):
            score_files(PROGRAM, orders, out=out, part_rows=300, progress=stop_after(rows))
        assert not out.exists()
    before = {file.name: file.stat().st_mtime_ns for file in (out.parent / ".scored.unfinished" / "parts").iterdir()}
    report = score_files(PROGRAM, orders, out=out, part_rows=300, rejects=rejects)
    assert report.notices == (f"going on from an earlier run: {len(before)} of 7 parts are there",)
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert contents(out.parent) == contents(tmp_path / "unbroken")
    assert rejects.read_bytes() == expected
    again = score_files(PROGRAM, orders, out=out, part_rows=300)
    assert "nothing was done" in again.notices[0]
    assert again.scored == report.scored


class Killed(BaseException):
    pass


@pytest.fixture
def killed_at(monkeypatch):
    """Make the n-th change of the file system the last one; gives how many there were before it."""
    count, last = [0], [10**9]

    def counted(function):
        def call(*arguments, **options):
            count[0] += 1
            if count[0] > last[0]:
                raise Killed
            return function(*arguments, **options)

        return call

    for name in ("replace", "rename", "unlink", "mkdir", "rmdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr(places, "flush", counted(places.flush))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))

    def run(number, work):
        """Without what a run that is not killed does at its end."""
        count[0], last[0] = 0, number
        with monkeypatch.context() as patch:
            patch.setattr(runs, "_explained", lambda job, failure: failure)
            try:
                work()
            except Killed:
                return True
            finally:
                last[0] = 10**9
        return False

    return run


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_a_kill_at_any_change_of_the_file_system_ends_in_the_same_bytes(orders, tmp_path, killed_at, ending):
    write_orders(orders, 400)
    (tmp_path / "unbroken").mkdir()
    parts = {} if ending else {"part_rows": 200}
    score_files(PROGRAM, orders, out=tmp_path / "unbroken" / f"scored{ending}", **parts)
    expected, number, killed = contents(tmp_path / "unbroken"), 0, True
    while killed:
        folder = tmp_path / str(number)
        folder.mkdir()

        def run(out=folder / f"scored{ending}"):
            return score_files(PROGRAM, orders, out=out, **parts)

        killed = killed_at(number, run)
        run()
        assert contents(folder) == expected, number
        number += 1
    assert number > 15


def test_an_output_that_is_not_whole_any_more_is_not_taken_for_whole(orders, out):
    score_files(PROGRAM, orders, out=out, part_rows=300, rejects=out.with_name("rejects.csv"))
    out.with_name("rejects.csv").unlink()
    again = score_files(PROGRAM, orders, out=out, part_rows=300, rejects=out.with_name("rejects.csv"))
    assert "rejects.csv was not written" in again.notices[1]
    (out / "part-00003.parquet").unlink()
    with pytest.raises(InputError, match=r"part-00003\.parquet is missing"):
        score_files(PROGRAM, orders, out=out, part_rows=300)


def test_a_part_that_was_taken_away_is_made_again(orders, out, tmp_path):
    score_files(PROGRAM, orders, out=tmp_path / "unbroken", part_rows=300)
    with pytest.raises(Stop):
        score_files(PROGRAM, orders, out=out, part_rows=300, progress=stop_after(900))
    (out.parent / ".scored.unfinished" / "parts" / "part-00000.parquet").unlink()
    score_files(PROGRAM, orders, out=out, part_rows=300)
    assert contents(out) == contents(tmp_path / "unbroken")


def test_rejects_of_an_earlier_run_do_not_stay(orders, out):
    rejects = out.with_suffix(".csv")
    score_files(PROGRAM, orders, out=out.with_suffix(".parquet"), rejects=rejects)
    assert rejects.read_text().count("\n") > 1
    write_orders(orders, bad_every=10**9)
    score_files(PROGRAM, pl_head(orders), out=out.with_suffix(".parquet"), rejects=rejects)
    assert rejects.read_text() == "row,order_id,column,value,reason\n"


def pl_head(orders):
    """All but the first order, which write_orders makes a bad one."""
    pl.read_parquet(orders).slice(1).write_parquet(orders)
    return orders


def test_a_stopped_single_file_starts_again_and_says_so(orders, out):
    """As after a kill: what a run that could not clear up leaves."""
    (out.parent / ".scored.csv.unfinished" / "parts").mkdir(parents=True)
    report = score_files(PROGRAM, orders, out=out.with_suffix(".csv"))
    assert "starts again" in report.notices[0]
    with pytest.raises(Stop):
        score_files(PROGRAM, orders, out=out.with_suffix(".parquet"), progress=stop_after(500))
    assert sorted(file.name for file in out.parent.iterdir()) == ["scored.csv", "scored.csv.manifest.json"]


def test_other_orders_and_another_program_are_refused(orders, out):
    with pytest.raises(Stop):
        score_files(PROGRAM, orders, out=out, part_rows=300, progress=stop_after(900))
    left = contents(out.parent)
    other = PROGRAM.model_copy(update={"enabled": False})
    with pytest.raises(InputError, match="another program"):
        score_files(other, orders, out=out, part_rows=300)
    with pytest.raises(InputError, match="part_rows"):
        score_files(PROGRAM, orders, out=out, part_rows=400)
    whole = orders.read_bytes()
    write_orders(orders, bad_every=50)
    with pytest.raises(InputError, match="other orders"):
        score_files(PROGRAM, orders, out=out, part_rows=300)
    assert contents(out.parent) == left
    orders.write_bytes(whole)
    score_files(PROGRAM, orders, out=out, part_rows=300)
    with pytest.raises(InputError, match="another program"):
        score_files(other, orders, out=out, part_rows=300)


def test_two_runs_into_one_output(orders, out):
    with (
        only_one(out.parent / ".scored.unfinished", what="scored"),
        pytest.raises(InputError, match="another run is writing"),
    ):
        score_files(PROGRAM, orders, out=out)
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("ending", ["", ".parquet"])
def test_a_file_that_changes_while_it_is_read(orders, out, ending):
    def change(done, _):
        if done == 500:
            write_orders(orders, bad_every=50)

    with pytest.raises(InputError, match=r"orders\.parquet changed while it was read"):
        score_files(PROGRAM, orders, out=out.with_suffix(ending), part_rows=None if ending else 300, progress=change)
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("cut", [0.5, 0.999])
def test_a_truncated_parquet_file(orders, out, cut):
    data = orders.read_bytes()
    orders.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(InputError, match=r"orders\.parquet cannot be read as parquet; it is damaged or was cut off"):
        score_files(PROGRAM, orders, out=out)
    assert list(out.parent.iterdir()) == []


def test_a_parquet_file_with_a_hole(orders, out):
    data = bytearray(orders.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    orders.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read as parquet"):
        score_files(PROGRAM, orders, out=out.with_suffix(".csv"))
    assert list(out.parent.iterdir()) == []


def test_places_that_cannot_be_written(orders, out, tmp_path, monkeypatch):
    for target, says in (
        (orders, "also the input"),
        (orders.parent, "also the input"),
        (tmp_path / "no" / "scored", "no folder"),
        (tmp_path / "scored.txt", ".csv or .parquet"),
        (tmp_path / "orders.parquet" / "scored", "no folder"),
    ):
        with pytest.raises(InputError, match=says):
            score_files(PROGRAM, orders, out=target)
    monkeypatch.setattr(os, "access", lambda folder, mode: folder != tmp_path / "locked")
    (tmp_path / "locked").mkdir()
    for where in ({"out": tmp_path / "locked" / "a.csv"}, {"out": out, "rejects": tmp_path / "locked" / "a.csv"}):
        with pytest.raises(InputError, match=r"a\.csv cannot be written: nothing can be written into"):
            score_files(PROGRAM, orders, **where)
    with pytest.raises(InputError, match="would be read as orders"):
        score_files(PROGRAM, tmp_path, out=tmp_path / "out" / "scored.parquet")
    with pytest.raises(InputError, match="given twice"):
        score_files(PROGRAM, [orders, tmp_path / "out" / ".." / "orders.parquet"], out=out)
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="other files in it"):
        score_files(PROGRAM, orders, out=out)
    with pytest.raises(InputError, match="also the output"):
        score_files(PROGRAM, orders, out=tmp_path / "a.csv", rejects=tmp_path / "a.csv")
    assert contents(out) == {"mine.txt": b"mine"}


def test_a_full_disk_keeps_the_finished_parts(orders, out, monkeypatch):
    """The same as on a small disk, on every system: the third part meets what a full disk says."""
    from nector_sim import places

    flush, calls = places.flush, []

    def full(path):
        if ".parquet" in path.name:
            calls.append(path)
            if len(calls) == 3:
                raise OSError(28, "No space left on device", str(path))
        flush(path)

    monkeypatch.setattr(places, "flush", full)
    with pytest.raises(InputError, match="cannot be written: the disk is full; 2 of 7 parts are kept"):
        score_files(PROGRAM, orders, out=out, part_rows=300)
    assert not out.exists()
    assert "2 of 7" in score_files(PROGRAM, orders, out=out, part_rows=300).notices[0]


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A disk of 28 kB: where one can be mounted a real one, else what a full one says when files are flushed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=28k", "tmpfs", str(disk)]
    linux = sys.platform.startswith("linux") and shutil.which("mount")
    if linux and not subprocess.run(mount, capture_output=True, check=False).returncode:
        yield disk, lambda: subprocess.run(["mount", "-o", "remount,size=9m", str(disk)], check=True)
        subprocess.run(["umount", str(disk)], check=True)
        return
    flush, size = places.flush, [28_000]

    def flush_if_there_is_room(path):
        if sum(file.stat().st_size for file in disk.rglob("*") if file.is_file()) > size[0]:
            raise OSError(28, "No space left on device", str(path))
        flush(path)

    monkeypatch.setattr(places, "flush", flush_if_there_is_room)
    yield disk, lambda: size.append(size.pop() * 1000)


@pytest.mark.parametrize("ending", ["", ".csv", ".parquet", ".xlsx"])
def test_a_small_disk_is_told_and_holds_nothing_half_written(orders, tmp_path, small_disk, ending):
    write_orders(orders, 3000)
    disk, grow = small_disk
    out, unbroken = disk / f"scored{ending}", tmp_path / f"scored{ending}"
    parts = {} if ending else {"part_rows": 300}
    with pytest.raises(InputError, match="cannot be written: the disk is full") as told:
        score_files(PROGRAM, orders, out=out, **parts)
    assert not out.exists()
    assert list(disk.iterdir()) == ([] if ending else [disk / ".scored.unfinished"])
    assert ("parts are kept" in str(told.value)) == (ending == "")
    grow()
    score_files(PROGRAM, orders, out=out, **parts)
    score_files(PROGRAM, orders, out=unbroken, **parts)
    if ending == "":
        assert contents(out) == contents(unbroken)
    elif ending != ".xlsx":  # which holds the time when it was made
        assert out.read_bytes() == unbroken.read_bytes()


def run_in_background(orders, out):
    code = (
        "import sys; from nector_sim.batch import inputs; inputs.PIECE_ROWS = 100\n"
        "import nector_sim as ns; from nector_sim.batch.runs import score_files\n"
        "score_files(ns.load_program(sys.argv[1]), sys.argv[2], out=sys.argv[3], part_rows=300)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, EXAMPLE, orders, out])


def test_kills_end_in_the_same_bytes(orders, out, tmp_path):
    """In small; `make kills-long` kills a hundred times."""
    (tmp_path / "unbroken").mkdir()
    score_files(PROGRAM, orders, out=tmp_path / "unbroken" / "scored", part_rows=300)
    kills, luck = 0, random.Random(9)
    while kills < 3:
        run = run_in_background(orders, out)
        kills += kill_when_it_works(run, out.parent / ".scored.unfinished", luck)
        if out.exists() and kills < 3:  # it was quicker than the kill
            shutil.rmtree(out)
            out.with_name("scored.manifest.json").unlink(missing_ok=True)
    score_files(PROGRAM, orders, out=out, part_rows=300)
    assert contents(out.parent) == contents(tmp_path / "unbroken")


def kill_when_it_works(run, work, luck):
    """Kill a run at a random moment after it has begun to write; 1 if it was still running."""
    while run.poll() is None and not (work / "parts").exists():
        time.sleep(0.002)
    time.sleep(luck.random() * 0.06)
    alive = run.poll() is None
    run.kill()
    run.wait()
    return int(alive)
