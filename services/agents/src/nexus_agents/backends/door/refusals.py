"""How the door says no: as an error of the OpenAI wire, which every client of it understands."""

import json
from collections.abc import Mapping

from aiohttp import web
from pydantic import JsonValue


class DoorRefusal(Exception):
    """Nothing of the message comes from a secret. Clients repeat 429 and 503 and nothing else."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self._headers = headers or {}

    @property
    def body(self) -> dict[str, JsonValue]:
        return {"error": {"code": self.code, "type": "nexus_door", "message": self.message, "param": None}}

    def response(self) -> web.Response:
        text = json.dumps(self.body, ensure_ascii=False)
        return web.Response(status=self.status, text=text, content_type="application/json", headers=self._headers)

    def event(self) -> bytes:
        """For a stream that has begun."""
        return f"data: {json.dumps(self.body, ensure_ascii=False)}\n\n".encode()
