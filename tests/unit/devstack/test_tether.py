"""The launcher becomes the command, with the limits that were asked for."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence

import psutil
import pytest

from nexus_runtime.process.tether import EXIT_NOT_RUN, EXIT_ORPHANED, tethered

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


def printed(argv: Sequence[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_has_the_launcher_s_process_id_arguments_and_exit_status() -> None:
    code = "import os, sys; print(os.getpid(), sys.argv[1]); sys.exit(7)"
    argv = tethered([sys.executable, "-c", code, "a 'quoted' $argument"])
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as running:
        output = running.communicate()[0]
    assert output.split(maxsplit=1) == [str(running.pid), "a 'quoted' $argument\n"]
    assert running.returncode == 7


def test_a_command_that_does_not_exist_is_named() -> None:
    ended = subprocess.run(tethered(["/nowhere/tool"]), capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_NOT_RUN
    assert ended.stderr.startswith("cannot run /nowhere/tool: ")


def test_limits_hold_in_the_command_and_end_core_dumps() -> None:
    names = ("RLIMIT_AS", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE")
    code = f"import resource as r; print([r.getrlimit(getattr(r, name))[0] for name in {names}])"
    argv = tethered([sys.executable, "-c", code], memory_bytes=2**30, open_files=64, file_bytes=2**20)
    assert printed(argv) == str([2**30, 64, 2**20, 0])


def test_a_limit_above_the_system_s_is_the_system_s() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE)[1])"
    assert printed(tethered([sys.executable, "-c", code], open_files=hard + 1)) == str(hard)


@pytest.mark.parametrize("tie", ["--parent", "--watch"])
def test_the_command_dies_with_the_process_that_started_it(tie: str) -> None:
    starter = (
        "import subprocess, sys, time; from nexus_runtime.process.tether import tethered; "
        f"argv = [a.replace('--parent', {tie!r}) for a in tethered({list(SLEEPER)!r})]; "
        "p = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True); p.stdout.readline(); "
        "print(p.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        command = psutil.Process(int(running.stdout.readline()))
        watchers = command.children()
        os.kill(running.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs([command, *watchers], timeout=5)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []


def test_a_command_whose_starter_is_gone_already_never_runs() -> None:
    argv = [part.replace(f"--parent={os.getpid()}", "--parent=1") for part in tethered(SLEEPER)]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == EXIT_ORPHANED
