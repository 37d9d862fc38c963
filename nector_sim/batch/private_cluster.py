"""A Dask cluster of this machine that answers nobody else.

Whoever reaches a Dask scheduler runs code as its owner, and on loopback that is every user of the machine. So all talk
is TLS, and both sides must show a certificate that is made for this run and held in memory alone. The web pages that
Dask's scheduler and workers serve to everybody are not started: they have no lock of their own.
"""

from __future__ import annotations

import logging
from typing import Any

from dask.system import CPU_COUNT
from distributed import Nanny, Scheduler, Security, SpecCluster, Worker

_HERE = "127.0.0.1"


class _Pageless:
    """Leaves out the web pages; Dask has no setting for that, and listens even where no page is wanted."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Listen to nobody."""


class PagelessScheduler(_Pageless, Scheduler):
    """A scheduler without web pages."""


class PagelessWorker(_Pageless, Worker):
    """A worker without web pages."""


def private_cluster(workers: int | None = None) -> SpecCluster:
    """Start a cluster of worker processes; to be used as a context manager."""
    # The command line shows what libraries log, and this cluster's comings and goings are nobody's business.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # Made here and handed to the workers through a pipe: it is in no file and on no command line.
    shared = {"host": _HERE, "protocol": "tls://", "security": Security.temporary()}
    worker = {
        "cls": Nanny,
        "options": {
            **shared,
            "worker_class": PagelessWorker,
            "nthreads": 1,
            "silence_logs": logging.CRITICAL,
        },
    }
    return SpecCluster(
        scheduler={"cls": PagelessScheduler, "options": {**shared, "port": 0, "dashboard": False}},
        workers=dict.fromkeys(range(workers or CPU_COUNT), worker),
        worker=worker,
        security=shared["security"],
        silence_logs=logging.CRITICAL,
    )
