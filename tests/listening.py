"""Which sockets a process and its children listen on."""

from contextlib import suppress

import psutil


def listeners(pid):
    """Addresses and ports, TCP and UDP alike, that the tree of processes below and with `pid` answers on."""
    found = set()
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                found.update(
                    (one.laddr.ip, one.laddr.port)
                    for one in process.net_connections()
                    if one.laddr and (one.status == psutil.CONN_LISTEN or (one.type == 2 and not one.raddr))
                )
    return found
