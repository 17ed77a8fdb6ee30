"""The agents service on broker and database, with agents that really run."""

import asyncio
import secrets
import signal
import time
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.agent_packages import FAILS_AT_START, script, talker
from tests.support.agents_stack import Agent, AgentsStack, agents_stack, invocation, new_agent
from tests.support.databases import connected
from tests.support.eventually import eventually
from tests.support.stored import stored

from nexus_agents.tables import INVOCATIONS, MESSAGES, SESSIONS, WORK
from nexus_contracts.agents.commands import DeleteAgent
from nexus_contracts.builds.events import ProjectDeleted
from nexus_contracts.replies import Reply
from nexus_contracts.topics import BUILDS_EVENTS
from nexus_runtime.dynamo import Database
from nexus_runtime.process.clock import utc_now

pytestmark = pytest.mark.asyncio(loop_scope="module")
INTERRUPTED_SECONDS = 15.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[AgentsStack]:
    async with agents_stack(tmp_path_factory.mktemp("agents")) as started:
        yield started


def reason(answer: Reply) -> object:
    assert answer.error is not None, answer
    return answer.error.details.get("reason")


async def test_a_command_twice_has_one_effect_and_two_equal_answers(service: AgentsStack) -> None:
    agent = new_agent()
    command = invocation(agent, "echo hi")
    deploy = await service.deployment(agent, script(FAILS_AT_START))
    first, second = await asyncio.gather(*(service.ask(deploy, agent.agent_id) for _ in range(2)))
    assert (first.status, first.result) == (201, second.result)
    agent = await service.deployed()
    command = invocation(agent, "echo hi")
    answers = await asyncio.gather(*(service.ask(command, command.invocation_id) for _ in range(2)))
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].result == answers[1].result
    assert sorted(answer.replayed for answer in answers) == [False, True]
    _, page = await service.get(f"/agents/{agent.agent_id}/invocations")
    assert len(page["items"]) == 1


async def test_an_agent_that_does_not_start_is_offline_and_refuses(service: AgentsStack) -> None:
    agent = new_agent()
    answer = await service.ask(await service.deployment(agent, script(FAILS_AT_START)), agent.agent_id)
    assert answer.result is not None
    assert answer.result["status"] == "offline"
    command = invocation(agent, "echo hi")
    refused = await service.ask(command, command.invocation_id)
    assert refused.error is not None
    assert refused.error.code == "INVALID_STATE"
    _, view = await service.get(f"/agents/{agent.agent_id}")
    assert "the model file is missing" in view["deployment"]["last_error"]["message"]
    assert view["runtime_stats"]["total_invocations"] == 0


async def test_what_was_done_can_be_read(service: AgentsStack) -> None:
    agent = await service.deployed(talker(category="fun", capabilities=["talking"]))
    session_id = await service.session(agent)
    await service.post(session_id, "fail")
    command = invocation(agent, "echo hi", session_id=session_id, end_session=True, enable_trace=True)
    assert (await service.ask(command, session_id)).status == 200
    _, agents = await service.get(f"/agents?project_id={agent.project_id}&category=fun&capabilities=other,talking")
    assert [item["runtime_stats"]["total_invocations"] for item in agents["items"]] == [2]
    _, none = await service.get("/agents?status=offline&capabilities=talking")
    assert none == {"items": [], "count": 0, "last_key": None}
    _, view = await service.get(f"/invocations/{command.invocation_id}")
    turn, call = view["trace"]
    assert (view["output"], view["status"], call) == ("hi", "succeeded", {"span": "tool", "name": "echo"})
    assert (turn["span"], turn["history"]) == ("turn", {"messages": 1, "left_out": 0})
    _, sessions = await service.get(f"/agents/{agent.agent_id}/sessions")
    assert [(item["status"], item["message_count"]) for item in sessions["items"]] == [("closed", 3)]
    _, page = await service.get(f"/sessions/{session_id}/messages?limit=2")
    _, rest = await service.get(f"/sessions/{session_id}/messages?limit=2&last_key={page['last_key']}")
    assert [item["sequence"] for item in [*page["items"], *rest["items"]]] == [1, 2, 3]
    assert rest["last_key"] is None
    log = await eventually(lambda: service.get(f"/agents/{agent.agent_id}/logs"), lambda found: found[1]["items"])
    assert "the agent starts" in [line["message"] for line in log[1]["items"]]
    for path in ("/agents/nobody", "/sessions/nobody/messages", "/invocations/nobody", "/agents/nobody/sessions"):
        assert (await service.get(path))[0] == 404


async def test_two_posts_at_once_take_their_turns(service: AgentsStack) -> None:
    agent = await service.deployed()
    session_id = await service.session(agent)
    answers = await asyncio.gather(*(service.post(session_id, f"echo {number}") for number in range(5)))
    assert [answer.status for answer in answers] == [201] * 5
    said = await service.said(session_id)
    assert [sequence for sequence, _ in said] == list(range(1, 11))
    questions, replies = [text for _, text in said[::2]], [text for _, text in said[1::2]]
    assert questions == [f"echo {text}" for text in replies]
    assert sorted(replies) == list("01234")
    _, view = await service.get(f"/sessions/{session_id}")
    assert view["message_count"] == 10


