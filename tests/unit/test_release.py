"""`make release`, on a clone of this repository: what it changes, and what it refuses."""

import importlib.util
import subprocess
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DAY = date(2026, 5, 6)
NOTES = "### Added\n\n- a thing"
PROJECT = '[project]\nname = "one"\nversion = "0.1.0"\n\n[tool.other]\nminimum-version = "7"\n'
CHANGELOG = f"# Changelog\n\n## [Unreleased]\n\n{NOTES}\n\n## [0.0.1] - 2025-01-01\n\n- old\n"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_script", ROOT / "scripts" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load()


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ("git", "-C", str(root), *arguments), capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The workspace's shape, committed."""
    root = tmp_path / "repository"
    for folder in ("", "libs/runtime", "services/builds"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "pyproject.toml").write_text(PROJECT)
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    git(root.parent, "init", "--quiet", str(root))
    git(root, "config", "user.name", "a tester")
    git(root, "config", "user.email", "tester@example.invalid")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "all")
    return root


def test_a_release_sets_every_version_cuts_the_changelog_commits_and_tags(repository: Path) -> None:
    assert script.release(repository, "0.2.0", DAY) == NOTES
    assert script.present_version(repository) == "0.2.0"
    changelog = (repository / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [0.2.0] - 2026-05-06\n\n### Added\n\n- a thing\n\n## [0.0.1]" in changelog
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "describe", "--exact-match") == "v0.2.0"
    assert git(repository, "tag", "--list", "--format=%(contents)", "v0.2.0").strip() == f"0.2.0\n\n{NOTES}"


def test_the_first_release_may_have_the_present_version(repository: Path) -> None:
    script.release(repository, "0.1.0", DAY)
    assert git(repository, "tag") == "v0.1.0"


@pytest.mark.parametrize("version", ["0.0.9", "1.2", "v1.2.3", "1.2.3-rc1", "01.2.3"])
def test_a_version_that_is_lower_or_no_version_is_refused(repository: Path, version: str) -> None:
    with pytest.raises(script.NotReleasable):
        script.release(repository, version, DAY)
    assert git(repository, "tag") == ""


def test_what_is_not_committed_is_not_released(repository: Path) -> None:
    (repository / "new.txt").write_text("")
    with pytest.raises(script.NotReleasable, match="not committed"):
        script.release(repository, "0.2.0", DAY)


def test_nothing_new_is_not_released(repository: Path) -> None:
    script.release(repository, "0.2.0", DAY)
    with pytest.raises(script.NotReleasable, match="nothing under"):
        script.release(repository, "0.3.0", DAY)


def test_a_version_is_released_once(repository: Path) -> None:
    script.release(repository, "0.2.0", DAY)
    with pytest.raises(script.NotReleasable, match="released already"):
        script.release(repository, "0.2.0", DAY)


def test_the_real_changelog_can_be_cut() -> None:
    _, notes = script.cut((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), "9.9.9", DAY)
    assert notes.startswith("### ")
