"""Uploaded packages, and agents that are deployed from them."""

import asyncio
import io
import zipfile
from typing import Any

import pytest
from tests.support.agent_packages import package, talker
from tests.support.agents_world import AGENT, PACKAGE, PROJECT, World, error_of, kill_tasks

from nexus_agents.domain.backend_errors import PackageRejected
from nexus_agents.domain.package import TakePackage
from nexus_agents.tables import PACKAGES
from nexus_contracts.agents.commands import DeleteAgent, RegisterAgent
from nexus_contracts.agents.views import AgentView, PackageView
from nexus_contracts.errors import IdempotencyKeyReused, PayloadTooLarge, ServiceUnavailable, ValidationFailed
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Reply
from nexus_runtime.dynamo import Action
from nexus_runtime.process.clock import new_id

STRANGER = Principal(id="eve", tenant="other")
NOWHERE = "blob:sha256:" + "0" * 64
OTHER_PROJECT = "proj_" + "7" * 32


@pytest.fixture
async def world():
    made = World()
    await made.start()
    yield made
    await kill_tasks()


async def take(world: World, content: bytes, **fields: Any) -> Reply:
    command = TakePackage.model_validate({"command_id": new_id("c"), **fields})
    return await world.service.packages.take(command, content)


async def taken(world: World, content: bytes, **fields: Any) -> PackageView:
    return PackageView.model_validate((await take(world, content, **fields)).result)


def registration(**fields: Any) -> RegisterAgent:
    usual = {"command_id": new_id("c"), "agent_id": AGENT, "project_id": PROJECT, "agent_name": "tester"}
    return RegisterAgent.model_validate(usual | fields)


async def test_a_package_is_kept_under_the_id_that_its_content_makes(world: World) -> None:
    first, again, other = talker(), talker(), talker(version="2.0.0")
    one = await taken(world, first)
    assert (one.manifest["name"], one.size_bytes, one.package_uri) == (
        "tester",
        len(first),
        f"blob:sha256:{one.sha256}",
    )
    assert await world.blobs.get(one.package_uri) == first
    assert await taken(world, again) == one
    assert (await taken(world, other)).package_id != one.package_id
    assert len(world.database.items(PACKAGES)) == 2


async def test_uploads_of_one_content_at_once_are_one_package(world: World) -> None:
    answers = await asyncio.gather(*(taken(world, talker()) for _ in range(5)))
    assert len({answer.package_id for answer in answers}) == 1


async def test_a_key_used_again_gets_its_first_answer_or_is_refused(world: World) -> None:
    first = await take(world, talker(), command_id="c1", fingerprint="f1")
    again = await take(world, talker(), command_id="c1", fingerprint="f1")
    assert (again.result, first.replayed, again.replayed) == (first.result, False, True)
    with pytest.raises(IdempotencyKeyReused):
        await take(world, talker(version="2"), command_id="c1", fingerprint="f2")


async def test_an_upload_that_a_crash_cut_off_is_taken_when_it_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*actions: Action) -> None:
        raise ServiceUnavailable("down")

    with monkeypatch.context() as failing:
        failing.setattr(world.database, "write", down)
        with pytest.raises(ServiceUnavailable):
            await take(world, talker(), command_id="c1")
    assert (await take(world, talker(), command_id="c1")).status == 201


def with_link() -> bytes:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    return with_entry(link)


