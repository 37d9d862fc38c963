"""`nector-sim sandbox` in one terminal, `nector-sim checkout` in another."""

import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.gokwik import Customer, Database, Integration, Wallets, application, serve

EXAMPLE = str(ns.data_path("programs/gokwik-example.toml"))


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,points_balance,mobile,credits\n007,5000,9876500001,50\nb,250,,\n", encoding="utf-8")
    return path


@contextmanager
def sandbox(*arguments):
    """The sandbox in a process of its own; gives what it said and its URL."""
    command = [sys.executable, "-m", "nector_sim", "sandbox", "--program", EXAMPLE, "--port", "0", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    lines = []
    try:
        while not lines or not lines[-1].startswith("description"):
            line = process.stdout.readline()
            assert line, "".join(lines)
            lines.append(line)
        said = "".join(lines)
        yield said, re.search(r"URL: (\S+)", said).group(1)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_in_two_terminals(tmp_path, customers, run):
    db = tmp_path / "gokwik.db"
    with sandbox("--customers", customers, "--db", db) as (said, url):
        assert "customers: 2 added, 0 were there" in said
        assert "Live: the checkout offers points" in said
        assert url.startswith("http://127.0.0.1:")
        code, out, _ = run("checkout", "--url", url, "--customer", "007", "--cart", "500", "--reference", "order-1")
        assert (code, out.splitlines()) == (
            0,
            [
                "order order-1, cart 500",
                "  list: 400 off for 400 points (limited by min_payable)",
                "  perform: 400 points taken, 400 off",
                "  pay: 100 paid",
            ],
        )
        _, out, _ = run("checkout", "--url", url, "--mobile", "9876500001", "--cart", "500", "--fails")
        assert out.splitlines()[-1] == "  revert: 400 points given back"
        _, out, _ = run(
            "checkout", "--url", url, "--customer", "b", "--cart", "500", "--eligible", "20", "--coupon", "5"
        )
        assert out.splitlines()[1:3] == [
            "  list: 20 off for 20 points (limited by cart)",
            "  perform: 20 points taken, 20 off",
        ]
        # While the server runs, the ledger shows all of it.
        code, out, _ = run("sandbox", "--db", db, "--ledger")
        assert code == 0
        assert [line.split()[4:7] for line in out.splitlines() if line.startswith("        007")] == [
            ["opening", "5000", "50.00"],
            ["redeemed", "-400", "0.00"],
            ["redeemed", "-400", "0.00"],
            ["given_back", "400", "0.00"],
        ]
    webhook_id = url.rpartition("/")[2]
    with Database(db) as database:
        assert list(Wallets(database).ledger("007")["points"]) == [5000, -400, -400, 400]
    # Started again, it keeps the balances and does not show the webhook id.
    with sandbox("--customers", customers, "--db", db) as (said, masked):
        assert "customers: 0 added, 2 were there" in said
        assert masked.endswith(f"…{webhook_id[-4:]}")
        assert webhook_id not in said
        again = masked.rpartition("/")[0] + "/" + webhook_id
        code, out, _ = run("checkout", "--url", again, "--customer", "007", "--revert", "order-1")
        assert (code, out) == (0, "revert: 400 points given back\n")
        code, out, _ = run("checkout", "--url", again, "--customer", "007", "--revert", "order-2")
        assert (code, out[:9]) == (1, "revert: N")
        # What is not as it should be is said by the exit code as well.
        code, out, _ = run("checkout", "--url", again, "--customer", "007", "--cart", "500", "--reference", "order-1")
        assert (code, "given back; a new order needs a new reference" in out) == (1, True)
        code, out, _ = run("checkout", "--url", again + "x", "--customer", "007", "--cart", "500")
        assert (code, out.splitlines()[1:]) == (1, ["  list: There is nothing at this address.", "  pay: 500 paid"])


def test_a_new_webhook_id_and_other_settings(tmp_path, customers, run):
    db = tmp_path / "gokwik.db"
    with Database(db) as database:
        old = Integration(database).initialise(ns.Program()).get_secret_value()
    events = ("--events-to", "http://127.0.0.1:1/points")
    with sandbox("--customers", customers, "--db", db, "--new-webhook-id", *events) as (said, url):
        assert not url.endswith(old)
        assert re.search(r"secret, shown this once: \S{43}\n", said)
        _, out, _ = run("checkout", "--url", url, "--customer", "b", "--cart", "500")
        assert "list: 250 off" in out
    with Database(db) as database:
        kinds = [event.what for event in Integration(database).events()]
    assert kinds == [
        "initialised",
        "program replaced",
        "enabled",
        "webhook id rotated",
        "webhook id handed over",
        "events sent",
    ]


def test_what_is_refused_at_the_start_makes_no_webhook_id(tmp_path, customers, run):
    db, program = tmp_path / "gokwik.db", tmp_path / "yen.toml"
    refused = ("sandbox", "--program", EXAMPLE, "--db", db, "--port", "0", "--events-to", "shop.example")
    code, out, err = run(*refused)
    assert (code, out, "events need a full URL" in err) == (2, "", True)
    assert not db.exists()
    with Database(db) as database:
        Integration(database).initialise(ns.load_program(Path(EXAMPLE)))
        Wallets(database).add([Customer("other", 1, mobile="9876500001")])
    program.write_text('currency = "JPY"\n', encoding="utf-8")
    for says, arguments in (
        ("belongs to another", ("--program", EXAMPLE, "--customers", customers)),
        ("in INR and the program in JPY", ("--program", program)),
    ):
        code, _, err = run("sandbox", *arguments, "--db", db, "--port", "0", "--new-webhook-id")
        assert (code, says in err) == (2, True)
    with Database(db) as database:
        assert "webhook id rotated" not in [event.what for event in Integration(database).events()]


def test_a_file_of_orders_as_traffic(tmp_path, customers, run):
    orders = tmp_path / "orders.csv"
    pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "customer_id": ["007", "b", "nobody"],
            "ordered_at": ["2026-01-01", "2026-01-02", "2026-01-03"],
            "cart_amount": ["749.95", "500", "500"],
            "redeems": ["true", "false", ""],
            "refunded_at": ["2026-01-05", "", ""],
        }
    ).to_csv(orders, index=False)
    with sandbox("--customers", customers, "--db", tmp_path / "gokwik.db") as (_, url):
        code, out, _ = run("checkout", "--url", url, "--orders", orders, "--program", EXAMPLE)
        assert code == 0
        assert out.splitlines() == [
            "3 orders, 1 took 649 points for 649",
            "1 were refunded whole, which gave back 649",
        ]
        code, out, _ = run("checkout", "--url", url + "x", "--orders", orders)
        assert code == 1
        assert out.splitlines()[-1] == "3 met trouble: There is nothing at this address. (1, 2, 3)"


