"""An offered load: calls leave on time, whatever the answers do, and each waits from when it was due.

Run as a process of its own, so that it does not share the server's interpreter:
``python -m tests.bench.load HOST PORT CLIENTS RATE CALLS`` with the path and then one body a line on standard input;
writes latencies in seconds and the statuses as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any


async def offer(host: str, port: int, path: str, bodies: list[bytes], *, clients: int, rate: float) -> dict[str, Any]:
    """Offer calls at a rate a second from so many connections; 0 is as fast as the answers come."""
    latencies: list[float] = []
    statuses: dict[str, int] = {}
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
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - due)
            status = answer[9:12].decode()
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return {"latencies": latencies, "statuses": statuses, "seconds": time.perf_counter() - start}


def main() -> None:
    host, port, clients, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    path, *bodies = sys.stdin.read().splitlines()
    result = asyncio.run(offer(host, port, path, [body.encode() for body in bodies], clients=clients, rate=rate))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
