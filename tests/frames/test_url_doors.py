"""Every function and command that takes a file takes a URL, or refuses it by name: none takes one for a path."""

import inspect
import io
import typing
from pathlib import Path

import fsspec
import matplotlib.pyplot as plt
import pandas as pd
import pytest

import nector_sim as ns
from nector_sim.cli import COMMANDS, EXPERIMENT
from nector_sim.cli.options import File, here
from nector_sim.errors import InputError
from nector_sim.orders.mapping import load_mapping
from nector_sim.parity.suite import write_cases
from nector_sim.places import Place
from nector_sim.results import Picture

PROGRAM = ns.data_path("programs/gokwik-example-with-earning.toml")
ASSUMPTIONS = ns.data_path("assumptions/example.toml")
ORDERS = """\
order_id,customer_id,ordered_at,cart_amount,points_balance
a,c,2026-11-02T10:00Z,1000.00,100
b,c,2026-11-05T10:00Z,500.00,40
"""
FILES = {
    "program.toml": PROGRAM.read_text(encoding="utf-8"),
    "assumptions.toml": ASSUMPTIONS.read_text(encoding="utf-8"),
    "grid.toml": '"min_payable.amount" = [0, 100]\n',
    "orders.csv": ORDERS,
    "orders.json": '[{"order_id": "a", "cart_amount": "1000"}, {"order_id": "b", "cart_amount": "500"}]',
    "theirs.csv": "Nr,Sum\na,1000\nb,500\n",
    "mapping.toml": '[columns]\norder_id = "Nr"\ncart_amount = "Sum"\n',
    "balances 2026-11-01.csv": "customer_id,points\nc,120\n",
    "opening.csv": "customer_id,points\nc,20\n",
    "grants.csv": "customer_id,granted_at,points\nc,2026-11-01T10:00Z,30\n",
    "refunds.csv": "order_id,refunded_at\nb,2026-11-06T10:00Z\n",
    "record.csv": "order_id,cart_amount,points_balance,points_redeemed,discount\na,1000,100,100,100\n",
    "parts/1.csv": ORDERS,
    "parts/2.csv": ORDERS.replace("\na,", "\nd,").replace("\nb,", "\ne,"),
}


def balances_of(rows):
    return rows["points"].tolist(), rows.attrs["as_of"]


def scored(folder, program, orders, rejects):
    ns.score_files(program, orders, out=folder + "scored.csv", rejects=rejects)
    return Place.of(folder + "scored.csv").read_text()


def replayed(folder, **tables):
    ns.replay_files(folder + "program.toml", folder + "orders.csv", out=folder + "replayed", buckets=1, **tables)
    kept = Place.of(folder + "replayed").files()
    with next(file for file in kept if file.suffix == ".parquet" and "balances" in str(file)).open() as file:
        return pd.read_parquet(file)["points_balance"].tolist()


