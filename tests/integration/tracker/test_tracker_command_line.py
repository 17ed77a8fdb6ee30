"""`nexus-report`, told over HTTP to a stand-in for the gateway."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.support.report_server import ReportServer, report_server
from tests.support.tracker_fakes import PROJECT

PROGRAM = str(Path(sys.executable).parent / "nexus-report")
FOREIGN = ("KAFKA_BOOTSTRAP_SERVERS", "NEXUS_URL")


class Shell:
    """Runs the program as a script does."""

    def __init__(self, server: type[ReportServer], url: str) -> None:
        self.server = server
        self.env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        self.env |= {"NEXUS_URL": url, "NO_PROXY": "127.0.0.1"}

    def call(self, verb: str, *args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [PROGRAM, verb, *args]
        return subprocess.run(command, input=given, capture_output=True, env=self.env, timeout=60, check=False)

    def report(self, verb: str, stage: str, *args: str, given: bytes = b"") -> None:
        done = self.call(verb, PROJECT, stage, *args, given=given)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    @property
    def told(self) -> list[str]:
        return [f"{event.type.split('.')[2]} {event.data['stage_name']}" for event in self.server.taken]

    def entries(self) -> list[tuple[str, str]]:
        data: list[Any] = [event.data for event in self.server.taken]
        return [(entry["level"], entry["message"]) for one in data for entry in one.get("entries", [])]


@pytest.fixture
def shell() -> Generator[Shell]:
    with report_server() as (server, url):
        yield Shell(server, url)


def test_each_verb_is_one_report(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"plan": []}')
    stage = "orchestrator"
    shell.report("start", stage, "--agent-name", "planner", "--attempt", "2", "--source", "/ci/acme")
    shell.report("progress", stage, "40")
    shell.report("log", stage, "one", "two", "--level", "warning")
    shell.report("log", stage, given="drei\r\nund vier \N{SNOWMAN}".encode())
    shell.report("artifact", stage, str(tmp_path / "plan.json"), "--uri", "s3://plans/1")
    shell.report("usage", stage, "--input-tokens", "3", "--cost-usd", "0.5")
    shell.report("complete", stage, "--output", f"@{tmp_path / 'plan.json'}")
    shell.report("fail", "agent_developer_manager/tool_developer", "no tools", "--code", "NO_TOOLS")
    kinds = ["started", "progressed", "logged", "logged", "artifact_published", "usage_recorded", "completed"]
    assert shell.told == [*(f"{kind} orchestrator" for kind in kinds), "failed agent_developer_manager"]
    first, *_, completed, failed = shell.server.taken
    assert (first.source, first.data["attempt"], first.data["agent_name"]) == ("/ci/acme", 2, "planner")
    assert completed.data["output_data"] == {"plan": []}
    assert failed.data["sub_stage_name"] == "tool_developer"
    assert failed.data["error"] == {"code": "NO_TOOLS", "message": "no tools"}
    assert [message for _, message in shell.entries()] == ["one", "two", "drei", "und vier \N{SNOWMAN}"]
    assert set(shell.server.paths) == {f"/api/v1/projects/{PROJECT}/reports"}


def test_a_call_with_the_same_id_is_the_same_report(shell: Shell) -> None:
    for name in ("once", "once", "twice"):
        shell.report("log", "orchestrator", "planning", "--id", name)
    first, again, other = (event.id for event in shell.server.taken)
    assert first == again != other


def test_a_command_is_a_stage_and_its_lines_are_the_log(shell: Shell) -> None:
    script = "echo planning; echo hm >&2; printf 'no end'"
    done = shell.call("run", PROJECT, "orchestrator", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"planning\nno end", b"hm\n")
    assert shell.told[0] == "started orchestrator"
    assert shell.told[-1] == "completed orchestrator"
    assert sorted(shell.entries()) == [("info", "no end"), ("info", "planning"), ("warning", "hm")]


def test_output_passes_through_byte_for_byte(shell: Shell) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 300); print('x' * 30_000)"
    done = shell.call("run", PROJECT, "orchestrator", "--", sys.executable, "-c", script)
    assert done.stdout == bytes(range(256)) * 300 + b"x" * 30_000 + b"\n"
    assert max(len(message) for _, message in shell.entries()) == 10_000


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -KILL $$"), 137),
        (("no-such-command",), 127),
        (("/",), 126),
    ],
)
def test_a_failed_command_fails_the_stage_and_keeps_its_status(
    shell: Shell, command: tuple[str, ...], status: int
) -> None:
    done = shell.call("run", PROJECT, "orchestrator", "--", *command)
    assert done.returncode == status
    assert shell.told[-1] == "failed orchestrator"
    assert shell.server.taken[-1].data["error"] == {
        "code": "COMMAND_FAILED",
        "message": f"{command[0]} ended with status {status}",
    }


def test_a_command_that_is_asked_to_end_is_waited_for_and_reported(shell: Shell) -> None:
    script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    argv = [PROGRAM, "run", PROJECT, "orchestrator", "--", "sh", "-c", script]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=shell.env) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == b"bye\n"
    assert running.returncode == 3
    assert shell.told[-1] == "failed orchestrator"


def test_a_command_runs_to_its_end_without_the_platform(shell: Shell) -> None:
    shell.server.status = 503
    done = shell.call("run", PROJECT, "orchestrator", "--timeout", "0.2", "--", "echo", "built")
    assert (done.returncode, done.stdout) == (3, b"built\n")
    assert done.stderr.startswith(b"nexus-report: no confirmation within 0.2 s (http://127.0.0.1:")
    assert b"answered 503: there is no such project" in done.stderr
    done = shell.call("run", PROJECT, "orchestrator", "--timeout", "0.2", "--", "false")
    assert done.returncode == 1


def test_a_rejected_report_has_a_status_of_its_own(shell: Shell) -> None:
    shell.server.status = 404
    done = shell.call("start", PROJECT, "orchestrator")
    assert done.returncode == 4
    assert b"answered 404: there is no such project: nexus.stage.started.v1 of orchestrator" in done.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("start", PROJECT, "orchestra"), "there is no stage 'orchestra'; the stages are orchestrator, "),
        (("start", PROJECT, "orchestrator/x"), "orchestrator has no sub-stage 'x'"),
        (("start", "my-project", "orchestrator"), "project_id: String should match pattern"),
        (("start", PROJECT, "orchestrator", "--attempt", "0"), "attempt: Input should be greater"),
        (("progress", PROJECT, "orchestrator", "101"), "progress: Input should be less than or equal to 100"),
        (("complete", PROJECT, "orchestrator", "--output", "{"), "--output is not JSON"),
        (("complete", PROJECT, "orchestrator", "--output", "[]"), "output_data: Input should be a valid dict"),
        (("complete", PROJECT, "orchestrator", "--output", "@/no/such/file"), "/no/such/file"),
        (("artifact", PROJECT, "orchestrator", "/no/such/file"), "/no/such/file"),
        (("run", PROJECT, "orchestrator"), "no command given"),
        (("sing", PROJECT, "orchestrator"), "invalid choice: 'sing'"),
        (("start", PROJECT, "orchestrator", "--url", "http://a", "--bootstrap", "b"), "not allowed with argument"),
    ],
)
def test_wrong_arguments_are_named_and_report_nothing(shell: Shell, args: tuple[str, ...], says: str) -> None:
    done = shell.call(*args)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert shell.server.taken == []


def test_without_an_address_it_says_what_is_missing(shell: Shell) -> None:
    del shell.env["NEXUS_URL"]
    done = shell.call("start", PROJECT, "orchestrator")
    assert done.returncode == 2
    assert b"KAFKA_BOOTSTRAP_SERVERS" in done.stderr


def test_help_explains_every_status() -> None:
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert [line.split()[0] for line in text.split("exit status:")[1].splitlines() if line[:3].strip().isdigit()] == [
        *"0234"
    ]


def test_help_does_not_wait_for_the_kafka_client() -> None:
    script = "import sys, nexus_tracker.cli; sys.exit('aiokafka' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
