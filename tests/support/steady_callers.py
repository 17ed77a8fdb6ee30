"""Callers that ask all the time, each one thing, and note what every answer was and how long it took."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from tests.support.client import REQUIREMENT, Answer, Client

PAUSE_SECONDS = 0.02
Ask = Callable[[], Awaitable[Answer]]


@dataclass
class SteadyCallers:
    """`client` keeps its connections; every other caller makes a new one for each request.

    `slowest`: seconds, by what was asked. `lost`: answers other than of success, and requests without any.
    """

    client: Client
    agent_id: str
    slowest: dict[str, float] = field(default_factory=dict[str, float])
    asked: dict[str, int] = field(default_factory=dict[str, int])
    lost: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def asking(self) -> AsyncGenerator[None]:
        """While the block lasts; at its end each has its last answer."""
        over = asyncio.Event()
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
            each = {"kept": self.client, "new": Client(session, self.client.base_url)}
            tasks = [
                asyncio.create_task(self._keep_asking(f"{name}, {how} connection", ask, over))
                for how, client in each.items()
                for name, ask in self._questions(client).items()
            ]
            try:
                yield
            finally:
                over.set()
                await asyncio.gather(*tasks)

    def _questions(self, client: Client) -> dict[str, Ask]:
        project = {"requirement": REQUIREMENT, "auto_start": False}
        invoke = f"/api/v1/agents/{self.agent_id}/invoke"
        return {
            "create": lambda: client.post("/api/v1/projects", project),
            "invoke": lambda: client.post(invoke, {"input_text": "What is 6 * 7?"}),
            "agent": lambda: client.get(f"/api/v1/agents/{self.agent_id}"),
            "list": lambda: client.get("/api/v1/projects?limit=5"),
            "figures": lambda: client.get("/api/v1/statistics/overview"),
        }

    async def _keep_asking(self, name: str, ask: Ask, over: asyncio.Event) -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                answer = await ask()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.lost.append(f"{name}: {error!r}")
            else:
                if answer.status not in (200, 201):
                    self.lost.append(f"{name}: {answer.status} {answer.body}")
            self.slowest[name] = max(self.slowest.get(name, 0.0), time.monotonic() - began)
            self.asked[name] = self.asked.get(name, 0) + 1
            await asyncio.sleep(PAUSE_SECONDS)
