"""What whoever runs the sandbox relies on: its file, its versions, its log, and an answer in time."""

import asyncio
import hashlib
import json
import logging
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

import nector_sim as ns
from nector_sim.gokwik import Customer, Database, Integration, Wallets, application, running
from nector_sim.gokwik.posting import Line
from nector_sim.gokwik.queueing import Queue
from nector_sim.gokwik.wire import Refused, read_call
from tests.gokwik.shops import CUSTOMERS, live, open_shop
from tests.listening import listeners

PERFORM = {"action": "perform", "customer_id": "rich", "amount": 500, "reference_order_id": "1"}


class Terminal:
    """`nector-sim sandbox` in a process of its own."""

    def __init__(self, db, customers, *options):
        program = str(ns.data_path("programs/gokwik-example.toml"))
        command = [sys.executable, "-m", "nector_sim", "sandbox", "--program", program, "--port", "0", "--db", str(db)]
        command += ["--customers", str(customers), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""
        while "description" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        self.url = re.search(r"URL: (\S+)", self.said).group(1)

    def post(self, **call):
        with closing(Line(self.url, timeout=30)) as line:
            return line.post(json.dumps(call).encode())

    def end(self, number):
        """Send a signal; gives the exit code and what was said in the end."""
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=60)[0]
        return self.process.returncode, rest


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,points_balance,mobile\nrich,5000,9876500001\n", encoding="utf-8")
    return path


def balance(path):
    with Database(path) as database:
        return Wallets(database).balances().set_index("customer_id")["points_balance"]["rich"]


def copied(path, folder, *more):
    folder.mkdir()
    for file in (path, *more):
        shutil.copy(file, folder / file.name)
    return folder / path.name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_all_of_it_in_the_one_file(tmp_path, customers, number):
    db = tmp_path / "gokwik.db"
    terminal = Terminal(db, customers)
    wal = tmp_path / "gokwik.db-wal"
    assert terminal.post(**PERFORM).status == 200
    assert listeners(terminal.process.pid) == {("127.0.0.1", urlsplit(terminal.url).port)}  # and nowhere else
    # While it is in use, a copy of the one file lacks what moved, and says so; with the file beside it, it is whole.
    with pytest.raises(ns.InputError, match=r"copied while it was in use.*copy both files"):
        Database(copied(db, tmp_path / "alone"))
    with pytest.raises(ns.InputError, match="copied while it was in use"):
        Database(tmp_path / "alone" / "gokwik.db", read_only=True)
    assert balance(copied(db, tmp_path / "both", wal)) == 4600
    code, rest = terminal.end(number)
    assert (code, "Traceback" in rest) == (128 + number, False)
    assert not wal.exists()
    assert balance(copied(db, tmp_path / "after")) == 4600


def test_after_a_kill_it_starts_as_it_was(tmp_path, customers):
    db = tmp_path / "gokwik.db"
    terminal = Terminal(db, customers)
    assert terminal.post(**PERFORM).status == 200
    terminal.process.kill()
    terminal.process.communicate()
    with pytest.raises(ns.InputError, match=r"gokwik\.db-wal is missing"):
        Database(copied(db, tmp_path / "alone"))
    assert balance(copied(db, tmp_path / "both", tmp_path / "gokwik.db-wal")) == 4600
    # Any other program that opens it puts all of it into the one file, and it is whole.
    with closing(sqlite3.connect(tmp_path / "gokwik.db")) as other:
        other.execute("SELECT count(*) FROM customers").fetchone()
    assert not (tmp_path / "gokwik.db-wal").exists()
    assert balance(db) == 4600


def test_an_old_file_beside_a_newer_one_is_refused(tmp_path):
    db, wal = tmp_path / "gokwik.db", tmp_path / "gokwik.db-wal"
    with Database(db) as database:
        live(database, ns.Program(), CUSTOMERS)
        old = copied(db, tmp_path / "old")
        database._sealing.seal()
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE customers SET tier = 'Gold'")
        shutil.copy(wal, old.with_name(wal.name))
        with pytest.raises(ns.InputError, match="not whole"):
            Database(old)


def test_the_file_beside_does_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("nector_sim.gokwik.one_file.LARGE", 100_000)
    with Database(tmp_path / "gokwik.db") as database, open_shop(database, ns.Program(), CUSTOMERS):
        sizes = []
        for number in range(60):
            with database.writing() as connection:
                connection.exec_driver_sql("UPDATE customers SET tier = ?", (str(number),))
            sizes.append((tmp_path / "gokwik.db-wal").stat().st_size)
    assert max(sizes) < 150_000
    assert any(later < earlier for earlier, later in pairwise(sizes))


