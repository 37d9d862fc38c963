"""An offered load: calls leave on time, whatever the answers do, and each waits from when it was due.

Run as a process of its own, so that it does not share the server's interpreter:
``python -m tests.bench.load HOST PORT CLIENTS RATE CALLS`` with the path and then one body a line on standard input;
writes JSON: latencies in seconds, how often each status came, and the answers in the order of the bodies.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def offered(address: str, path: str, calls: list[dict[str, Any]], *, clients: int, rate: float = 0) -> dict[str, Any]:
    """Offer calls from a process of its own; 0 is as fast as the answers come."""
    parts = urlsplit(address)
    command = [sys.executable, "-m", "tests.bench.load", parts.hostname, str(parts.port), str(clients), str(rate)]
    lines = "\n".join([path, *map(json.dumps, calls)])
    root = Path(__file__).parents[2]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=600, cwd=root)
    return dict(json.loads(done.stdout))


async def offer(host: str, port: int, path: str, bodies: list[bytes], *, clients: int, rate: float) -> dict[str, Any]:
    """Offer calls from here, in the shape of bodies."""
    latencies: list[float] = []
    statuses: dict[str, int] = {}
    answers: list[Any] = [None] * len(bodies)
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: ".encode()
    start = time.perf_counter() + 0.2

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for position in range(number, len(bodies), clients):
            due = start + position / rate if rate else time.perf_counter()
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = bodies[position]
            writer.write(head + f"{len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            answers[position] = await reader.readexactly(length)
            latencies.append(time.perf_counter() - due)
            status = answer[9:12].decode()
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    seconds = time.perf_counter() - start
    answers = [json.loads(answer) for answer in answers]
    return {"latencies": latencies, "statuses": statuses, "seconds": seconds, "answers": answers}


def main() -> None:
    host, port, clients, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    path, *bodies = sys.stdin.read().splitlines()
    result = asyncio.run(offer(host, port, path, [body.encode() for body in bodies], clients=clients, rate=rate))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
