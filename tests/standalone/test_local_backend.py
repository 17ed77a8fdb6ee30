"""The local backend with real processes: agents that hang and crash."""

import asyncio
import os
import re
from pathlib import Path

import psutil
import pytest
from pydantic import JsonValue
from tests.support.agent_packages import HANGS_AT_START, script, sick, talker
from tests.support.eventually import eventually
from tests.support.local_backends import (
    MODES,
    Bench,
    agent_processes,
    begun,
    let_go,
    processes_at,
    told,
)
from tests.support.notebooks import PlainNotebook

from nexus_agents.domain.backend_errors import (
    AgentBusy,
    AgentCrashed,
    AgentFailed,
    AgentNotStarted,
    AgentTimedOut,
    AgentUnreachable,
    PackageRejected,
)
from nexus_contracts.builds.builder import BuildRequest
from nexus_contracts.stages import STAGES
from nexus_offline_builder.builder import RuleBasedBuilder


@pytest.mark.parametrize("mode", MODES)
async def test_a_package_is_tried_out_and_leaves_nothing_behind(bench: Bench, mode: str) -> None:
    await (await bench.backend(mode)).try_out(talker())
    backend = await bench.backend(mode, start_seconds=3.0)
    faults = {"IMPORT_FAILED": script("import nowhere\n"), "PING_FAILED": script(HANGS_AT_START)}
    for code, content in faults.items():
        with pytest.raises(PackageRejected, match=r"(?s)nowhere|waiting for ever") as refused:
            await backend.try_out(content)
        assert refused.value.code == code
    assert agent_processes() == []


async def test_after_a_crash_nothing_is_sent_again(bench: Bench) -> None:
    record = bench.root / "record"
    backend = await bench.backend()
    agent = await bench.agent(talker(env={"RECORD": str(record)}))
    with pytest.raises(AgentCrashed, match=r"(?s)killed by signal 9.*about to crash"):
        await told(backend, agent, "crash")
    assert record.read_text().split() == ["start", "invoke"]


async def test_more_callers_than_the_agent_can_queue_are_all_answered_once(bench: Bench) -> None:
    record = bench.root / "record"
    backend = await bench.backend()
    agent = await bench.agent(talker(env={"RECORD": str(record)}))
    answers = await asyncio.gather(*(told(backend, agent, f"echo {number}") for number in range(80)))
    assert [answer.output for answer in answers] == [str(number) for number in range(80)]
    assert record.read_text().split().count("invoke") == 80


@pytest.mark.parametrize("mode", MODES)
async def test_an_agent_killed_between_two_invocations_is_started_again(bench: Bench, mode: str) -> None:
    backend = await bench.backend(mode)
    agent = await bench.agent()
    for number in range(3):
        assert (await told(backend, agent, f"echo {number}")).output == str(number)
        [victim] = agent_processes()
        victim.kill()
        await eventually(lambda victim=victim: not psutil.pid_exists(victim.pid), what="it is reaped")


@pytest.mark.parametrize("mode", MODES)
async def test_a_process_that_dies_takes_only_its_own_invocation_along(bench: Bench, mode: str) -> None:
    backend = await bench.backend(mode)
    agent = await bench.agent()
    patient = await begun(backend, agent, "held")
    working = await begun(backend, agent, "slow 60")
    [victim] = processes_at("slow 60")
    victim.kill()
    with pytest.raises(AgentCrashed):
        await working
    with pytest.raises(AgentCrashed, match="exit code 1"):
        await told(backend, agent, "quit")
    let_go("held")
    assert (await patient).output == "at last"


@pytest.mark.parametrize("mode", MODES)
async def test_a_deadline_ends_its_own_invocation_and_no_other(bench: Bench, mode: str) -> None:
    backend = await bench.backend(mode)
    agent = await bench.agent()
    patient = await begun(backend, agent, "held")
    [bystander] = agent_processes()
    await told(backend, agent, "slow 0")  # starts another process: the late one shall not spend its second on that
    with pytest.raises(AgentTimedOut, match="ended"):
        await told(backend, agent, "slow 60", seconds=1)
    let_go("held")
    assert (await patient).output == "at last"
    await eventually(lambda: agent_processes() == [bystander], what="the process of the late one is gone")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("environment", [{}, {"STUBBORN": "yes"}], ids=["plain", "ignores SIGTERM"])
async def test_an_endless_loop_ends_at_its_own_time_beside_ten_good_invocations(
    bench: Bench, mode: str, environment: JsonValue
) -> None:
    backend = await bench.backend(mode)
    agent = await bench.agent(talker(env=environment))
    patient = await begun(backend, agent, "held")
    await told(backend, agent, "echo x")  # starts another process: the good ones shall not wait for that
    let_go("held")
    await patient
    hung = asyncio.create_task(told(backend, agent, "spin", seconds=4))
    await eventually(lambda: bool(processes_at("spin")), what="it spins")
    good = await asyncio.gather(*(told(backend, agent, f"echo {number}") for number in range(10)))
    assert [answer.output for answer in good] == [str(number) for number in range(10)]
    assert not hung.done()
    with pytest.raises(AgentTimedOut):
        await hung
    await eventually(lambda: not processes_at("spin"), what="the loop is gone")


