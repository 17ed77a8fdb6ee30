"""A gateway that only takes reports, on a port of its own."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from nexus_contracts.envelope import CloudEvent


class ReportServer(BaseHTTPRequestHandler):
    """Answers with `status`; keeps what it took."""

    taken: ClassVar[list[CloudEvent]]
    paths: ClassVar[list[str]]
    status: ClassVar[int]

    def do_POST(self) -> None:
        body: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Content-Type"] == "application/cloudevents+json"
        assert body.pop("specversion") == "1.0"
        if self.status == 202:
            self.taken.append(CloudEvent.model_validate(body))
            self.paths.append(self.path)
        error: dict[str, Any] = {"code": "RESOURCE_NOT_FOUND", "message": "there is no such project", "details": {}}
        answer = json.dumps({"success": self.status == 202, "error": error}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests look at what was taken."""


@contextmanager
def report_server() -> Generator[tuple[type[ReportServer], str]]:
    """What was taken, and the server's URL."""
    kind = type("Taking", (ReportServer,), {"taken": [], "paths": [], "status": 202})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kind, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
