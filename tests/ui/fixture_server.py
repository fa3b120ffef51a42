"""Serves the pages from the repository with documents made in Python, as an application would.

To look at them without a build: python3 -m ui.fixture_server PORT [SCENARIO] in tests/. With the
address of an application in the place of a scenario, they show that application.
"""

import gzip
import json
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ui.scenarios import SCENARIOS

ROOT = Path(os.environ.get("WALLAROO_SOURCE", Path(__file__).resolve().parents[2]))
DYGRAPHS = Path("/usr/share/javascript/dygraphs")
LIBRARIES = {"dygraph.js": DYGRAPHS / "dygraph.min.js", "dygraph.css": DYGRAPHS / "dygraph.min.css"}
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " object-src 'none'"
)


def asset(path):
    """The file behind a path of the pages, or None."""
    if path == "/":
        return ROOT / "webui/index.html"
    name = path.removeprefix("/ui/")
    if name in LIBRARIES:
        return LIBRARIES[name]
    file = (ROOT / "webui" / name).resolve()
    return (
        file
        if path.startswith("/ui/") and file.is_file() and file.is_relative_to(ROOT / "webui")
        else None
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path.startswith("/api/v1/") and self.server.application:
            self.pass_on()
        elif path.startswith("/api/v1/"):
            self.answer_document(path.removeprefix("/api/v1/"), dict(urllib.parse.parse_qsl(query)))
        elif file := asset(path):
            self.answer(200, TYPES[file.suffix], file.read_bytes())
        else:
            self.answer(404, "text/plain", b"there is no such page\n")

    def answer_document(self, name, query):
        make = self.server.documents.get(name)
        document = make(**query) if make else (404, {"format": 1, "error": f"there is no {name}"})
        status, document = document if isinstance(document, tuple) else (200, document)
        self.answer(
            status, "application/json", json.dumps(document, separators=(",", ":")).encode()
        )

    def pass_on(self):
        """Answers what the application answers."""
        try:
            with urllib.request.urlopen(self.server.application.rstrip("/") + self.path) as answer:
                self.answer(200, answer.headers["Content-Type"], answer.read())
        except urllib.error.HTTPError as error:
            self.answer(error.code, error.headers["Content-Type"], error.read())
        except OSError:
            self.close_connection = True  # as if nobody were there

    def answer(self, status, kind, body):
        body = gzip.compress(body, 1)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class FixtureServer:
    """Serves one scenario, or passes on what an application says. `documents` may be changed while
    it runs."""

    def __init__(self, scenario="busy", port=0):
        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.documents = dict(SCENARIOS.get(scenario, {}))
        self.server.application = scenario if scenario.startswith("http://") else None
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def documents(self):
        return self.server.documents

    def close(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    SERVER = FixtureServer(
        *(sys.argv[2:3] or ["busy"]), port=int(sys.argv[1]) if len(sys.argv) > 1 else 0
    )
    print(SERVER.address, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        SERVER.close()
