"""A user of the REST interface: calls, and waits on conditions."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from tests.support.eventually import eventually

OVERVIEW = "/api/v1/statistics/overview"
REQUIREMENT = "an agent that totals the columns of a CSV and answers arithmetic questions"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def data(self) -> Any:
        """The envelope's data; fails the test with the whole answer where it is an error."""
        assert self.body.get("success") is True, self.body
        return self.body["data"]

    @property
    def error(self) -> Any:
        assert self.body.get("success") is False, self.body
        return self.body["error"]


class Client:
    """Talks to one gateway."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self.base_url = base_url

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        if body is not None:
            more["json"] = body
        async with self._session.request(method, f"{self.base_url}{path}", **more) as response:
            text = await response.read()
            parsed = await response.json() if text and response.content_type == "application/json" else text
            return Answer(response.status, parsed, response.headers)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.call("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.call("POST", path, body, **more)

    async def create(self, requirement: str = REQUIREMENT, **fields: Any) -> str:
        """A new project's id."""
        answer = await self.post("/api/v1/projects", {"requirement": requirement, **fields})
        assert answer.status == 201, answer.body
        return answer.data["project_id"]

    async def project(self, project_id: str) -> Any:
        return (await self.get(f"/api/v1/projects/{project_id}")).data

    async def built(self, project_id: str, seconds: float = 60) -> Any:
        """The project, once its build has ended, whichever way."""
        ended = ("completed", "failed", "cancelled")
        return await self.until(f"/api/v1/projects/{project_id}", lambda data: data["status"] in ended, seconds)

    async def verified(self, project_id: str) -> int:
        """How many times the agent was invoked to verify it."""
        report = (await self.get(f"/api/v1/projects/{project_id}/verification")).data
        return sum(len(case["turns"]) for case in report["cases"])

    async def counted(self, agent_id: str, calls: int) -> None:
        """Waits until the statistics have counted the agent's invocations, and fails where they count others.

        Overviews count all agents: what others were asked just before may not be in a figure yet that was read before.
        """
        path = "/api/v1/statistics/top-agents?limit=100"

        def of_it(figures: Any) -> list[int]:
            return [one["invocations"] for one in figures["items"] if one["agent_id"] == agent_id]

        told = await self.until(path, lambda figures: sum(of_it(figures)) >= calls)
        assert of_it(told) == [calls]

    async def settled(self) -> Any:
        """The overview of the statistics, once it has counted all agents that there are, each with its status."""

        async def counts() -> tuple[Any, Counter[str]]:
            overview = (await self.get(OVERVIEW)).data
            return overview, Counter(agent["status"] for agent in await self.pages("/api/v1/agents?limit=100"))

        def all_counted(seen: tuple[Any, Counter[str]]) -> bool:
            overview, agents = seen
            return all(overview[f"{status}_agents"] == agents[status] for status in ("running", "building", "offline"))

        unanswered = (aiohttp.ClientError, AssertionError)
        overview, _ = await eventually(
            counts, all_counted, seconds=60, what="all agents are counted", despite=unanswered
        )
        return overview

    async def until(self, path: str, holds: Callable[[Any], bool], seconds: float = 60) -> Any:
        """The data at `path` as soon as `holds` says so; what is not answered with 200 is asked again."""
        answer = await eventually(
            lambda: self.get(path),
            lambda answer: answer.status == 200 and holds(answer.data),
            seconds=seconds,
            every=0.05,
            what=path,
            despite=(aiohttp.ClientError,),
        )
        return answer.data

    async def events(self, project_id: str) -> list[Any]:
        """The whole history of a project, over all pages."""
        return await self.pages(f"/api/v1/projects/{project_id}/events?limit=100")

    async def pages(self, path: str) -> list[Any]:
        items: list[Any] = []
        key: str | None = None
        while True:
            joint = "&" if "?" in path else "?"
            page = (await self.get(path + (f"{joint}last_key={key}" if key else ""))).data
            items += page["items"]
            if (key := page["last_key"]) is None:
                return items