async def test_a_killed_service_ends_its_invocations_and_the_session_goes_on(service: AgentsStack) -> None:
    agent = await service.deployed()
    session_id = await service.session(agent)
    first = asyncio.create_task(service.post(session_id, "slow 60", seconds=60))
    await eventually(lambda: service.running(agent))
    second = asyncio.create_task(service.post(session_id, "echo next", seconds=60))
    await eventually(lambda: _posted(service, agent, 2))
    await service.start_service("agents-2")
    killed = time.monotonic()
    service.stack.kill("agents")
    assert reason(await first) == "INTERRUPTED"
    assert time.monotonic() - killed < INTERRUPTED_SECONDS
    assert (await second).status == 201
    assert await service.said(session_id) == [(1, "slow 60"), (2, "echo next"), (3, "next")]
    await service.stack.remove("agents-2")


async def _posted(service: AgentsStack, agent: Agent, number: int) -> bool:
    _, page = await service.get(f"/agents/{agent.agent_id}/invocations")
    return len(page["items"]) >= number


async def test_a_deployment_that_was_killed_is_taken_up_again(service: AgentsStack) -> None:
    agent = new_agent()
    command = await service.deployment(agent, script("import time\ntime.sleep(1.5)\nraise SystemExit('too late')\n"))
    deploying = asyncio.create_task(service.ask(command, agent.agent_id, seconds=60))
    await eventually(lambda: _building(service, agent))
    service.stack.kill("agents")
    answer = await deploying
    assert answer.result is not None
    assert answer.result["status"] == "offline"


async def _building(service: AgentsStack, agent: Agent) -> bool:
    status, view = await service.get(f"/agents/{agent.agent_id}")
    return status == 200 and view["status"] == "building"


async def test_a_service_that_stops_answers_for_what_it_could_not_finish(service: AgentsStack) -> None:
    agent = await service.deployed()
    command = invocation(agent, "slow 60")
    waiting = asyncio.create_task(service.ask(command, command.invocation_id, seconds=60))
    await eventually(lambda: service.running(agent))
    service.stack.supervisor["agents"].signal(signal.SIGTERM)
    assert reason(await waiting) == "INTERRUPTED"
    await service.stack.wait_ready("agents")


async def test_a_deletion_survives_a_kill_and_leaves_nothing_behind(service: AgentsStack) -> None:
    agent = await service.deployed()
    for _ in range(8):
        session_id = await service.session(agent)
        await service.post(session_id, "echo hi")
    command = invocation(agent, "slow 60")
    running = asyncio.create_task(service.ask(command, command.invocation_id))
    await eventually(lambda: service.running(agent))
    deletion = DeleteAgent(command_id=secrets.token_hex(8), agent_id=agent.agent_id)
    assert (await service.ask(deletion, agent.agent_id)).status == 200
    service.stack.kill("agents")
    try:
        assert reason(await running) in ("AGENT_DELETED", "INTERRUPTED")
    except TimeoutError:
        # Killed between the commit of its end and the answer. Who is not answered asks again.
        assert (await service.ask(command, command.invocation_id)).status == 404
    assert (await service.get(f"/agents/{agent.agent_id}"))[0] == 404
    assert (await service.get(f"/invocations/{command.invocation_id}"))[0] == 404
    # One client for all looks: to make one for each table took a busy machine more than the 30 s.
    async with connected(service.stack) as database:
        await eventually(lambda: _gone(database, agent), seconds=30)


async def _gone(database: Database, agent: Agent) -> bool:
    sessions = await stored(database, [SESSIONS])
    known = {item["session_id"]["S"] for item in sessions}
    orphans = [item for item in await stored(database, [MESSAGES]) if item["session_id"]["S"] not in known]
    return not orphans and agent.agent_id not in str([*sessions, *await stored(database, [INVOCATIONS, WORK])])


async def test_a_deleted_project_takes_its_agents_with_it_for_good(service: AgentsStack) -> None:
    agent = await service.deployed()
    deleted = ProjectDeleted(project_id=agent.project_id, attempt=1, deleted_at=utc_now())
    await service.publish(BUILDS_EVENTS, deleted, agent.project_id)
    await eventually(lambda: _missing(service, agent))
    command = await service.deployment(agent, script(FAILS_AT_START))
    refused = await service.ask(command, agent.agent_id)
    assert (refused.status, await _missing(service, agent)) == (404, True)


async def _missing(service: AgentsStack, agent: Agent) -> bool:
    return (await service.get(f"/agents/{agent.agent_id}"))[0] == 404


async def test_a_paused_process_that_wakes_overwrites_nothing(service: AgentsStack) -> None:
    agent = await service.deployed()
    command = invocation(agent, "slow 60")
    waiting = asyncio.create_task(service.ask(command, command.invocation_id, seconds=60))
    await eventually(lambda: service.running(agent))
    await service.start_service("agents-3")
    paused = time.monotonic()
    service.stack.pause("agents")
    try:
        assert reason(await waiting) == "INTERRUPTED"
        assert time.monotonic() - paused < INTERRUPTED_SECONDS
    finally:
        service.stack.cont("agents")
    await eventually(lambda: _ended(service, agent))
    _, view = await service.get(f"/invocations/{command.invocation_id}")
    assert (view["status"], view["error"]["code"]) == ("failed", "INTERRUPTED")


async def _ended(service: AgentsStack, agent: Agent) -> bool:
    """The woken process answers again, and nothing of the agent runs."""
    status, _ = await service.get("/health/ready")
    return status == 200 and not await service.running(agent)
