"""What one user of a whole platform has, and requests to every operation that is about it."""

import json
from typing import Any

from tests.support.access import ALL, Headers, signed_in
from tests.support.agent_packages import talker
from tests.support.agents_world import PACKAGE, settle
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.gateway_document import DOCUMENT
from tests.support.whole_platform import WholePlatform

from nexus_contracts.agents.commands import DeployAgent
from nexus_contracts.principal import Principal
from nexus_runtime.process.clock import new_id

OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if path.startswith("/api/")
]
ANN = signed_in(scope=f"{ALL} admin")
FORM_TYPE = "multipart/form-data; boundary=x"
PACKAGES = (talker(), talker(version="2.0.0"))


def form(content: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    return head + content + b"\r\n--x--\r\n"


def changed(body: dict[str, Any]) -> dict[str, Any]:
    """Another body that the operation takes as well: a text or a number of it is different."""
    for name, value in body.items():
        if not name.endswith("_id"):
            return {**body, name: value + 1 if isinstance(value, int) else f"{value}x"}
    raise AssertionError(f"nothing in {body} can be changed")


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
        at_once = [*ANN, ("Prefer", "respond-async")]
        invoked = await self.call("POST", f"/api/v1/agents/{agent_id}/invoke", {"input_text": "1+1"}, headers=at_once)
        self.ids |= {name: invoked.json["data"][name] for name in ("invocation_id", "operation_id")}

    def state(self) -> Any:
        """Everything that is kept, but for the answers to commands and the use of keys."""
        kept = (self.platform.database, self.platform.builds_database, self.platform.agents.database)
        return [{name: dict(items) for name, items in one.tables.items() if not name.endswith("Inbox")} for one in kept]

    def effects(self) -> int:
        """How many writes were carried out: each has one entry in the audit trail, of the same transaction."""
        kept = (self.platform.database, self.platform.builds_database, self.platform.agents.database)
        return sum("audit" in item for one in kept for items in one.tables.values() for item in items.values())

    async def ask(self, method: str, path: str, operation: Any, headers: Headers, *, other: bool = False) -> HttpAnswer:
        """The example of the operation, sent about what she has; `other`: with another body."""
        parameters = operation.get("parameters", [])
        sent = [(one["name"], one["example"]) for one in parameters if one["name"].startswith("ce-")]
        sent = [(name, self.ids["project_id"] if name == "ce-subject" else value) for name, value in sent]
        needed = {one["name"]: "builds" for one in parameters if one["in"] == "query" and one.get("required")}
        query = "?" + "&".join(f"{name}={value}" for name, value in needed.items()) if needed else ""
        target = path.format(**self.ids) + query
        contents = operation.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in contents:
            file = PACKAGES[other] if operation["operationId"] == "uploadPackage" else b"1,2%d" % other
            return await self.call(method, target, raw=form(file), content_type=FORM_TYPE, headers=headers)
        body: Any = json.loads(json.dumps(contents["application/json"]["example"])) if contents else None
        if body:
            body |= {name: self.ids[name] for name in ("project_id", "package_id") if name in body and name in self.ids}
        return await self.call(method, target, changed(body) if other else body, headers=[*headers, *sent])
