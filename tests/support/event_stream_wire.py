"""AWS's event streams as a service sends them (application/vnd.amazon.eventstream): frames with two checksums."""

import binascii
import json
import struct
from typing import Any

MEDIA_TYPE = "application/vnd.amazon.eventstream"


def event_frame(name: str, values: dict[str, Any]) -> bytes:
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return _frame(headers, json.dumps(values).encode())


def exception_frame(name: str, message: str) -> bytes:
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return _frame(headers, json.dumps({"message": message}).encode())


def _frame(headers: dict[str, str], payload: bytes) -> bytes:
    told = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(told) + len(payload), len(told))
    checked = prelude + struct.pack(">I", binascii.crc32(prelude)) + told + payload
    return checked + struct.pack(">I", binascii.crc32(checked))


def _header(name: str, value: str) -> bytes:
    text = 7  # the type of a string
    return bytes([len(name)]) + name.encode() + struct.pack(">BH", text, len(value)) + value.encode()
