"""What belongs to another user or tenant does not exist, on every route there is: the routes come from the document."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.access import ALL, Headers, signed_in
from tests.support.agents_world import PACKAGE, kill_tasks, settle
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.gateway_fakes import FakePlatform
from tests.support.whole_platform import WholePlatform

from nexus_contracts.agents.commands import DeployAgent
from nexus_contracts.principal import EVERYBODY, Principal
from nexus_runtime.process import caller
from nexus_runtime.process.clock import new_id

DOCUMENT: dict[str, Any] = FakePlatform().app.openapi()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if path.startswith("/api/")
]
ANN = signed_in(scope=f"{ALL} admin")
EVERYTHING = f"{ALL} statistics:read platform:read"
STRANGERS = {
    "user": signed_in("bob", scope=EVERYTHING),
    "tenant": signed_in("ann", "other", scope=EVERYTHING),
    "admin of another tenant": signed_in("root", "other", scope="admin platform:read"),
}


NOT_BUILT = {"getVerification": "verification", "getAgentVerification": "verification", "getDiff": "diff"}
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n1,2\r\n--x--\r\n'
FORM_TYPE = "multipart/form-data; boundary=x"


class Owned:
    """What Ann has of everything, by the name of its path parameter."""

    def __init__(self, platform: WholePlatform) -> None:
        self.platform = platform
        self.call = HttpCaller(platform.app)
        self.ids: dict[str, str] = {"stage_name": "orchestrator", "version": "1", "task_id": ""}

    async def made(self, name: str, path: str, body: Any) -> str:
        answer = await self.call("POST", path, body, headers=ANN)
        assert answer.status == 201, answer.body
        self.ids[name] = answer.json["data"][name]
        return self.ids[name]

    async def make(self) -> None:
        requirement = {"requirement": "an agent that adds numbers", "auto_start": False}
        project_id = await self.made("project_id", "/api/v1/projects", requirement)
        self.ids["task_id"] = project_id
        agent_id = self.ids["agent_id"] = f"{project_id}:adder"
        await self.platform.agents.start()
        await self.platform.agents.send(
            DeployAgent(
                command_id=new_id("cmd_"),
                agent_id=agent_id,
                project_id=project_id,
                agent_name="adder",
                package_uri=PACKAGE.uri,
                package_sha256=PACKAGE.sha256,
                user_id="ann",
                principal=Principal(id="ann", tenant="acme"),
            )
        )
        await settle()
        await self.made("session_id", f"/api/v1/agents/{agent_id}/sessions", {})
        key = {"name": "secret name", "user_id": "ann", "scopes": ["agents:read"]}
        await self.made("key_id", "/api/v1/keys", key)
        invoked = await self.call("POST", f"/api/v1/agents/{agent_id}/invoke", {"input_text": "1+1"}, headers=ANN)
        self.ids |= {name: invoked.json["data"][name] for name in ("invocation_id", "operation_id")}

    def state(self) -> Any:
        """Everything that is kept, but for the answers to commands and the use of keys."""
        kept = (self.platform.database, self.platform.builds_database, self.platform.agents.database)
        return [{name: dict(items) for name, items in one.tables.items() if not name.endswith("Inbox")} for one in kept]

    async def ask(self, method: str, path: str, operation: Any, headers: Headers) -> HttpAnswer:
        parameters = operation.get("parameters", [])
        sent = [(one["name"], one["example"]) for one in parameters if one["name"].startswith("ce-")]
        sent = [(name, self.ids["project_id"] if name == "ce-subject" else value) for name, value in sent]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = content and json.loads(json.dumps(content["example"]))
        if body and "project_id" in body:
            body["project_id"] = self.ids["project_id"]
        needed = {one["name"]: "builds" for one in parameters if one["in"] == "query" and one.get("required")}
        query = "?" + "&".join(f"{name}={value}" for name, value in needed.items()) if needed else ""
        target = path.format(**self.ids) + query
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
            return await self.call(method, target, raw=FORM, content_type=FORM_TYPE, headers=headers)
        return await self.call(method, target, body, headers=[*headers, *sent])


@pytest_asyncio.fixture
async def owned() -> AsyncGenerator[Owned]:
    made = Owned(WholePlatform())
    await made.make()
    yield made
    caller.principal.set(EVERYBODY)
    await kill_tasks()


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS.keys())
async def test_a_stranger_finds_and_changes_nothing_on_any_route(owned: Owned, stranger: Headers) -> None:
    before, reached = owned.state(), 0
    names = ("project_id", "agent_id", "session_id", "invocation_id", "key_id")
    secrets = [owned.ids[name] for name in names]
    for method, path, operation in OPERATIONS:
        if "{" not in path and method != "GET":
            continue  # makes something of the stranger's own
        answer = await owned.ask(method, path, operation, stranger)
        said = answer.body.decode()
        where = (method, path, answer.status, said[:300])
        if "{" in path:
            assert answer.status in (404, 403), where
            assert answer.status == 404 or operation["operationId"] in ("rotateKey", "deleteKey"), where
        else:
            assert not any(secret in said for secret in secrets), where
            assert "secret name" not in said
        reached += 1
    assert reached >= 30
    assert owned.state() == before


async def test_their_owner_finds_all_of_it(owned: Owned) -> None:
    """So a stranger's 404 is not that of a request which nobody could get right."""
    for method, path, operation in OPERATIONS:
        if method == "GET" and "statistics" not in path:
            answer = await owned.ask(method, path, operation, ANN)
            if missing := NOT_BUILT.get(operation["operationId"]):  # the project is hers, but was not built
                assert answer.json["error"]["details"]["type"] == missing
            else:
                assert answer.status == 200, (path, answer.body)


async def test_without_credentials_or_scopes_no_route_answers(owned: Owned) -> None:
    before = owned.state()
    for method, path, operation in OPERATIONS:
        assert (await owned.ask(method, path, operation, [])).status == 401, path
        if not operation["security"][0]["bearer"]:
            continue
        refused = await owned.ask(method, path, operation, signed_in(scope=""))
        assert refused.status == 403, path
        (needed,) = operation["security"][0]["bearer"]
        assert refused.error["details"] == {"required_scope": needed}
    assert owned.state() == before
