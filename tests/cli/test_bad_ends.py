"""Inputs and places that are as bad as they get: one sentence, exit code 2, and nothing half-written."""

import subprocess
import sys

import pytest

import nector_sim as ns
from nector_sim.batch import runs
from nector_sim.batch.lock import only_one
from nector_sim.gokwik import Customer, Database, Integration, Wallets

PROGRAM = ns.data_path("programs/gokwik-example.toml")
ORDERS = "order_id,customer_id,ordered_at,cart_amount,points_balance\n1,a,2026-01-01,500,300\n"


@pytest.fixture
def refused(run, tmp_path):
    """A command that is refused, and leaves the folder as it was."""

    def call(*arguments):
        before = sorted(path.name for path in tmp_path.iterdir())
        code, out, err = run(*arguments)
        assert code == 2, out + err
        assert sorted(path.name for path in tmp_path.iterdir()) == before
        return err

    return call


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


@pytest.mark.parametrize("head", ["x" * 200_000 + "\n1\n", '"' + "x" * 200_000 + '",b\n1,2\n'])
def test_a_first_line_that_is_no_header(refused, tmp_path, head):
    (tmp_path / "long.csv").write_text(head)
    for more in (["score", "--out", tmp_path / "o.csv"], ["check"]):
        assert refused(more[0], tmp_path / "long.csv", "--program", PROGRAM, *more[1:]).count("\n") == 1


def test_names_that_are_too_long(refused, orders, tmp_path):
    for name in ("x" * 240, "x" * 250 + ".csv", "é" * 120):
        assert "bytes" in refused("score", orders, "--program", PROGRAM, "--out", tmp_path / name)
        assert "bytes" in refused("replay", orders, "--program", PROGRAM, "--out", tmp_path / name)
    assert "cannot be looked for" in refused(
        "score", "x" * 300 + ".csv", "--program", PROGRAM, "--out", tmp_path / "o.csv"
    )


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\n" * 300_000,
        "[" + ".".join(["a"] * 20_000) + "]\n",
        ".".join(["a"] * 5_000) + " = 1\n",
        "a = " + "[" * 5_000,
        "a = {" + ".".join(["b"] * 5_000) + " = 1}",
    ],
    ids=["large", "header", "key", "lists", "within a table"],
)
def test_toml_that_is_too_large_or_too_deep(refused, orders, tmp_path, text):
    (tmp_path / "evil.toml").write_text(text)
    evil, assumptions = tmp_path / "evil.toml", ns.data_path("assumptions/example.toml")
    given = [
        ["check", evil],
        ["check", orders, "--mapping", evil],
        ["sweep", orders, "--program", PROGRAM, "--grid", evil, "-a", assumptions, "--out", tmp_path / "o.csv"],
        ["sweep", orders, "--program", PROGRAM, "--grid", evil, "-a", evil, "--out", tmp_path / "o.csv"],
    ]
    for arguments in given:
        err = refused(*arguments)
        assert "TOML" in err
        assert len(err) < 1000


@pytest.mark.parametrize("how", ["none", "head", "middle", "last page", "cut"])
def test_a_database_that_is_none_or_is_damaged(refused, tmp_path, how):
    path = tmp_path / "x.db"
    with Database(path) as database:
        Integration(database).initialise(ns.load_program(PROGRAM))
        Wallets(database).add([Customer(f"c{number}", 100) for number in range(1000)])
    whole = path.read_bytes()
    third, noise = len(whole) // 3, bytes(range(1, 251)) * 5000
    path.write_bytes(
        {
            "none": b"no database at all" * 1000,
            "head": noise[:100] + whole[100:],
            "middle": whole[:third] + noise[:third] + whole[2 * third :],
            "last page": whole[:-4096] + noise[:4096],
            "cut": whole[: len(whole) // 2],
        }[how]
    )
    for more in (["--ledger"], ["--program", PROGRAM, "--port", "0"]):
        said = refused("sandbox", "--db", path, *more)
        assert "is damaged" in said or "cannot be used as a database" in said
        assert said.count("\n") == 1


def test_a_ledger_where_nothing_has_moved(run, tmp_path):
    Database(tmp_path / "empty.db").close()
    code, out, _ = run("sandbox", "--db", tmp_path / "empty.db", "--ledger")
    assert (code, out) == (0, "nothing has moved\n")


def test_orders_that_are_deleted_while_they_are_read(refused, orders, tmp_path, monkeypatch):
    inside = runs.write_part

    def delete_first(job, number, done):
        tally = inside(job, number, done)
        orders.rename(tmp_path.parent / "elsewhere.csv")
        return tally

    monkeypatch.setattr(runs, "write_part", delete_first)
    with pytest.raises(AssertionError):  # the folder is not as it was: the orders are gone
        refused("score", orders, "--program", PROGRAM, "--out", tmp_path / "o.csv")
    assert not list(tmp_path.iterdir())


def test_a_key_that_cannot_be_written_whole_is_not_left(tmp_path, monkeypatch):
    from nector_sim.errors import InputError
    from nector_sim.orders import identity

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(identity.secrets, "token_hex", full)
    with pytest.raises(InputError, match="cannot be used: No space left"):
        identity.load_key(tmp_path / "customer.key")
    assert not list(tmp_path.iterdir())


def test_a_dash_is_no_place_to_write_to(refused, orders):
    for command in ("score", "replay", "check"):
        assert "instead of -" in refused(command, orders, "--program", PROGRAM, "--out", "-")
    assert "must end in" in refused("parity", "--cases", "-")


def test_cases_are_exported_whole_or_not_at_all(tmp_path):
    code = "from nector_sim._start import command; command()"
    limit = f"ulimit -f 8; exec {sys.executable} -c '{code}' parity --cases {tmp_path}/cases.jsonl --n 20000"
    done = subprocess.run(["bash", "-c", f"trap '' XFSZ; {limit}"], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_two_replays_into_one_folder(refused, orders, tmp_path):
    (tmp_path / "out").mkdir()
    with only_one(tmp_path / ".out.unfinished", what="it"):
        assert "another run is writing" in refused("replay", orders, "--program", PROGRAM, "--out", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