def everything(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_ledger_is_read_without_writing(tmp_path, run):
    folder = tmp_path / "only"
    folder.mkdir()
    with Database(folder / "gokwik.db") as database:
        live(database, ns.Program(), CUSTOMERS)
    before = everything(folder)
    code, out, _ = run("sandbox", "--db", folder / "gokwik.db", "--ledger")
    assert (code, out.count("opening")) == (0, 3)
    assert everything(folder) == before
    _as_version_1(f"sqlite:///{folder / 'gokwik.db'}")
    before = everything(folder)
    code, out, _ = run("sandbox", "--db", folder / "gokwik.db", "--ledger")
    assert (code, out.count("opening")) == (0, 3)
    assert everything(folder) == before
    with closing(sqlite3.connect(folder / "other.db")) as other:
        other.execute("CREATE TABLE notes (id INTEGER)")
    code, _, err = run("sandbox", "--db", folder / "other.db", "--ledger")
    assert (code, "holds no sandbox" in err) == (2, True)


#: Statements that take out what a version added.
_WITHOUT_3 = ("ALTER TABLE orders DROP COLUMN eligible", "ALTER TABLE orders DROP COLUMN coupon")
_WITHOUT_2 = (
    "DROP INDEX customers_phone",
    "ALTER TABLE customers DROP COLUMN phone",
    "DROP TABLE early_reverts",
    "DROP TABLE database_state",
)


def _changed(url, *statements):
    """Change a database behind its back."""
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(url).set(drivername=_driver(url)))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _as_version_1(url):
    _changed(url, *_WITHOUT_3, *_WITHOUT_2)


def _driver(url):
    return "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"


def _url_of(where):
    return where if "://" in where else f"sqlite:///{where}"


def test_a_database_of_the_first_version_is_brought_to_this_one(where, program):
    twins = [Customer("c", 7, mobile="+91 98765 00002"), Customer("d", 8, mobile="98765-00003")]
    with Database(where) as database:
        webhook_id = live(database, program, [*CUSTOMERS, *twins])
        Wallets(database).answer(read_call(json.dumps(PERFORM).encode()))
    _as_version_1(_url_of(where))
    # The first version took one phone in two forms for two.
    _changed(_url_of(where), "UPDATE customers SET mobile = '09876500002' WHERE customer_id = 'd'")
    for _ in range(2):
        with Database(where) as database, running(application(database)) as address:
            url = f"{address}/api/open/integrations/gokwikwebhook/{webhook_id}"
            with closing(Line(url, timeout=30)) as line:

                def listed(line=line, **fields):
                    call = {"action": "list", "amount": 500, **fields}
                    return line.post(json.dumps(call).encode()).json()["data"].get("points_balance")

                assert listed(mobile="+91 9876500001") == 4600
                # Whose phone it is cannot be told; each is still found by their own text.
                assert listed(mobile="9876500002") is None
                assert (listed(mobile="+91 98765 00002"), listed(mobile="09876500002")) == (7, 8)
            assert len(Wallets(database).ledger()) == 6


def test_orders_of_the_second_version_had_carts_that_were_all_eligible(where, program):
    with Database(where) as database:
        live(database, program, CUSTOMERS)
        first = Wallets(database).answer(read_call(json.dumps(PERFORM).encode()))
    _changed(_url_of(where), *_WITHOUT_3, "UPDATE database_state SET version = 2")
    for _ in range(2):
        with Database(where) as database:
            wallets = Wallets(database)
            same = {**PERFORM, "eligible_amount": 500, "coupon_discount": 0}
            for call in (PERFORM, same):
                assert wallets.answer(read_call(json.dumps(call).encode())) == first
            with pytest.raises(Refused, match="eligible amount"):
                wallets.answer(read_call(json.dumps({**PERFORM, "eligible_amount": 499}).encode()))


def test_a_later_version_is_refused(where):
    with Database(where) as database, database.writing() as connection:
        connection.exec_driver_sql("UPDATE database_state SET version = 99")
    for read_only in (False, True):
        with pytest.raises(ns.InputError, match="version 99 and this nector_sim knows version 3; install a newer"):
            Database(where, read_only=read_only)


@pytest.fixture
def hurried(monkeypatch):
    """Patience of a second in all, for what waits 25 in use."""
    monkeypatch.setattr("nector_sim.gokwik.database.PATIENCE", 1)
    monkeypatch.setattr("nector_sim.gokwik.sandbox.ANSWERED_WITHIN", 1.5)