async def test_a_cancelled_invocation_ends_and_no_other(bench: Bench) -> None:
    backend = await bench.backend()
    agent = await bench.agent()
    patient = await begun(backend, agent, "held")
    unwanted = await begun(backend, agent, "slow 60")
    unwanted.cancel()
    await eventually(lambda: not processes_at("slow 60"), what="its process is gone")
    let_go("held")
    assert (await patient).output == "at last"


async def test_an_answer_that_is_too_large_costs_the_process_that_may_be_at_it_still(bench: Bench) -> None:
    backend = await bench.backend()
    agent = await bench.agent()
    with pytest.raises(AgentFailed, match="more than"):
        await told(backend, agent, "huge 9000000")
    await eventually(lambda: not agent_processes(), what="it is gone")


@pytest.mark.parametrize("mode", MODES)
async def test_an_agent_that_hangs_at_its_start_is_given_up_and_its_last_words_are_told(
    bench: Bench, mode: str
) -> None:
    backend = await bench.backend(mode, start_seconds=4.0)
    agent = await bench.agent(script(HANGS_AT_START))
    with pytest.raises(AgentNotStarted, match=r"(?s)did not open its socket.*waiting for ever"):
        await told(backend, agent, "echo x")


async def test_an_invocation_shorter_than_the_start_was_never_sent(bench: Bench) -> None:
    backend = await bench.backend(start_seconds=3.0)
    agent = await bench.agent(script(HANGS_AT_START))
    with pytest.raises(AgentBusy, match="still starting"):
        await told(backend, agent, "echo x", seconds=0.2)


async def test_an_agent_with_a_wrong_ping_is_not_started(bench: Bench) -> None:
    backend = await bench.backend(start_seconds=6.0)
    with pytest.raises(AgentNotStarted, match="Sick"):
        await told(backend, await bench.agent(sick()), "echo x")


async def test_an_agent_that_writes_without_end_is_answered_for_and_kept_in_bounds(bench: Bench) -> None:
    backend = await bench.backend()
    assert (await told(backend, await bench.agent(), "noise 2000")).output == "said"


async def test_a_stopped_backend_leaves_nothing_and_says_so(bench: Bench) -> None:
    work_dir = Path("/tmp") / f"nx{os.getpid()}"
    backend = await bench.backend(work_dir=work_dir)
    agent = await bench.agent()
    working = asyncio.create_task(told(backend, agent, "slow 60"))
    await eventually(lambda: any(work_dir.glob("*/run/*/socket")), what="the agent listens")
    await backend.stop()
    with pytest.raises((AgentCrashed, AgentUnreachable)):
        await working
    assert list(work_dir.iterdir()) == []
    work_dir.rmdir()
    with pytest.raises(AgentUnreachable):
        await told(backend, agent, "echo x")


async def test_a_path_too_long_for_sockets_is_refused_at_once(bench: Bench) -> None:
    with pytest.raises(ValueError, match="too long"):
        await bench.backend(work_dir=bench.root / ("long" * 20))


async def test_the_name_of_the_host_is_nowhere_in_the_messages(bench: Bench) -> None:
    backend = await bench.backend()
    with pytest.raises(AgentNotStarted) as caught:
        await told(backend, await bench.agent(script("raise SystemExit(3)")), "echo x")
    assert "exit code 3" in caught.value.message
    assert re.search(r"/home|/root|/tmp", caught.value.message) is None


@pytest.mark.parametrize("mode", MODES)
async def test_an_agent_of_the_rule_based_builder_answers(bench: Bench, mode: str) -> None:
    backend = await bench.backend(mode)
    agent = await bench.agent(await _built("Add up numbers and convert CSV tables to JSON"))
    answers = await asyncio.gather(*(told(backend, agent, "What is 17 * 23?") for _ in range(20)))
    assert all("391" in answer.output for answer in answers)
    assert answers[0].tool_calls
    assert (await backend.check(agent)).status in ("healthy", "busy")


async def _built(requirement: str) -> bytes:
    outputs: dict[str, dict[str, JsonValue]] = {}
    package: bytes | None = None
    for stage in STAGES:
        for step in [*(sub.name for sub in stage.sub_stages), stage.name]:
            request = BuildRequest("proj_1", 1, requirement)
            result = await RuleBasedBuilder().execute(step, request, outputs, PlainNotebook())
            outputs[step], package = result.output_data, result.package
    assert package is not None
    return package
