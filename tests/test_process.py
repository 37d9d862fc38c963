"""Every end of a process is told: its exit code, and one line for a person, whatever a library raises."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import nector_sim as ns
from nector_sim import _process
from nector_sim.cli import COMMANDS, app
from nector_sim.errors import InputError

PROGRAM = str(ns.data_path("programs/gokwik-example-with-earning.toml"))
#: A command that does what it is told to, in a process like any other.
RUN = "import sys; from nector_sim import _process, _start; from nector_sim.cli import app\n{}\n_start.command()"


class Panic(BaseException):
    """As the libraries in Rust raise it."""


ENDS = [
    (InputError("orders.csv has no rows"), 2, "orders.csv has no rows"),
    (ModuleNotFoundError("No module named 'pandas'", name="pandas"), 2, 'pip install "nector-sim[commands]"'),
    (ModuleNotFoundError("No module named 'chainladder'", name="chainladder"), 2, "nector-sim[actuarial]"),
    (OSError(28, "No space left on device", "out.csv"), 2, "out.csv: No space left on device"),
    (MemoryError(), 2, "the memory of this machine is not enough"),
    (KeyboardInterrupt("stopped; 3 parts are kept"), 130, "stopped; 3 parts are kept"),
    (KeyError("cart\namount"), 70, "a fault of nector_sim, not of your input: KeyError: 'cart\\namount'"),
    (Panic("not\nimplemented"), 70, "Panic: not implemented"),
    (SystemError("returned NULL"), 70, "SystemError"),
]


@pytest.mark.parametrize(("error", "code", "words"), ENDS, ids=lambda value: type(value).__name__)
def test_whatever_a_command_raises_is_one_line_and_a_code(run, monkeypatch, error, code, words):
    def failing(file: str) -> None:
        raise error

    monkeypatch.setattr(app, "registered_commands", [])
    app.command("failing")(_process.called(failing))
    app.command("other")(_process.called(failing))
    ended, out, err = run("failing", "file")
    assert (ended, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


def test_the_traceback_of_a_fault_is_behind_a_switch():
    failing = "import nector_sim.cli.one_order as o\nns = __import__('nector_sim')\nns.load_program = lambda _: 1 / 0"
    words = ("quote", "-p", PROGRAM, "--cart", "1", "--balance", "1")
    for switch, shown in (((), False), (("--traceback",), True)):
        code = RUN.format(failing) + "\n"
        ended = subprocess.run([sys.executable, "-c", code, *switch, *words], capture_output=True, text=True)
        assert ended.returncode == 70
        assert "ZeroDivisionError" in ended.stderr
        assert ("Traceback" in ended.stderr) == shown
        assert ("nector-sim --traceback" in ended.stderr) != shown


def test_every_command_is_registered_with_an_end():
    assert {command.name for command in app.registered_commands} == set(COMMANDS)
    assert all(hasattr(command.callback, "__wrapped__") for command in app.registered_commands)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "swallowed",
    [
        "pass",
        "raise ImportError('made of it')",
        "raise SystemError('made of it')",
        "sys.exit(1)",
        "raise ns.InputError('made of it')",
    ],
)
def test_a_signal_is_the_reason_whatever_a_library_makes_of_it(number, swallowed):
    waiting = (
        "import time; import nector_sim as ns; import nector_sim.cli.one_order as o\n"
        "def load(_):\n    try:\n        print('begun', flush=True)\n        time.sleep(60)\n"
        f"    except BaseException:\n        {swallowed}\n"
        "ns.load_program = load"
    )
    words = ["quote", "-p", PROGRAM, "--cart", "1", "--balance", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(waiting), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err == "nector-sim: stopped\n"


def test_a_signal_before_anything_has_begun_ends_it():
    early = "import os, signal; _process._without_linear_algebra = lambda: os.kill(os.getpid(), signal.SIGINT)"
    ended = subprocess.run([sys.executable, "-c", RUN.format(early), "score"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "nector-sim: stopped\n")


def test_a_reader_that_goes_away_changes_nothing(tmp_path):
    for words, code in ((["--help"], 0), (["check", str(tmp_path / "none.csv")], 2)):
        process = subprocess.Popen(
            [sys.executable, "-m", "nector_sim", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        process.stdout.close()
        assert process.wait(60) == code
        assert "Broken" not in process.stderr.read()
        process.stderr.close()


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_output_that_cannot_be_written_is_no_success():
    with FULL.open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "nector_sim", "--version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("nector-sim: ")
    assert "No space left on device" in ended.stderr


def test_the_version(run):
    assert run("--version") == (0, f"nector-sim {ns.__version__}\n", "")


def test_completion_knows_the_commands():
    ended = subprocess.run(
        [sys.executable, "-c", RUN.format("sys.argv[0] = 'nector-sim'")],
        env={**os.environ, "_NECTOR_SIM_COMPLETE": "complete_bash", "COMP_WORDS": "nector-sim sc", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout.split()) == (0, ["score"])


_STOPPED_WHILE_LOADING = """
import os, signal, sys

class Stopper:
    def find_spec(self, name, *_):
        if name == "nector_sim.errors":  # among the first that the command line loads
            signal.raise_signal(signal.Signals[sys.argv[1]])

sys.meta_path.insert(0, Stopper())
from nector_sim._start import command
command()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_while_the_command_line_is_loaded(name, code):
    ended = subprocess.run([sys.executable, "-c", _STOPPED_WHILE_LOADING, name], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "nector-sim: stopped\n")