#: Functions that take URLs, by (function, parameter): each is given the same folder on this machine and at a URL.
READ = {
    ("load_program", "path"): lambda at: ns.load_program(at + "program.toml"),
    ("load_assumptions", "path"): lambda at: ns.load_assumptions(at + "assumptions.toml"),
    ("load_grid", "path"): lambda at: ns.load_grid(at + "grid.toml"),
    ("load_mapping", "path"): lambda at: load_mapping(at + "mapping.toml"),
    ("wherever a program is asked for", ""): lambda at: ns.quote(
        at + "program.toml", cart_amount=500, points_balance=100
    ),
    ("wherever assumptions are asked for", ""): lambda at: ns.order_margin(at + "assumptions.toml", cart_amount=500),
    ("wherever a grid is asked for", ""): lambda at: ns.sweep(
        PROGRAM, pd.read_csv(io.StringIO(ORDERS)), grid=at + "grid.toml", assumptions=ASSUMPTIONS
    )["discount"].tolist(),
    ("read_orders", "source"): lambda at: ns.read_orders(at + "orders.csv", currency="INR").to_dict("list"),
    ("read_orders", "a folder"): lambda at: ns.read_orders(at + "parts", currency="INR").to_dict("list"),
    ("read_orders", "a pattern"): lambda at: ns.read_orders(at + "parts/*.csv", currency="INR").to_dict("list"),
    ("read_orders", "a list"): lambda at: ns.read_orders(
        [at + "parts/1.csv", at + "parts/2.csv"], currency="INR"
    ).to_dict("list"),
    ("read_orders", "json"): lambda at: ns.read_orders(at + "orders.json", currency="INR").to_dict("list"),
    ("inspect_orders", "source"): lambda at: ns.inspect_orders(at + "orders.csv", currency="INR").orders.to_dict(
        "list"
    ),
    ("inspect_orders", "mapping"): lambda at: ns.inspect_orders(
        at + "theirs.csv", currency="INR", mapping=at + "mapping.toml"
    ).orders.to_dict("list"),
    ("inspect_orders", "balances"): lambda at: (
        ns.inspect_orders(at + "orders.csv", currency="INR", balances=at + "balances 2026-11-01.csv")
        .orders["points_balance"]
        .tolist()
    ),
    ("propose_mapping", "source"): lambda at: ns.propose_mapping(at + "theirs.csv").toml(),
    ("read_balances", "source"): lambda at: balances_of(ns.read_balances(at + "balances 2026-11-01.csv")),
    ("read_balances", "mapping"): lambda at: balances_of(
        ns.read_balances(at + "balances 2026-11-01.csv", mapping=at + "balances.toml")
    ),
    ("score_files", "orders"): lambda at: scored(at, PROGRAM, at + "orders.csv", at + "rejects.csv"),
    ("replay_files", "opening"): lambda at: replayed(
        at, opening=at + "opening.csv", grants=at + "grants.csv", refunds=at + "refunds.csv"
    ),
    ("check_parity", "orders"): lambda at: str(ns.check_parity(PROGRAM, at + "record.csv")),
}
FILES["balances.toml"] = '[columns]\ncustomer_id = "customer_id"\npoints = "points"\n'
#: Read or written in a row above, beside what it names.
ALONG = {
    ("score_files", "out"),
    ("score_files", "rejects"),
    ("replay_files", "orders"),
    ("replay_files", "out"),
    ("replay_files", "grants"),
    ("replay_files", "refunds"),
}


@pytest.fixture
def folders(tmp_path):
    """The same files on this machine and at a URL."""
    store = fsspec.filesystem("memory")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        store.pipe(f"/doors/{name}", text.encode())
    yield f"{tmp_path}/", "memory://doors/"
    store.store.clear()


@pytest.mark.parametrize("door", READ, ids=" ".join)
def test_a_url_is_read_as_the_same_file_here(folders, door, recwarn):
    here_, there = folders
    assert READ[door](there) == READ[door](here_)


def test_cases_are_written_to_a_url(folders):
    for at in folders:
        write_cases(at + "cases.jsonl", n=5, seed=1)
    here_, there = (Place.of(at + "cases.jsonl").read_text() for at in folders)
    assert (here_ == there, len(there.splitlines())) == (True, 5)


@pytest.mark.parametrize("door", READ, ids=" ".join)
def test_a_url_without_a_file_is_named(door):
    with pytest.raises(InputError, match=r"memory://nowhere/\S+ ?.*(does not exist|fits no file)"):
        READ[door]("memory://nowhere/")


URL = "s3://shop:s3cret@bucket/file.csv"
HISTORY = pd.DataFrame(
    {
        "order_id": [f"o{n}" for n in range(60)],
        "customer_id": [f"c{n % 30}" for n in range(60)],
        "ordered_at": pd.date_range("2026-01-01", periods=60, tz="UTC"),
        "cart_amount": 500,
    }
)
#: Functions that take files of this machine alone, each given a URL.
REFUSED = {
    ("inspect_orders", "key_file"): lambda: ns.inspect_orders(
        pd.DataFrame({"order_id": ["1"], "cart_amount": ["5"], "email": ["a@b.example"]}), currency="INR", key_file=URL
    ),
    ("read_balances", "key_file"): lambda: ns.read_balances(
        pd.DataFrame({"email": ["a@b.example"], "points": [5]}), key_file=URL
    ),
    ("assign_experiment", "key_file"): lambda: ns.assign_experiment(HISTORY, start="2026-02-15", key_file=URL),
    ("export", "out"): lambda: ns.export(ns.load_program(PROGRAM), to="sql", out=URL),
    ("Picture.save", "path"): lambda: Picture(plt.figure().subplots()).save(URL),
    ("ExperimentAssignment.save", "path"): lambda: ns.ExperimentAssignment.save(None, URL),
    ("Report.save", "path"): lambda: ns.Report.save(None, URL),
    ("Simulated.shopify_export", "path"): lambda: simulated().shopify_export(URL),
    ("Simulated.balance_file", "path"): lambda: simulated().balance_file(URL),
}