def test_a_locked_database_is_answered_however_many_wait(hurried, where, program, caplog):
    """Someone holds the lock until every call has its answer: if one waited for it, this test would not end."""
    caplog.set_level(logging.INFO)
    with Database(where) as database, open_shop(database, program) as shop:
        engine = sqlalchemy.create_engine(sqlalchemy.make_url(_url_of(where)).set(drivername=_driver(_url_of(where))))
        lock = "BEGIN IMMEDIATE" if database.is_file else "SELECT * FROM customers FOR UPDATE"
        with engine.connect() as other, ThreadPoolExecutor(40) as pool:
            other.exec_driver_sql(lock)
            calls = [{**PERFORM, "reference_order_id": str(number)} for number in range(40)]
            answers = list(pool.map(lambda call: shop.post(json.dumps(call).encode(), shop.url), calls))
            assert {(status, answer["meta"]["error"]) for status, answer in answers} == {(503, "unavailable")}
            assert shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 400
            other.rollback()
        engine.dispose()
        # Nothing that was told so was done behind its back but under its own reference.
        done = [shop.call(**call) for call in calls]
        taken = sum(data["coin_value"] for data in done if isinstance(data, dict))
        assert taken == 5000 - shop.points("rich")
    assert "503 unavailable" in caplog.text
    assert "rich" not in caplog.text


def test_a_list_that_cannot_be_read_at_once_is_read_in_a_thread(tmp_path, program, monkeypatch):
    with Database(tmp_path / "gokwik.db") as database, open_shop(database, program) as shop:
        reading = database.reading

        def locked(*, at_once=False):
            if at_once:
                raise OperationalError("SELECT", {}, Exception("database is locked"))
            return reading()

        monkeypatch.setattr(database, "reading", locked)
        assert shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 400


def test_a_call_that_was_given_up_is_not_moved_later(tmp_path, program):
    with Database(tmp_path / "gokwik.db") as database:
        live(database, program, CUSTOMERS)
        wallets = Wallets(database)

        async def given_up():
            queue = Queue(wallets)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await queue.answer(read_call(json.dumps(PERFORM).encode()))
            await queue.answer(read_call(json.dumps({**PERFORM, "reference_order_id": "2"}).encode()))

        asyncio.run(given_up())
        assert list(wallets.ledger("rich")["order_id"])[1:] == ["2"]


def test_the_log_says_what_was_refused_without_ids(tmp_path, customers):
    terminal = Terminal(tmp_path / "gokwik.db", customers, "--verbose", "--strict")
    terminal.post(**PERFORM)
    terminal.post(**{**PERFORM, "9876500001": "x", "reference_order_id": "secret-reference"})
    terminal.post(**{**PERFORM, "mobile": 9876500001, "amount": 501, "customer_id": "rich"})
    terminal.post(action="list", customer_id="nobody-known", amount=1)
    _, said = terminal.end(signal.SIGTERM)
    for expected in (
        "200 perform",
        "400 wrong_fields: '…' is not a field",
        "409 other_content",
        "422 unknown_customer",
    ):
        assert expected in said
    for secret in ("9876500001", "nobody-known", "rich", "secret-reference", terminal.url.rpartition("/")[2]):
        assert secret not in said


def test_without_verbose_only_what_failed_is_logged(tmp_path, customers):
    terminal = Terminal(tmp_path / "gokwik.db", customers)
    terminal.post(**PERFORM)
    terminal.post(action="list", customer_id="nobody-known", amount=1)
    with closing(sqlite3.connect(tmp_path / "gokwik.db", isolation_level=None)) as broken:
        broken.execute("UPDATE integration SET program = 'no program'")
    assert terminal.post(**PERFORM).status == 500
    _, said = terminal.end(signal.SIGTERM)
    assert ("200 perform" in said, "422" in said, "500 failed" in said or "could not be answered" in said) == (
        False,
        False,
        True,
    )


def test_nobody_else_locks_out_who_has_the_right_id(tmp_path, program):
    with Database(tmp_path / "gokwik.db") as database, open_shop(database, program, guesses_a_minute=3) as shop:
        wrong = shop.url[:-1] + "?"
        for _ in range(10):
            shop.post(b"{}", wrong)
            assert shop.call("list", customer_id="rich", amount=500)["fiat_value"] == 400


def test_a_refusal_of_a_file_that_is_none_of_ours_changes_nothing(tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(ns.InputError, match="other tables of the names"):
        Database(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]


def test_integrations_are_whole_after_each_change(tmp_path):
    integration = Integration(tmp_path / "gokwik.db")
    integration.initialise()
    integration.database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["gokwik.db"]
    assert Refused("reverted").code == 409