def with_entry(entry: zipfile.ZipInfo | str) -> bytes:
    buffer = io.BytesIO(talker())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(entry, b"x")
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(2_000_000))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "step", "reason"),
    [
        (b"no zip", "archive", "NOT_A_ZIP"),
        (package({f"{number}.py": "" for number in range(2001)} | {"main.py": ""}), "archive", "TOO_MANY_ENTRIES"),
        (with_entry("../escape.py"), "paths", "UNSAFE_PATH"),
        (with_entry("/etc/passwd"), "paths", "UNSAFE_PATH"),
        (with_link(), "paths", "NOT_A_FILE"),
        (package({"main.py": ""}, name="1st"), "manifest", "MANIFEST_INVALID"),
        (package({"main.py": ""}, description="x" * 200_000), "manifest", "MANIFEST_INVALID"),
        (package({"other.py": ""}), "manifest", "ENTRYPOINT_MISSING"),
        (package({"main.py": ""}, env={"LD_PRELOAD": "x"}), "manifest", "ENVIRONMENT_RESERVED"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_bad_package_is_refused_by_the_step_that_failed_and_leaves_nothing(
    world: World, content: bytes, step: str, reason: str
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        await take(world, content)
    assert (caught.value.details["step"], caught.value.details["reason"]) == (step, reason)
    assert step in caught.value.message
    assert world.database.items(PACKAGES) == []


async def test_a_package_that_is_too_large_packed_or_unpacked_is_refused(world: World) -> None:
    with pytest.raises(PayloadTooLarge):
        await take(world, b"x" * 50_000_001)
    with pytest.raises(ValidationFailed) as caught:
        await take(world, bomb())
    assert caught.value.details["step"] == "size"


async def test_an_uploaded_package_is_deployed_and_named_by_its_version(world: World) -> None:
    package_id = (await taken(world, talker())).package_id
    answer = await world.ask(registration(package_id=package_id, principal=Principal(id="ann")))
    view = AgentView.model_validate(answer.result)
    assert (answer.status, view.status, view.user_id, view.deployment.backend) == (201, "running", "ann", "local")
    (version,), _ = await world.service.queries.versions.page(AGENT, 10, None)
    assert (version.package_id, version.created_by, version.number) == (package_id, "ann", 1)
    uri = view.deployment.package_uri
    again = AgentView.model_validate((await world.ask(registration(package_uri=uri))).result)
    assert (again.active_version, again.deployment.package_uri) == (2, uri)


async def test_a_new_agent_gets_the_backend_that_is_asked_for_and_keeps_it(world: World) -> None:
    package_id = (await taken(world, talker())).package_id
    answer = await world.ask(registration(package_id=package_id, backend="agentcore"))
    assert AgentView.model_validate(answer.result).deployment.backend == "agentcore"
    assert len(world.other_backend.deployments) == 1
    other = await world.ask(registration(package_id=package_id, backend="local"))
    assert error_of(other)[0] == "INVALID_STATE"


async def test_a_package_of_another_tenant_or_of_nobody_is_not_found(world: World) -> None:
    package_id = (await taken(world, talker(), principal=STRANGER)).package_id
    assert (await taken(world, talker())).package_id != package_id
    for unknown in (package_id, "pkg_" + "0" * 32):
        assert error_of(await world.ask(registration(package_id=unknown)))[1] == {"type": "package", "id": unknown}
    assert await world.agents.load_any(AGENT) is None


async def test_the_address_of_a_package_is_good_for_the_tenant_that_has_uploaded_or_deployed_it(world: World) -> None:
    await world.deploy()
    uploaded = (await taken(world, talker(), principal=STRANGER)).package_uri
    await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    other = {"project_id": OTHER_PROJECT, "agent_id": f"{OTHER_PROJECT}:tester"}
    for uri, principal in ((PACKAGE.uri, STRANGER), (uploaded, Principal()), (NOWHERE, Principal())):
        refused = await world.ask(registration(**other, package_uri=uri, principal=principal))
        assert error_of(refused) == ("RESOURCE_NOT_FOUND", {"type": "package", "id": uri})
    for uri, principal in ((PACKAGE.uri, Principal()), (uploaded, STRANGER)):
        project_id = new_id("proj_")
        own = {"project_id": project_id, "agent_id": f"{project_id}:tester", "package_uri": uri}
        assert (await world.ask(registration(**own, principal=principal))).status == 201


@pytest.mark.parametrize(("code", "step"), [("IMPORT_FAILED", "import"), ("PING_FAILED", "ping")])
async def test_a_package_whose_agent_does_not_start_is_refused_with_its_last_words(
    world: World, code: str, step: str
) -> None:
    world.backend.rejected = PackageRejected(code, "The agent did not start. Its last output:\nno such module")
    with pytest.raises(ValidationFailed, match="no such module") as refused:
        await take(world, talker())
    assert (refused.value.details["step"], refused.value.details["reason"]) == (step, code)
    assert world.database.items(PACKAGES) == []
