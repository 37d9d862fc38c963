"""The cluster that a run on this machine starts: nobody else is answered, and workers that die lose nothing."""

import os
import signal
import socket
import ssl
from contextlib import suppress

import polars as pl
import pytest

import nector_sim as ns
from nector_sim.batch import cluster, inputs
from nector_sim.batch.cluster import dask_client, dask_engine, dask_runner
from nector_sim.batch.runs import score_files
from nector_sim.errors import InputError
from tests.listening import listeners

PROGRAM = ns.load_program(ns.data_path("programs/gokwik-example.toml"))


def test_a_cluster_of_this_machine(tmp_path, monkeypatch):
    """All in one test, since starting the workers is what takes long."""
    monkeypatch.setattr(inputs, "PIECE_ROWS", 100)
    monkeypatch.setattr(cluster, "WAIT", 600)  # on a busy machine a worker's successor is long in coming
    orders = pl.DataFrame({"order_id": [f"o{row}" for row in range(1200)], "points_balance": range(1200)})
    orders = orders.with_columns(cart_amount=pl.Series(range(100, 1300)).cast(pl.Decimal(12, 2)))
    orders.write_parquet(tmp_path / "orders.parquet", row_group_size=100)
    before = listeners(os.getpid())
    with dask_client(workers=2) as client:
        answers_nobody_else(listeners(os.getpid()) - before)
        for killed in (1, 2):  # one, whose work the other takes over, and both, whose successors go on
            loses_nothing(client, tmp_path, killed)
        monkeypatch.setattr(cluster, "TRIES", 1)
        with pytest.raises(InputError, match="workers of the Dask cluster"):
            list(dask_runner(client)(end_the_worker, None, [0]))
    assert listeners(os.getpid()) == before


def answers_nobody_else(addresses):
    """On loopback alone, and a dialler without this run's certificate is sent away, in clear and in TLS."""
    assert len(addresses) == 5  # the scheduler, and of each worker its process and the one that watches it
    assert {host for host, _ in addresses} == {"127.0.0.1"}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for address in addresses:
        with socket.create_connection(address, timeout=60) as line, suppress(ConnectionResetError):
            line.sendall(b"{" * 64)
            assert line.recv(100)[:1] in (b"", b"\x15")  # closed, or TLS's own alert
        with (
            pytest.raises(ssl.SSLError, match="CERTIFICATE"),
            socket.create_connection(address, timeout=60) as line,
            context.wrap_socket(line) as talk,
        ):
            talk.recv(1)


def loses_nothing(client, folder, how_many):
    local, dask = folder / f"local {how_many}", folder / f"dask {how_many}"
    report = score_files(PROGRAM, folder / "orders.parquet", out=local, part_rows=100)
    client.wait_for_workers(2, timeout=600)
    killed = []

    def kill(done, _):
        if done and not killed:
            killed.extend(sorted(client.run(os.getpid).values())[:how_many])
            for pid in killed:
                os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    same = score_files(
        PROGRAM, folder / "orders.parquet", out=dask, part_rows=100, engine=dask_engine(client), progress=kill
    )
    assert len(killed) == how_many
    assert same == report
    assert [file.name for file in sorted(dask.iterdir())] == [file.name for file in sorted(local.iterdir())]
    assert all((dask / file.name).read_bytes() == file.read_bytes() for file in local.iterdir())


def end_the_worker(_, number):
    os._exit(1)
