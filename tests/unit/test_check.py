"""`scripts/check`, with stand-ins for the tools that it starts: what it says where one of them finds something."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("basedpyright", "ruff", "lint-imports", "shellcheck", "mkdocs", "deptry")
READ = "cat >/dev/null"
"""As a tool that is given files does: whoever lists them would end by a signal."""
FOUND = f'{READ}; echo "a.py:7: what is wrong"; exit 3'


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """A repository with one Python file that git knows and one that is new."""
    for name in ("scripts", ".ci", ".venv/bin", "libs/one", "services/two"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "scripts/check", tmp_path / "scripts/check")
    for name in ("known.py", "new.py", "scripts/check-deployment", ".ci/run"):
        put(tmp_path / name, "true")
    for tool in TOOLS:
        put(tmp_path / ".venv/bin" / tool, f"{READ}; echo {tool} has looked")
    subprocess.run(("git", "init", "--quiet"), cwd=tmp_path, check=True)
    subprocess.run(("git", "add", "known.py"), cwd=tmp_path, check=True)
    return tmp_path


def put(program: Path, script: str) -> None:
    program.write_text(f"#!/usr/bin/env bash\n{script}\n")
    program.chmod(0o755)


def check(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (root / "scripts/check",), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def test_all_checks_hold(checked: Path) -> None:
    done = check(checked)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("all checks hold\n")
    assert all(f"{tool} has looked" in done.stdout for tool in TOOLS)


@pytest.mark.parametrize(("tool", "step"), [("basedpyright", "types"), ("lint-imports", "imports")])
def test_what_fails_is_said_last_with_what_it_found(checked: Path, tool: str, step: str) -> None:
    put(checked / ".venv/bin" / tool, FOUND)
    done = check(checked)
    assert done.returncode == 1
    assert done.stderr == f"== failed: {step}\na.py:7: what is wrong\nfailed: {step}\n"


def test_all_that_fails_is_said(checked: Path) -> None:
    put(checked / ".venv/bin/basedpyright", FOUND)
    put(checked / ".venv/bin/mkdocs", "echo a link to nowhere; exit 1")
    done = check(checked)
    assert done.returncode == 1
    assert done.stderr.count("a.py:7: what is wrong") == done.stderr.count("a link to nowhere") == 1
    assert set(done.stderr.splitlines()[-1].removeprefix("failed: ").split(",")) == {"types", "documents"}


def test_the_files_are_named_to_basedpyright(checked: Path) -> None:
    put(checked / ".venv/bin/basedpyright", "sort")
    assert "== types\nknown.py\nnew.py\n" in check(checked).stdout
