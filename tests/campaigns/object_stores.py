"""Runs against an object store that fails now and then: ``python -m tests.campaigns.object_stores MOTO_SERVER``.

MOTO_SERVER is the program of that name (``pip install "moto[server]"``, in an environment of its own), which speaks
S3's own API over HTTP on loopback. Between it and the commands stands a proxy, which answers some calls with 500 or
503, resets some connections before the call or after it, and delays some answers. Scores, replays and runs that are
killed must give what they give on this machine, and nothing may show the key.
"""

import http.client
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import polars as pl
import s3fs

import nector_sim as ns

KEY, SECRET = "shop", "s3cr3t-of-the-store"
PROGRAM, EARNING = (ns.data_path(f"programs/gokwik-example{kind}.toml") for kind in ("", "-with-earning"))
ROWS, CUSTOMERS = 600_000, 20_000
#: Share of the calls that something happens to, what, and seconds of a slow answer.
FAILING, WAYS, DELAY = 0.05, ("500", "503", "reset before", "reset after", "slow"), 3.0
FAULT = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>the proxy of the campaign</Message></Error>"


def main(moto):
    with tempfile.TemporaryDirectory() as name, server(moto) as port, proxy(port) as (front, happened):
        folder = Path(name)
        # Multi-part uploads of 5 MB, S3's least, so that there are some.
        (folder / "settings").mkdir()
        (folder / "settings" / "s3.json").write_text(json.dumps({"s3": {"default_block_size": 5 * 2**20}}))
        shop = Shop(folder, port, front)
        orders = history()
        (folder / "orders").mkdir()
        for part in range(3):
            some = orders[part * ROWS // 3 : (part + 1) * ROWS // 3]
            some.write_parquet(folder / "orders" / f"{part}.parquet", row_group_size=50_000)
        orders[:50_000].write_csv(folder / "some.csv")
        shop.store.mkdir("shop")
        shop.store.put(str(folder / "orders"), "shop/orders", recursive=True)
        shop.store.put(str(folder / "some.csv"), "shop/some.csv")
        for check in (scores, replays, killed, refused):
            happened.clear()
            said = check(shop)
            print(f"{said} ({', '.join(f'{n} {way}' for way, n in sorted(happened.items()))})", flush=True)
        shown = "".join([*shop.said, *(shop.store.cat(name).decode(errors="replace") for name in shop.names())])
        assert SECRET not in shown
        print("the key is in no output and no object")


def history():
    """Orders of a shop; every 97th has a cart below 0 where they are scored."""
    rng = np.random.default_rng(3)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    carts = rng.integers(5000, 300_000, ROWS)
    return pl.DataFrame(
        {
            "order_id": [f"o{row}" for row in range(ROWS)],
            "customer_id": [f"c{customer}" for customer in rng.integers(0, CUSTOMERS, ROWS)],
            "ordered_at": pl.Series(rng.integers(0, 200 * 86_400, ROWS)) * timedelta(seconds=1) + start,
            "cart_amount": pl.Series([f"{cart / 100:.2f}" for cart in carts.tolist()]).cast(pl.Decimal(12, 2)),
            "points_balance": [None if row % 97 == 0 else row % 3000 for row in range(ROWS)],
        }
    )


class Shop:
    """Commands with the store's settings in their environment, and the store itself, without the proxy."""

    def __init__(self, folder, port, front):
        self.folder, self.said = folder, []
        self.environment = os.environ | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{front}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "ap-south-1",
            "FSSPEC_CONFIG_DIR": str(folder / "settings"),
        }
        self.store = s3fs.S3FileSystem(
            key=KEY, secret=SECRET, endpoint_url=f"http://127.0.0.1:{port}", use_listings_cache=False
        )

    def begin(self, *words, **environment):
        return subprocess.Popen(
            [sys.executable, "-m", "nector_sim", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=self.environment | environment,
        )  # fmt: skip

    def run(self, *words, code=0, **environment):
        done = self.begin(*words, **environment)
        said, _ = done.communicate()
        self.said.append(said)
        assert done.returncode == code, said
        return said

    def names(self):
        return self.store.find("shop")

    def objects(self, under):
        """The bytes of all objects below a name, under the rest of theirs."""
        return {name.removeprefix(f"shop/{under}/"): self.store.cat(name) for name in self.store.find(f"shop/{under}")}

    def manifest(self, out):
        return json.loads(self.store.cat(f"shop/{out}.manifest.json"))


def here(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def manifest(out):
    return json.loads(out.with_name(f"{out.name}.manifest.json").read_text())


def scores(shop):
    """A folder of parts, and single files; each with its rejects."""
    for orders, out, more in (
        ("orders", "scored", ("--part-rows", 150_000)),
        ("orders", "scored.parquet", ()),
        ("some.csv", "scored.csv", ()),
    ):
        local = shop.folder / out
        how = ("--program", PROGRAM, *more)
        shop.run("score", shop.folder / orders, *how, "--out", local, "--rejects", shop.folder / "r.csv", code=1)
        shop.run(
            "score", f"s3://shop/{orders}", *how, "--out", f"s3://shop/{out}", "--rejects", "s3://shop/r.csv", code=1
        )
        assert shop.store.cat("shop/r.csv") == (shop.folder / "r.csv").read_bytes()
        assert shop.manifest(out)["totals"] == manifest(local)["totals"]
        assert shop.manifest(out)["rows"] == manifest(local)["rows"]
        assert all(one["name"].startswith("s3://shop/") for one in shop.manifest(out)["inputs"])
        if local.is_dir():
            assert shop.objects(out) == here(local)
            assert len(here(local)) == 3
        else:
            assert shop.store.cat(f"shop/{out}") == local.read_bytes()
    assert not [name for name in shop.names() if "unfinished" in name]
    return f"scores: {ROWS:,} orders into a folder, a Parquet file and a CSV, with the bytes of this machine"


def replays(shop):
    how = ("--program", EARNING, "--buckets", 5)
    shop.run("replay", shop.folder / "orders", *how, "--out", shop.folder / "replayed")
    shop.run("replay", "s3://shop/orders", *how, "--out", "s3://shop/replayed")
    assert shop.objects("replayed") == here(shop.folder / "replayed")
    assert shop.manifest("replayed")["totals"] == manifest(shop.folder / "replayed")["totals"]
    again = shop.run("replay", "s3://shop/orders", *how, "--out", "s3://shop/replayed")
    assert "is there already" in again
    assert not [name for name in shop.names() if "unfinished" in name]
    return "replays: five buckets, with the bytes of this machine"


def killed(shop):
    """Runs that are killed while they write, which the same command ends."""
    luck, kills = random.Random(5), 0
    for words, out, unbroken in (
        (("score", "s3://shop/orders", "--program", PROGRAM, "--part-rows", 50_000), "killed", "scored in 12"),
        (("replay", "s3://shop/orders", "--program", EARNING, "--buckets", 5), "replay killed", "replayed"),
    ):
        local = shop.folder / unbroken
        if not local.exists():
            shop.run("score", shop.folder / "orders", *words[2:], "--out", local, code=1)
        for _ in range(3):
            run = shop.begin(*words, "--out", f"s3://shop/{out}")
            while run.poll() is None and not shop.store.find(f"shop/{out}.unfinished"):
                time.sleep(0.05)
            time.sleep(luck.random() * 3)
            kills += run.poll() is None
            run.send_signal(signal.SIGKILL)
            shop.said.append(run.communicate()[0])
        shop.run(*words, "--out", f"s3://shop/{out}", code=int(words[0] == "score"))
        assert shop.objects(out) == here(local)
        assert shop.manifest(out)["totals"] == manifest(local)["totals"]
    assert kills
    assert not [name for name in shop.names() if "unfinished" in name]
    return f"killed: {kills} times in a score and a replay, and the same command ended each with the same bytes"


def refused(shop):
    """What cannot be reached is one message."""
    how = ("--program", PROGRAM, "--out", "s3://shop/none")
    said = shop.run("score", "s3://shop/nothing.parquet", *how, code=2)
    assert "s3://shop/nothing.parquet does not exist" in said, said
    said += shop.run("score", "s3://shop/orders", "--program", PROGRAM, "--out", "s3://nobody/none", code=2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    said += shop.run("score", "s3://shop/orders", *how, code=2, AWS_ENDPOINT_URL=f"http://127.0.0.1:{closed}")
    said += shop.run("score", "s3://shop/orders", *how, code=2, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert "Traceback" not in said, said
    assert all(line.startswith("nector-sim: ") for line in said.splitlines()), said
    return "refused: " + "; ".join(line.removeprefix("nector-sim: ")[:110] for line in said.splitlines())


@contextmanager
def server(moto):
    """Moto's S3 on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = subprocess.Popen(
        [moto, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        run.terminate()
        run.wait()


@contextmanager
def proxy(port):
    """A proxy before a port, through which some calls fail; gives its own, and what happened."""
    luck, happened = random.Random(7), Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def call(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            way = luck.choice(WAYS) if luck.random() < FAILING else "passed"
            happened[way] += 1
            if way in ("500", "503"):
                self.answer(int(way), {}, FAULT % (b"InternalError" if way == "500" else b"SlowDown"))
                return
            if way == "reset before":
                self.reset()
                return
            store = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            store.request(self.command, self.path, body, dict(self.headers))
            came = store.getresponse()
            content = came.read()
            if way == "reset after":
                self.reset()
                return
            if way == "slow":
                time.sleep(DELAY)
            left_out = ("transfer-encoding", "connection", "content-length", "date", "server")
            headers = {name: value for name, value in came.getheaders() if name.lower() not in left_out}
            length = came.getheader("Content-Length") if self.command == "HEAD" else len(content)
            self.answer(came.status, headers | {"Content-Length": str(length or 0)}, content)
            store.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = call

        def answer(self, status, headers, content):
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content if self.command != "HEAD" else b"")

        def reset(self):
            """Close the line at once, so that the other side sees a reset."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def log_message(self, *_):
            """Say nothing."""

        def handle(self):
            try:
                super().handle()
            except (OSError, ValueError):  # the line was reset, or the other side was killed
                self.close_connection = True

        def finish(self):
            try:
                super().finish()
            except (OSError, ValueError):
                self.close_connection = True

    front = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    front.daemon_threads = True
    threading.Thread(target=front.serve_forever, daemon=True).start()
    try:
        yield front.server_address[1], happened
    finally:
        front.shutdown()
        front.server_close()


if __name__ == "__main__":
    main(sys.argv[1])