@pytest.mark.parametrize(("variant", "code", "says"), [("", 0, ""), ("steps_whole", 1, "`steps_whole`")])
def test_parity_over_the_wire(tmp_path, customers, run, monkeypatch, variant, code, says):
    with sandbox("--customers", customers, "--db", tmp_path / "gokwik.db", "--variant", variant) as (_, url):
        over_the_wire = ("--url", url, "--speaks", "nector", "--balances", customers, "--per-second", "2000")
        found, out, err = run("parity", "--program", EXAMPLE, *over_the_wire, "--n", "100")
        assert (found, err) == (code, "")
        # The URL in the environment, where other users of the machine do not see it.
        monkeypatch.setenv("NECTOR_SIM_PARITY_URL", url)
        assert run("parity", "--program", EXAMPLE, *over_the_wire[2:], "--n", "100") == (code, out, "")
        assert says in out
        assert url.rpartition("/")[2] not in out
        for lacking in (["--speaks", "nector"], ["--balances", customers], ["--speaks", "french"]):
            found, _, err = run("parity", "--program", EXAMPLE, "--url", url, *lacking)
            assert (found, "go with each other" in err) == (2, True)


NECTOR = (
    "parity",
    "--program",
    EXAMPLE,
    "--url",
    "http://127.0.0.1:1/hush",
    "--speaks",
    "nector",
    "--balances",
    "x.csv",
)
VISIT = ("checkout", "--url", "http://127.0.0.1:1/hush")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("checkout", "--url", "hush", "--customer", "a", "--cart", "1"), "the URL must be a full one"),
        (("checkout", "--url", "http://127.0.0.1:1/hush", "--cart", "1"), "either --customer or --mobile"),
        (("checkout", "--url", "http://127.0.0.1:1/…hush", "--customer", "a", "--cart", "1"), "write the whole id"),
        ((*VISIT, "--customer", "a"), "--cart 749.95"),
        ((*VISIT, "--customer", "a", "--cart", "-1"), "the cart is no amount"),
        ((*VISIT, "--customer", "a", "--cart", "1", "--timeout", "-1"), "the timeout is -1"),
        ((*VISIT, "--customer", "a", "--cart", "1", "--wallet", "points"), "'points' is not one of"),
        ((*VISIT, "--customer", "a", "--cart", "1", "--program", EXAMPLE), "--program and a single order do not go"),
        ((*VISIT, "--customer", "a", "--revert", "1", "--fails"), "--fails and --revert do not go together"),
        ((*VISIT, "--orders", "o.csv", "--customer", "a", "--cart", "1"), "--customer, --cart and --orders do not"),
        ((*VISIT, "--orders", "o.csv", "--eligible", "1"), "--eligible and --orders do not go together"),
        ((*VISIT, "--customer", "a", "--cart", "1", "--coupon", "some"), "coupon_discount is no amount"),
        ((*NECTOR, "--leave-out", "credits"), "--leave-out: has no effect with --speaks nector"),
        (
            ("parity", "--program", EXAMPLE, "--url", "http://127.0.0.1:1/", "--ours"),
            "--ours: has no effect with --url",
        ),
        (("sandbox", "--program", EXAMPLE, "--db", "x.db", "--port", "99999"), "less than or equal to 65535"),
        (("sandbox", "--program", EXAMPLE, "--db", "x.db", "--customers", "none.csv"), "none.csv does not exist"),
        (("sandbox", "--db", "x.db"), "a program is needed"),
        (("sandbox", "--db", "x.db", "--ledger"), "x.db does not exist"),
        (("sandbox", "--program", EXAMPLE, "--db", "mysql://host/name"), "not a database that is known"),
        (("sandbox", "--program", EXAMPLE, "--db", "x.db", "--variant", "none"), "none of the named choices"),
    ],
)
def test_what_cannot_be_used_is_one_message(run, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*arguments)
    assert code == 2
    assert says in err
    assert "hush" not in err
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_said(run, tmp_path, customers):
    with sandbox("--db", tmp_path / "one.db") as (_, url):
        port = re.search(r":(\d+)/", url).group(1)
        code, _, err = run("sandbox", "--program", EXAMPLE, "--db", tmp_path / "two.db", "--port", port)
    assert (code, f":{port} cannot be listened on" in err) == (2, True)
    with Database(tmp_path / "two.db") as database:
        assert not Integration(database).state.initialised  # no webhook id that nobody saw
        with pytest.raises(ns.InputError, match="from 0 to 65535"):
            serve(application(database), port=65_536)


def test_without_the_extra_it_says_what_to_install(run, tmp_path, monkeypatch):
    import importlib

    def missing(name, *_):
        raise ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy")

    for name in ("Database", "Checkout"):
        monkeypatch.delattr(f"nector_sim.gokwik.{name}", raising=False)
    monkeypatch.setattr(importlib, "import_module", missing)
    code, _, err = run("sandbox", "--program", EXAMPLE, "--db", tmp_path / "x.db")
    assert (code, 'pip install "nector-sim[sandbox]"' in err) == (2, True)
