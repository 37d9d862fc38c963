"""URLs with secrets: used as they are, and shown and stored without them."""

import fsspec
import polars as pl
import pytest

import nector_sim as ns
from nector_sim.errors import InputError
from nector_sim.places import Place
from nector_sim.urls import masked

SECRETS = ("s3cret", "SIGNATURE")
PLAIN = "order_id,cart_amount,points_balance\na,500,300\nb,-1,3\n"
LOGIN, SIGNED = "memory://shop:s3cret@host/orders.csv", "memory://bucket/signed.csv?sig=SIGNATURE.x/y&se=2026"


@pytest.fixture
def store():
    store = fsspec.filesystem("memory")
    for url in (LOGIN, SIGNED):
        store.pipe(url.removeprefix("memory:/"), PLAIN.encode())
    yield store
    store.store.clear()


@pytest.fixture
def program():
    return ns.data_path("programs/gokwik-example.toml")


@pytest.mark.parametrize("url", [LOGIN, SIGNED])
@pytest.mark.parametrize("out", ["scored.csv", "scored"])
def test_orders_are_read_and_no_secret_is_printed_or_stored(run, store, program, tmp_path, url, out):
    code, *said = run("score", url, "-p", program, "--out", tmp_path / out, "--rejects", tmp_path / "rejects.csv")
    assert code == 1, said
    assert "2 read, 1 scored" in said[0]
    again = run("score", url, "-p", program, "--out", tmp_path / out)
    twice = run("score", url, url, "-p", program, "--out", tmp_path / "other")
    assert twice[0] == 2
    assert "is given twice" in twice[2]
    files = [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    shown = "".join([*said, *again[1:], *twice[1:], *files])
    assert not [secret for secret in SECRETS if secret in shown]
    assert masked(url) in (tmp_path / f"{out}.manifest.json").read_text()


@pytest.mark.parametrize(
    "orders", ["memory://shop:s3cret@host/nothing.csv", "memory://bucket/nothing.csv?sig=SIGNATURE", LOGIN + ".txt"]
)
@pytest.mark.parametrize("command", ["score", "replay", "sweep", "check"])
def test_no_refusal_shows_a_secret(run, store, program, tmp_path, command, orders):
    (tmp_path / "grid.toml").write_text('"min_payable.amount" = [0, 100]\n')
    assumptions = ns.data_path("assumptions/example.toml")
    more = ["--grid", tmp_path / "grid.toml", "-a", assumptions] if command == "sweep" else []
    code, out, err = run(command, orders, "--program", program, "--out", tmp_path / "out.parquet", *more)
    assert code == 2
    assert not [secret for secret in SECRETS if secret in out + err]


@pytest.mark.parametrize("url", [LOGIN, SIGNED])
def test_check_takes_a_url_as_the_others_do(run, store, program, tmp_path, url):
    code, out, err = run("check", url, "--program", program, "--out", tmp_path / "orders.parquet")
    assert (code, len(pl.read_parquet(tmp_path / "orders.parquet"))) == (1, 1)
    assert not [secret for secret in SECRETS if secret in out + err]
    assert "signed.csv" in out or "orders.csv" in out
    store.pipe("/bucket/p.toml", program.read_bytes())
    assert run("check", "memory://bucket/p.toml")[0] in (0, 1)


def test_results_go_to_no_url_with_a_query(run, store, program, tmp_path):
    (tmp_path / "orders.csv").write_text(PLAIN)
    for option in ("--out", "--rejects"):
        places = {"--out": tmp_path / "out.csv", option: "memory://bucket/out.csv?sig=SIGNATURE"}
        given = [part for pair in places.items() for part in pair]
        code, _, err = run("score", tmp_path / "orders.csv", "--program", program, *given)
        assert code == 2
        assert "?*** has a query" in err
    assert not (tmp_path / "out.csv").exists()


def test_replays_and_sweeps_say_where_they_wrote_without_the_password(run, store, program, tmp_path):
    frame = pl.DataFrame({"order_id": ["a"], "customer_id": ["c"], "ordered_at": ["2026-01-01"], "cart_amount": ["5"]})
    frame.write_parquet(tmp_path / "orders.parquet")
    out = "memory://shop:s3cret@host/replayed"
    code, said, _ = run("replay", tmp_path / "orders.parquet", "--program", program, "--buckets", 1, "--out", out)
    assert code == 0
    assert "memory://shop:***@host/replayed" in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://nector:p@ss/word@host/db", "postgresql://nector:***@host/db"),
        ("https://token@example.com/a.csv", "https://***@example.com/a.csv"),
        ("https://example.com/a.csv?sig=1&b=2", "https://example.com/a.csv?***"),
        ("s3://bucket/part-?.csv", "s3://bucket/part-?.csv"),
        ("orders.csv, row 3: 5?", "orders.csv, row 3: 5?"),
    ],
)
def test_what_is_shown(url, shown):
    assert masked(url) == shown
    assert str(InputError(f"{url} is no good")) == f"{shown} is no good"


def test_the_ending_is_that_of_the_path():
    assert Place.of("https://example.com/a.CSV?sig=x.parquet").suffix == ".csv"
    assert Place.of("s3://bucket/part-?.parquet").suffix == ".parquet"
    assert "s3cret" not in repr(Place.of(LOGIN))


def test_the_database_of_the_sandbox_may_come_by_variable(run, monkeypatch):
    monkeypatch.setenv("NECTOR_SIM_DB", "oracle://nector:s3cret@host/db")
    code, out, err = run("sandbox", "--ledger")
    assert code == 2
    assert "oracle is not a database that is known here" in err
    assert "s3cret" not in out + err


def test_the_folder_of_a_lake_table_is_no_folder_of_orders(run, store, program, tmp_path):
    """Its files are of all versions, so rows that were deleted would count."""
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    (tmp_path / "delta" / "_delta_log" / "00000000000000000000.json").write_text("{}")
    (tmp_path / "delta" / "part-0.csv").write_text(PLAIN)
    for name, text in (("data/part-0.csv", PLAIN), ("metadata/00000-a.metadata.json", "{}")):
        store.pipe(f"/bucket/iceberg/{name}", text.encode())
    for orders, kind in ((tmp_path / "delta", "Delta"), ("memory://bucket/iceberg", "Iceberg")):
        code, _, err = run("score", orders, "--program", program, "--out", tmp_path / "out")
        assert (code, f"is a table of {kind}, whose folder" in err) == (2, True), err
    # A folder of that name alone is a shop's own.
    store.pipe("/bucket/plain/metadata/orders.csv", PLAIN.encode())
    assert run("score", "memory://bucket/plain", "--program", program, "--out", tmp_path / "out")[0] == 1
