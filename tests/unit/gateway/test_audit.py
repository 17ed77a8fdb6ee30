"""Who has changed what: told to the admins of the tenant, and complete."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest_asyncio
from tests.support.access import ALL, Headers, signed_in
from tests.support.agent_packages import talker
from tests.support.agents_world import kill_tasks
from tests.support.asgi import HttpCaller
from tests.support.owned import FORM_TYPE, form
from tests.support.whole_platform import WholePlatform

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.principal import EVERYBODY
from nexus_runtime.process import caller

PROJECTS, AUDIT = "/api/v1/projects", "/api/v1/audit"
GOOD = {"requirement": "an agent that adds numbers", "auto_start": False}
ANN, BOB, ROOT = signed_in("ann"), signed_in("bob"), signed_in("root", scope="admin")


class Story:
    def __init__(self) -> None:
        self.platform = WholePlatform()
        self.call = HttpCaller(self.platform.app)

    async def project(self, headers: Headers) -> str:
        answer = await self.call("POST", PROJECTS, GOOD, headers=headers)
        assert answer.status == 201, answer.body
        return answer.json["data"]["project_id"]

    async def trail(self, query: str = "", headers: Headers = ROOT) -> list[Any]:
        answer = await self.call("GET", AUDIT + query, headers=headers)
        assert answer.status == 200, answer.body
        return answer.json["data"]["items"]


@pytest_asyncio.fixture
async def story() -> AsyncGenerator[Story]:
    yield Story()
    caller.principal.set(EVERYBODY)
    await kill_tasks()


async def test_each_write_says_who_did_what_to_which_resource_in_which_request(story: Story) -> None:
    project_id = await story.project([*ANN, ("X-Request-ID", "mine")])
    key = {"name": "nightly", "user_id": "ann", "scopes": ["projects:read"]}
    key_id = (await story.call("POST", "/api/v1/keys", key, headers=ROOT)).json["data"]["key_id"]
    await story.call("DELETE", f"/api/v1/keys/{key_id}", headers=ROOT)
    await story.call("PUT", f"{PROJECTS}/{project_id}/control", {"action": "stop"}, headers=BOB)
    await story.call("PUT", f"{PROJECTS}/{project_id}/control", {"action": "start"}, headers=ANN)
    trail = await story.trail()
    assert [(one["principal"], one["action"], one["resource"]) for one in trail] == [
        ("ann", "control_project.start", project_id),
        ("root", "delete_key", key_id),
        ("root", "create_key", key_id),
        ("ann", "create_project", project_id),
    ]
    assert trail[3]["request_id"] == "mine"
    assert all(one["request_id"] for one in trail)


async def test_an_upload_is_a_write_of_its_request_too(story: Story) -> None:
    await story.platform.agents.start()
    asked = [*ANN, ("X-Request-ID", "mine")]
    answer = await story.call("POST", "/api/v1/packages", raw=form(talker()), content_type=FORM_TYPE, headers=asked)
    assert answer.status == 201, answer.body
    (entry,) = await story.trail()
    told = (entry["principal"], entry["action"], entry["resource"], entry["request_id"])
    assert told == ("ann", "take_package", answer.json["data"]["package_id"], "mine")


async def test_what_was_refused_or_repeated_is_no_other_write(story: Story) -> None:
    for _ in range(2):
        await story.call("POST", PROJECTS, GOOD, headers=[*ANN, ("Idempotency-Key", "k")])
    (made,) = await story.trail()
    refused = await story.call("PUT", f"{PROJECTS}/{made['resource']}/control", {"action": "pause"}, headers=ANN)
    assert refused.error["code"] == "INVALID_STATE"
    assert await story.trail() == [made]


async def test_filters_work_together_and_pages_have_each_entry_once(story: Story) -> None:
    made = [await story.project(headers) for headers in (ANN, BOB, ANN, BOB, ANN)]
    assert [one["resource"] for one in await story.trail("?principal=ann")] == [made[4], made[2], made[0]]
    assert await story.trail(f"?principal=bob&resource={made[0]}") == []
    assert len(await story.trail(f"?resource={made[1]}")) == 1
    assert await story.trail("?start_date=2020-01-01&end_date=2020-02-01") == []
    seen, cursor = list[str](), ""
    while cursor is not None:
        query = f"?limit=2{f'&last_key={cursor}' if cursor else ''}"
        page = (await story.call("GET", AUDIT + query, headers=ROOT)).json["data"]
        seen += [one["resource"] for one in page["items"]]
        cursor = page["last_key"]
    assert seen == made[::-1]


async def test_it_is_told_to_admins_of_the_tenant_alone_and_whole_or_not_at_all(story: Story) -> None:
    await story.project(ANN)
    assert (await story.call("GET", AUDIT, headers=signed_in(scope=ALL))).error["code"] == "PERMISSION_DENIED"
    assert await story.trail(headers=signed_in("root", "other", "admin")) == []

    async def unavailable(owner: str, *_: object, **__: object) -> Any:
        raise ServiceUnavailable("no answer", service=owner)

    story.platform.owners.get = unavailable
    assert (await story.call("GET", AUDIT, headers=ROOT)).status == 503
