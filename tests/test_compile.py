"""Compiled code is kept where it can be, and nothing but time is lost where it cannot."""

import errno
import logging
import pickle
import subprocess

import numba
import numba.core.caching as caching
import pytest

from nector_sim import _compile


def _twice(number):
    return 2 * number


@pytest.fixture
def notes(monkeypatch, caplog):
    monkeypatch.setattr(_compile, "_given", set())
    caplog.set_level(logging.INFO, "nector_sim")
    return caplog


@pytest.fixture
def nowhere(monkeypatch):
    """As in a container: neither beside the source nor below the home folder can be written."""

    def refused(self):
        raise OSError(errno.EROFS, "Read-only file system")

    for locator in caching.CompileResultCacheImpl._locator_classes:
        monkeypatch.setattr(locator, "ensure_cache_path", refused)


def test_it_is_kept_in_numbas_own_place(monkeypatch, tmp_path, notes):
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    assert _compile.compiled(_twice)(4) == 8
    assert list(tmp_path.rglob("*.nbc"))
    assert [note.levelname for note in notes.records] == ["INFO"]
    again = _compile.compiled(_twice)
    assert again(4) == 8
    assert sum(again.stats.cache_hits.values()) == 1
    assert len(notes.records) == 1


@pytest.mark.parametrize("kept", [b"cnector_sim.ledger.take_up\nNoSuchName\n.", b"\x80\x05cut", b""])
def test_code_kept_by_an_older_version_or_damaged_is_compiled_anew(monkeypatch, tmp_path, notes, kept):
    # A class in a loop's signature that was renamed since ended every replay with an AttributeError.
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    assert _compile.compiled(_twice)(4) == 8
    (index,) = tmp_path.rglob("*.nbi")
    index.write_bytes(pickle.dumps(numba.__version__) + kept)
    assert _compile.compiled(_twice)(4) == 8
    again = _compile.compiled(_twice)
    assert again(4) == 8
    assert sum(again.stats.cache_hits.values()) == 1
    assert "not kept" not in notes.text


def test_else_in_a_private_folder(monkeypatch, tmp_path, notes, nowhere):
    monkeypatch.setattr(_compile.tempfile, "gettempdir", lambda: str(tmp_path))
    assert _compile.compiled(_twice)(4) == 8
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*.nbc"))
    assert "kept" not in notes.text


@pytest.mark.parametrize("what", ["open to others", "a link", "a file"])
def test_a_folder_that_others_could_have_made_is_not_used(monkeypatch, tmp_path, notes, nowhere, what):
    monkeypatch.setattr(_compile.tempfile, "gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"nector_sim_{_compile.os.geteuid()}"
    if what == "open to others":
        place.mkdir()
        place.chmod(0o777)
    elif what == "a link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "theirs")
    else:
        place.touch()
    assert _compile.compiled(_twice)(4) == 8
    assert not list(tmp_path.rglob("*.nbc"))
    assert notes.text.count("compiled code is not kept") == 1


def test_a_full_disk_makes_it_slower_and_says_so_once(monkeypatch, tmp_path, notes):
    def full(self, name, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(caching.IndexDataCacheFile, "_save_data", full)
    assert _compile.compiled(_twice)(4) == 8
    assert _compile.compiled(_twice)(4.5) == 9
    assert notes.text.count("No space left on device") == 1


@pytest.fixture
def ended(monkeypatch):
    """`warm` with commands that end as they are told, instead of compiling; gives the endings and what was run."""
    endings, commands = {}, []

    def run(words, **_):
        commands.append(words[3])
        code, said = endings.get(words[3], (0, ""))
        return subprocess.CompletedProcess(words, code, "", said)

    monkeypatch.setattr("nector_sim.cli.warm.subprocess.run", run)
    return endings, commands


def test_warm_runs_every_command_that_compiles(run, ended):
    """That nothing is left to compile then is tried on the built wheel (.ci/wheel), which compiles in any case."""
    code, out, _ = run("warm")
    assert (code, set(ended[1])) == (0, {"score", "replay", "sweep"})
    assert "compiled" in out


@pytest.mark.parametrize(
    ("ending", "says"),
    [((2, "the disk is full"), "replay could not be tried"), ((0, "note: compiled code is not kept (x)"), "not kept")],
)
def test_warm_says_what_it_could_not_do(run, ended, ending, says):
    ended[0]["replay"] = ending
    code, out, err = run("warm")
    assert (code, out, says in err) == (2, "", True)
