"""Makes a release of what is committed: version, changelog, commit and tag. Pushes nothing.

make release VERSION=1.2.3
"""

import argparse
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGE = "nexus-ai-platform"
VERSION_LINE = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
UNRELEASED = "## [Unreleased]\n"


class NotReleasable(Exception):
    """What forbids the release, for people."""


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(root), *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReleasable(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def numbers(version: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", version)
    if not found:
        raise NotReleasable(f"a version is three numbers, such as 1.2.3, not {version!r}")
    return int(found[1]), int(found[2]), int(found[3])


def projects(root: Path) -> list[Path]:
    """Of the workspace and its members: all have the platform's version."""
    return [
        root / "pyproject.toml",
        *sorted(root.glob("libs/*/pyproject.toml")),
        *sorted(root.glob("services/*/pyproject.toml")),
    ]


def present_version(root: Path) -> str:
    versions = {match for path in projects(root) for match in VERSION_LINE.findall(path.read_text(encoding="utf-8"))}
    if len(versions) != 1:
        raise NotReleasable(f"the members have different versions: {', '.join(sorted(versions))}")
    return versions.pop()


def cut(changelog: str, version: str, day: date) -> tuple[str, str]:
    """The changelog with "Unreleased" as that version and a new empty one, and the notes of the version."""
    before, found, after = changelog.partition(UNRELEASED)
    notes = re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not found or not notes:
        raise NotReleasable('CHANGELOG.md has nothing under "Unreleased"')
    return f"{before}{UNRELEASED}\n## [{version}] - {day}\n{after}", notes


def require_releasable(root: Path, version: str) -> None:
    """Raises NotReleasable unless the tree is clean and the version higher than what was released."""
    if git(root, "status", "--porcelain"):
        raise NotReleasable("there are changes that are not committed")
    if git(root, "tag", "--list", f"v{version}"):
        raise NotReleasable(f"v{version} is released already")
    present = present_version(root)
    released = git(root, "tag", "--list", f"v{present}") != ""
    if numbers(version) < numbers(present) or (released and version == present):
        raise NotReleasable(f"the present version is {present}, {version} is not higher")


def release(root: Path, version: str, day: date) -> str:
    """Sets the version everywhere, cuts the changelog, commits and tags; the notes. Raises NotReleasable."""
    numbers(version)
    require_releasable(root, version)
    changelog = root / "CHANGELOG.md"
    text, notes = cut(changelog.read_text(encoding="utf-8"), version, day)
    changelog.write_text(text, encoding="utf-8")
    for path in projects(root):
        project = VERSION_LINE.sub(f'version = "{version}"', path.read_text(encoding="utf-8"), count=1)
        path.write_text(project, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--message", f"Release {version}")
    git(root, "tag", "--annotate", f"v{version}", "--cleanup=verbatim", "--message", f"{version}\n\n{notes}")
    return notes


def require_checked(root: Path) -> None:
    for target in ("check", "test"):
        if subprocess.run(("make", target), cwd=root, check=False).returncode:
            raise NotReleasable(f"`make {target}` fails")


def make_image(root: Path, version: str) -> None:
    command = ("docker", "build", "--tag", f"{IMAGE}:{version}", ".")
    if shutil.which("docker") is None:
        print(f"docker is not installed; the image is made by: git checkout v{version} && {' '.join(command)}")
    elif subprocess.run(command, cwd=root, check=False).returncode:
        raise NotReleasable(f"v{version} is tagged, but its image could not be built: {' '.join(command)}")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("version")
    version = options.parse_args().version
    try:
        numbers(version)
        require_releasable(ROOT, version)
        require_checked(ROOT)
        print(release(ROOT, version, datetime.now(UTC).date()))
        make_image(ROOT, version)
    except NotReleasable as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    print(f"\nv{version} is committed and tagged here; to publish it: git push --follow-tags")
    return 0


if __name__ == "__main__":
    sys.exit(main())