def simulated():
    return ns.simulate(
        ns.Shop(customers_per_month=20, months=2, established_months=0), ns.load_program(PROGRAM), seed=1
    )


@pytest.mark.parametrize("door", REFUSED, ids=" ".join)
def test_a_url_is_refused_by_name_where_only_this_machine_will_do(door, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"s3://shop:\*\*\*@bucket/file\.csv is a URL, and this is a file of this"):
        REFUSED[door]()
    plt.close("all")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["score", "replay", "check_orders", "summarize", "margins", "liability"])
def test_a_url_where_a_table_is_asked_for_is_refused_with_the_way_on(name):
    given = {"score": (PROGRAM, URL), "replay": (ns.load_program(PROGRAM), URL)}.get(name, (URL,))
    believed = {"assumptions": ASSUMPTIONS}
    more = {"summarize": believed, "margins": believed, "liability": {"program": PROGRAM, "at": "2026-12-01"}}
    with pytest.raises(
        InputError, match=r"are a str; give a pandas frame, .* or the path of a file where|give a replay"
    ):
        getattr(ns, name)(*given, **more.get(name, {}))


def test_every_public_parameter_that_takes_a_path_is_in_a_table_above():
    taken = set()
    for name in ns.__all__:
        thing = getattr(ns, name)
        functions = {name: thing}
        if inspect.isclass(thing):
            functions = {f"{name}.{part}": one for part, one in vars(thing).items() if inspect.isfunction(one)}
        for called, function in functions.items():
            if inspect.isfunction(function) and "._" not in called:
                parameters = inspect.signature(function).parameters.values()
                files = [p.name for p in parameters if "Path" in str(p.annotation)]
                taken |= {(called, p) for p in files}
                taken |= {(called, p.name) for p in parameters if p.name in ("source", "mapping", "balances")}
    taken -= {("liability", "source"), ("RuleExplorer.use_orders", "orders")}  # which take tables alone
    assert taken - READ.keys() - ALONG - REFUSED.keys() == set()


@pytest.mark.parametrize("path", [Path("s3://bucket/orders.csv"), "memory:/orders.csv"])
def test_a_url_of_which_pathlib_left_one_slash_is_refused_by_name(path):
    with pytest.raises(InputError, match=r"of which pathlib left one slash; give it as text"):
        ns.read_orders(path, currency="INR")
    with pytest.raises(InputError, match=r"left one slash|this machine"):
        ns.export(ns.load_program(PROGRAM), to="sql", out=path)


@pytest.mark.parametrize("name", [*COMMANDS, *(f"experiment {name}" for name in EXPERIMENT)])
def test_no_command_makes_a_path_of_a_url(name):
    function = (EXPERIMENT if name.startswith("experiment ") else COMMANDS)[name.rpartition(" ")[2]]
    for parameter, hint in typing.get_type_hints(function, include_extras=True).items():
        if not hasattr(hint, "__metadata__"):
            continue
        kinds = {hint.__origin__, *typing.get_args(hint.__origin__)}
        kinds |= {inner for kind in kinds for inner in typing.get_args(kind)}
        parser = hint.__metadata__[0].parser
        if Path in kinds:
            assert parser is here, parameter
        assert (File in kinds) == (parser is File), parameter


def test_commands_take_urls_for_their_files(run, folders, tmp_path):
    _, there = folders
    done = {
        "quote": ["--program", there + "program.toml", "--cart", "500", "--balance", "100"],
        "export": ["--program", there + "program.toml", "--to", "sql"],
        "compare": [
            *(there + "orders.csv", "--baseline", there + "program.toml", "--candidate", there + "program.toml"),
            *("-a", there + "assumptions.toml", "--resamples", "0", "--opening", there + "opening.csv"),
            *("--grants", there + "grants.csv", "--refunds", there + "refunds.csv"),
        ],
        "liability": [there + "orders.csv", "-p", there + "program.toml", "--out", there + "owed.csv"],
        "replay": [there + "orders.csv", "-p", there + "program.toml", "--out", there + "r", "--buckets", "1"],
        "parity": [there + "record.csv", "--program", there + "program.toml"],
    }
    for command, arguments in done.items():
        assert run(command, *arguments)[::2] == (0, ""), command
    code, _, said = run("export", "--program", PROGRAM, "--to", "sql", "--out", "s3://bucket/x.sql")
    assert (code, "s3://bucket/x.sql is a URL, and this is a file of this machine alone" in said) == (2, True)
