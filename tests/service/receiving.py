"""A receiver of webhooks on this machine that behaves as badly as it is told to."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Keeps what it got; `behave` maps a path to what to do."""

    def __init__(self):
        self.got = []
        self.headers = []
        self.paths = []
        self.bodies = []
        self.status = 200
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/hangs":
                    receiver.released.wait(20)
                    return
                if self.path == "/drips":
                    self._drip()
                    return
                receiver.bodies.append(body)
                receiver.headers.append(dict(self.headers))
                receiver.paths.append(self.path)
                receiver.got.append(json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()

            def _drip(self):
                answer = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000
                for byte in answer:
                    if receiver.released.is_set():
                        return
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(0.05)

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A client that hangs up on a hanging receiver is what is tested here.
        self.server.handle_error = lambda *_arguments: None
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
