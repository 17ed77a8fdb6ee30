"""A built package as a process: the runtime contract, hostile prompts, and its end."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.eventually import eventually_blocking
from tests.support.nasty_prompts import SETS
from tests.support.notebooks import PlainNotebook

from nexus_contracts.builds.builder import BuildRequest
from nexus_offline_builder import RuleBasedBuilder

EVERYTHING = "calculator, CSV totals, CSV to JSON, unit conversion, days between dates, word count, JSON path, regex"
TIME_LIMIT = 5.0
SHORT_LIMIT = 1.25
"""Of what is asked in vain, which works to its limit."""
PATIENCE = 30.0


@dataclass
class Agent:
    """A running package."""

    address: str
    running: "subprocess.Popen[bytes]"

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(self.address)
        return connection

    def raw(self, request: bytes) -> tuple[int, dict[str, Any]]:
        status, body = self.exchanged(request)
        return status, json.loads(body)

    def exchanged(self, request: bytes) -> tuple[int, bytes]:
        with self.connect() as connection:
            connection.sendall(request)
            received = b""
            while piece := connection.recv(65536):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        head = f"{method} {path} HTTP/1.1\r\nHost: agent\r\nContent-Length: {len(body)}\r\n\r\n"
        return self.raw(head.encode() + body)

    def invoke(self, prompt: str, **more: object) -> tuple[int, dict[str, Any]]:
        return self.call("POST", "/invocations", json.dumps({"prompt": prompt, **more}).encode())


def package() -> bytes:
    request = BuildRequest("proj_1", 1, EVERYTHING)
    result = asyncio.run(RuleBasedBuilder().execute("agent_deployer", request, {}, PlainNotebook()))
    return result.package or b""


def started(folder: Path, limit: float = TIME_LIMIT) -> Agent:
    with zipfile.ZipFile(io.BytesIO(package())) as archive:
        archive.extractall(folder)
    address = str(folder / "s")
    environment = {"AGENT_SOCKET": address, "AGENT_TIME_LIMIT_SECONDS": str(limit)}
    command = [sys.executable, "-I", "-S", "main.py"]
    running = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)
    assert running.stderr is not None
    assert b"serving on" in running.stderr.readline()
    return Agent(address, running)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    one = started(tmp_path_factory.mktemp("a"))
    yield one
    ended(one)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    one = started(tmp_path_factory.mktemp("h"), SHORT_LIMIT)
    yield one
    ended(one)


def ended(one: Agent) -> None:
    one.running.terminate()
    one.running.wait(PATIENCE)
    assert one.running.stderr is not None
    one.running.stderr.close()


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_ping_is_healthy(agent: Agent) -> None:
    status, body = agent.call("GET", "/ping")
    assert (status, body["status"] in ("Healthy", "HealthyBusy")) == (200, True)
    assert isinstance(body["time_of_last_update"], int)


def test_an_invocation_gives_output_calls_and_usage(agent: Agent) -> None:
    status, body = agent.invoke("What is (17.5 + 2.5) * 4?")
    assert (status, body["output"]) == (200, "(17.5 + 2.5) * 4 = 80")
    assert body["tool_calls"] == [
        {"name": "arithmetic", "input": {"expression": "(17.5 + 2.5) * 4"}, "output": {"result": 80}}
    ]
    assert body["usage"] == {"input_tokens": 0, "output_tokens": 0, "tool_calls": 1}


def test_a_session_is_carried_by_its_history(agent: Agent) -> None:
    _, first = agent.invoke("What is 12 * 12?", session_id="sess_1")
    history = [{"role": "user", "content": "What is 12 * 12?"}, {"role": "assistant", "content": first["output"]}]
    status, body = agent.invoke("and now divide that by 4", history=history, session_id="sess_1", session_state={})
    assert (status, body["output"]) == (200, "144 / 4 = 36")


def test_who_wants_events_gets_the_answer_as_a_stream(agent: Agent) -> None:
    body = json.dumps({"prompt": "What is 12 * 7?"}).encode()
    head = f"POST /invocations HTTP/1.1\r\nAccept: text/event-stream, */*\r\nContent-Length: {len(body)}\r\n\r\n"
    status, chunked = agent.exchanged(head.encode() + body)
    lines = [line for line in chunked.split(b"\n") if line.startswith(b"data: ")]
    events: list[dict[str, Any]] = [json.loads(line[6:]) for line in lines]
    whole = events[-1]
    assert (status, chunked[-5:]) == (200, b"0\r\n\r\n")
    assert whole == agent.invoke("What is 12 * 7?")[1]
    assert "".join(event.get("text", "") for event in events) == whole["output"]
    assert [event["tool_use"]["name"] for event in events if "tool_use" in event] == ["arithmetic"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"prompt": 3}',
        b'{"prompt": "  "}',
        b'{"prompt": "x", "history": 5}',
        b'{"prompt": "x", "history": [5]}',
        b'{"prompt": "x", "history": [{"role": "user"}]}',
        b'{"prompt": "x", "session_state": 5}',
        b"[" * 200_000,
        b"\xff\xfe",
    ],
)
def test_a_bad_payload_is_refused_as_such(agent: Agent, body: bytes) -> None:
    status, answer = agent.call("POST", "/invocations", body)
    assert (status, answer["error"]) == (400, "INVALID_PAYLOAD")


def test_unknown_routes_and_methods_are_refused(agent: Agent) -> None:
    assert agent.call("GET", "/nowhere")[0] == 404
    assert agent.call("GET", "/invocations")[0] == 405
    assert agent.raw(b"garbage\r\n\r\n")[0] == 400
    assert agent.raw(b"POST /invocations HTTP/1.1\r\nContent-Length: ten\r\n\r\n")[0] == 400
    assert agent.raw(b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")[0] == 411


def test_a_body_over_the_limit_is_refused(agent: Agent) -> None:
    status, answer = agent.call("POST", "/invocations", b"x" * (2 * 1024 * 1024 + 1))
    assert (status, answer["error"]) == (413, "PAYLOAD_TOO_LARGE")


HOSTILE = {
    "a tower of powers": "9**9**9**9",
    "a power by a root": "2^(10^300)",
    "many parentheses": "(" * 100_000,
    "nested parentheses": "1+(" * 3_000 + "1" + ")" * 3_000,
    "nested brackets": "[" * 500_000,
    "nested JSON": 'get a from {"a":' + "[" * 100_000 + "]" * 100_000 + "}",
    "many broken JSON starts": '{"a":1,' * 200_000,
    "a long sum": "1+" * 500_000 + "1",
    "many signs": "-" * 1_000_000 + "1",
    "a long number": "1" * 1_000_000 + "+1",
    "a long word": "a" * 1_900_000,
    "many spaces": "what is " + " " * 1_500_000 + "1",
    "many newlines": "total" + "\n" * 900_000,
    "many literal newlines": "\\n" * 500_000,
    "a huge CSV": "a,b\n" + "1,2\n" * 350_000,
    "a wide CSV": ",".join("abc" for _ in range(200_000)) + "\n" + ",".join("1" for _ in range(200_000)),
    "an endless quote": '"' * 1_000_001 + ",\n" + ",",
    "nested quantifiers": "match /(a+)+$/ in: " + "a" * 100 + "!",
    "slow quantifiers": "match /a*a*a*a*a*a*a*a*b/ in: " + "a" * 3_000,
    "many ats": "extract emails from: " + "a@" * 400_000,
    "many dots": "extract emails from: a@" + "a." * 400_000,
    "many dates": "days between " + "2024-01-01 " * 100_000,
    "many units": "convert " + "5 km " * 300_000,
    "many words": "sum of " + "one and " * 200_000,
    "Chinese digits": "一" * 200_000,
    "factorials": "5" + "!" * 5_000,
    "colons": "x=1:" * 400_000,
    "number words": "twenty " * 200_000 + "plus 1",
    "lone surrogate": "\ud800 1+1",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_prompt_is_answered_or_refused_in_time_and_the_next_call_works(hasty: Agent, name: str) -> None:
    begun = time.monotonic()
    status, body = hasty.invoke(HOSTILE[name])
    assert time.monotonic() - begun < SHORT_LIMIT + 5
    assert (status, body.get("error")) in ((200, None), (504, "TIME_LIMIT_EXCEEDED"), (500, "MEMORY_LIMIT_EXCEEDED"))
    # A busy machine may take longer than so short a limit.
    eventually_blocking(lambda: hasty.invoke("What is 2 + 2?")[1].get("output"), lambda said: said == "2 + 2 = 4")


def strict(body: bytes) -> dict[str, Any]:
    """Raises ValueError for NaN, Infinity and half surrogate pairs."""
    value = json.loads(body.decode(), parse_constant=lambda name: int(name))
    json.dumps(value, ensure_ascii=False).encode()
    return value


@pytest.mark.parametrize("kind", list(SETS))
def test_prompts_that_felled_agents_are_answered_with_text_in_strict_json(agent: Agent, kind: str) -> None:
    for prompt in SETS[kind][::5]:
        if not prompt.strip():
            continue
        body = json.dumps({"prompt": prompt}).encode()
        head = f"POST /invocations HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        status, answer = agent.exchanged(head + body)
        assert status == 200, prompt
        assert strict(answer)["output"].strip(), prompt


def test_what_takes_too_long_is_refused_before_the_time_limit_ends_it(agent: Agent) -> None:
    status, body = agent.invoke(HOSTILE["slow quantifiers"])
    assert (status, body["output"]) == (200, "This takes longer than the 5 seconds that I may work.")


def test_an_answer_too_long_to_send_is_told_as_such(agent: Agent) -> None:
    status, body = agent.invoke("longest word in: " + "a" * 300_000)
    assert (status, body["output"]) == (200, "The answer has 300043 characters: too many to show.")


def test_no_child_outlives_its_invocation(agent: Agent) -> None:
    for _ in range(20):
        agent.invoke("1 + 1")

    def left() -> list[str]:
        agent.call("GET", "/ping")
        return children_of(agent.running.pid)

    eventually_blocking(left, lambda children: len(children) <= 1, seconds=PATIENCE)


def waiting(agent: Agent) -> str:
    """The process that waits for the next caller, when all the others have gone. After a while it goes, too.

    Who asks again before the agent has heard that it was answered gets a process more, which as long as callers come
    goes only after many answers: it is ended.
    """

    def asked() -> list[str]:
        agent.invoke("1 + 1")
        found = children_of(agent.running.pid)
        for further in found[1:]:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(int(further), signal.SIGKILL)
        return found

    return eventually_blocking(asked, lambda found: len(found) == 1, seconds=PATIENCE)[0]


def ticks_of(children: list[str]) -> dict[str, int]:
    """The time that each has computed."""
    found: dict[str, int] = {}
    for child in children:
        with suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            found[child] = int(fields[11]) + int(fields[12])
    return found


def at_work(agent: Agent) -> str:
    """The process that computes: one that has answered, and runs for a moment still, is not at work."""
    before = ticks_of(children_of(agent.running.pid))
    some = os.sysconf("SC_CLK_TCK") // 10

    def computing() -> list[str]:
        now = ticks_of(children_of(agent.running.pid))
        return [child for child, ticks in now.items() if ticks - before.get(child, 0) >= some]

    return eventually_blocking(computing, lambda found: len(found) == 1, seconds=PATIENCE)[0]


def begun(agent: Agent) -> socket.socket:
    """The connection of a caller whose answer takes until the time limit."""
    body = json.dumps({"prompt": HOSTILE["slow quantifiers"]}).encode()
    connection = agent.connect()
    connection.sendall(f"POST /invocations HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def test_one_process_answers_callers_who_come_one_after_the_other_and_goes_when_none_comes(agent: Agent) -> None:
    worker = waiting(agent)

    def answered() -> list[str]:
        assert agent.invoke("2 + 1")[1]["output"] == "2 + 1 = 3"
        return children_of(agent.running.pid)

    # On a busy machine none may come for so long that it goes.
    eventually_blocking(answered, lambda found: found in ([worker], [waiting(agent)]), seconds=PATIENCE)
    eventually_blocking(lambda: children_of(agent.running.pid), lambda found: found == [], seconds=PATIENCE)


def test_who_comes_while_the_process_that_waits_is_killed_is_answered(agent: Agent) -> None:
    for _ in range(20):
        with suppress(ProcessLookupError):  # nobody came for so long that it has gone
            os.kill(int(waiting(agent)), signal.SIGKILL)
        assert agent.invoke("1 + 1")[1]["output"] == "1 + 1 = 2"


def test_whose_process_is_killed_before_it_has_read_is_answered_by_another(agent: Agent) -> None:
    worker = int(waiting(agent))
    os.kill(worker, signal.SIGSTOP)
    with agent.connect() as connection:
        body = b'{"prompt": "6 * 7"}'
        connection.sendall(b"POST /invocations HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        # When the next one is answered, this one was handed over to the process that does not run.
        assert agent.invoke("1 + 1")[0] == 200
        os.kill(worker, signal.SIGKILL)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert b"6 * 7 = 42" in received


def test_the_caller_of_a_process_that_is_killed_in_mid_work_is_told(agent: Agent) -> None:
    with begun(agent) as connection:
        os.kill(int(at_work(agent)), signal.SIGKILL)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"INTERNAL_ERROR" in answer


def test_the_work_for_a_caller_who_hangs_up_ends(agent: Agent) -> None:
    with begun(agent):
        worker = at_work(agent)
    gone = time.monotonic()
    eventually_blocking(lambda: children_of(agent.running.pid), lambda found: worker not in found, seconds=PATIENCE)
    assert time.monotonic() - gone < 0.8 * TIME_LIMIT, "it does not work to its limit"
    assert agent.invoke("1 + 1")[0] == 200


def test_a_caller_who_hangs_up_half_way_harms_nobody(agent: Agent) -> None:
    with agent.connect() as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    assert agent.invoke("1 + 1")[0] == 200


def test_many_callers_at_once_are_all_answered(agent: Agent) -> None:
    body = b'{"prompt": "6 * 7"}'
    head = f"POST /invocations HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    connections = [agent.connect() for _ in range(40)]
    for connection in connections:
        connection.sendall(head + body)
    for connection in connections:
        received = b""
        while piece := connection.recv(65536):
            received += piece
        connection.close()
        assert b"6 * 7 = 42" in received


def test_sigterm_ends_the_agent_at_once_even_in_mid_work(tmp_path: Path) -> None:
    one = started(tmp_path)
    body = json.dumps({"prompt": HOSTILE["slow quantifiers"]}).encode()
    with one.connect() as connection:
        connection.sendall(f"POST /invocations HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        eventually_blocking(lambda: children_of(one.running.pid), seconds=PATIENCE, every=0)
        begun = time.monotonic()
        one.running.send_signal(signal.SIGTERM)
        assert one.running.wait(PATIENCE) == 0
        assert time.monotonic() - begun < TIME_LIMIT, "it does not wait for its work"
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert not Path(one.address).exists()
    ended(one)
