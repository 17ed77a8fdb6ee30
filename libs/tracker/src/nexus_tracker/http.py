"""Reports over HTTP, for systems that cannot reach the platform's Kafka."""

import asyncio
import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from nexus_contracts.envelope import CloudEvent
from nexus_tracker.transport import SEND_SECONDS, Rejected, Unconfirmed

TEMPORARY = {408, 425, 429}
"""Statuses of the 4xx family that mean: try again later."""


class HttpTransport:
    """Posts to the gateway at `url`, which answers when the report is durable."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def send(self, event: CloudEvent) -> None:
        await asyncio.to_thread(self._post, event)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _post(self, event: CloudEvent) -> None:
        body = {"specversion": "1.0", **event.model_dump(mode="json", exclude_none=True)}
        request = urllib.request.Request(
            f"{self._url}/api/v1/projects/{event.subject}/reports",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/cloudevents+json"},
        )
        try:
            urllib.request.urlopen(request, timeout=SEND_SECONDS).close()
        except urllib.error.HTTPError as error:
            with error:
                reason = f"{self._url} answered {error.code}: {_reason(error)}"
            if 400 <= error.code < 500 and error.code not in TEMPORARY:
                raise Rejected(reason) from None
            raise Unconfirmed(reason) from None
        except (OSError, HTTPException) as error:
            raise Unconfirmed(f"{self._url} does not answer: {error}") from error


def _reason(error: urllib.error.HTTPError) -> str:
    """The reason that the platform's error envelope gives, or else the reason phrase of HTTP."""
    try:
        answer: Any = json.load(error)
        faults = [f"{fault['location']}: {fault['message']}" for fault in answer["error"]["details"].get("errors", [])]
        return "; ".join([str(answer["error"]["message"]), *faults])
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return str(error.reason)
