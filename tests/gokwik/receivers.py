"""A small server on loopback that answers as a test tells it, and remembers what it was sent."""

import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Answers each request with the next of its plans; the last plan stays.

    A plan is a status, bytes (a body with status 200), a number of seconds to wait before 200, a list of texts (the
    raw answer, a tenth of a second apart), or None: close the connection without an answer.
    """

    def __init__(self, plans):
        self.plans = list(plans)
        self.requests = []
        self.url = ""

    def next_plan(self):
        return self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]


@contextmanager
def receiving(*plans):
    receiver = Receiver(plans)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append((dict(self.headers), body, time.monotonic()))
            plan = receiver.next_plan()
            if plan is None:
                self.close_connection = True
                return
            if isinstance(plan, list):
                self.close_connection = True
                with suppress(OSError):
                    for text in plan:
                        self.wfile.write(text.encode())
                        time.sleep(0.1)
                return
            if isinstance(plan, float):
                time.sleep(plan)
            answer = plan if isinstance(plan, bytes) else b"{}"
            self.send_response(plan if isinstance(plan, int) else 200)
            self.send_header("content-length", str(len(answer)))
            if plan == 307:
                self.send_header("location", receiver.url + "/elsewhere")
            with suppress(OSError):  # who waited may have gone
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
