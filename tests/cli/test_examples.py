"""`nector-sim examples`: what a checkout has, for whoever installed the package."""

import errno
import gzip
import json
import shutil

import nector_sim as ns


def test_a_folder_with_everything_that_the_notebooks_need(run, tmp_path):
    folder = tmp_path / "mine"
    code, out, err = run("examples", folder)
    assert (code, err) == (0, "")
    notebooks = sorted(path.name for path in (folder / "notebooks").glob("*.ipynb"))
    assert f"nector-sim lab {folder / 'notebooks' / notebooks[0]}" in out
    beside = {path.name for path in (folder / "notebooks").iterdir()} - set(notebooks)
    assert beside == {"panel.png"}  # what the first one shows before anything has run
    for path in (folder / "notebooks").glob("*.ipynb"):
        assert all(not cell.get("outputs") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    for path in (folder / "programs").glob("*.toml"):
        assert ns.load_program(path) == ns.load_program(ns.data_path(f"programs/{path.name}"))
    assert ns.load_assumptions(folder / "assumptions" / "example.toml")
    score = (
        "score",
        "orders.csv",
        "--program",
        folder / "programs" / "gokwik-example.toml",
        "--out",
        tmp_path / "o.csv",
    )
    assert "does not exist" in run(*score)[2]  # the program was read
    # What the tutorial begins with: the demo's own files.
    kept = ns.data_path("web_shop")
    assert (folder / "orders_export.csv").read_bytes() == gzip.decompress((kept / "shopify_export.csv.gz").read_bytes())
    assert (folder / "balances.csv").read_bytes() == (kept / "balances.csv").read_bytes()


def test_nothing_of_yours_is_replaced_and_an_empty_folder_will_do(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    code, _, err = run("examples", tmp_path / "mine")
    assert (code, "is there already" in err) == (2, True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    (tmp_path / "empty").mkdir()
    assert run("examples", tmp_path / "empty")[0] == 0


def test_a_full_disk_leaves_nothing_half_written(run, tmp_path, monkeypatch):
    copy = shutil.copytree

    def full(source, target, **how):
        if "programs" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(source, target, **how)

    monkeypatch.setattr(shutil, "copytree", full)
    code, _, err = run("examples", tmp_path / "mine")
    assert (code, "No space left on device" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []
