"""The machine's Java and Maven, or an error that says what to install."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from nexus_devstack.errors import StackError

OLDEST_JAVA = 17
ASKING_SECONDS = 20.0
RESOURCES = Path(str(files(__package__ or __name__)))
OR_ELSE = "or choose NEXUS_INFRA=embedded, which needs neither"
INSTALL_JAVA = "install one (apt install openjdk-17-jre-headless, brew install openjdk) or set JAVA_HOME"
INSTALL_MAVEN = "install it (apt install maven, brew install maven)"


def _version(java: str) -> int | None:
    """The major version; None if it does not run."""
    try:
        asked = subprocess.run([java, "-version"], capture_output=True, timeout=ASKING_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(rb'version "(?:1\.)?(\d+)', asked.stderr)
    return int(found[1]) if found else None


def java_program(environment: Mapping[str, str] = os.environ) -> str:
    """The path of a Java that is new enough. Raises StackError that says what to install."""
    home = environment.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java", path=environment.get("PATH"))
    version = _version(java) if java else None
    if java and version is not None and version >= OLDEST_JAVA:
        return java
    needs = f"NEXUS_INFRA=jvm needs Java {OLDEST_JAVA} or newer"
    found = "there is none" if version is None else f"{java} is version {version}"
    where = f" at JAVA_HOME={home}" if home and version is None else ""
    raise StackError(f"{needs} and {found}{where}: {INSTALL_JAVA}, {OR_ELSE}")


def maven_program(environment: Mapping[str, str] = os.environ) -> str:
    """The path of Maven. Raises StackError that says what to install."""
    maven = shutil.which("mvn", path=environment.get("PATH"))
    if maven is None:
        raise StackError(f"NEXUS_INFRA=jvm needs Maven (mvn) and there is none: {INSTALL_MAVEN}, {OR_ELSE}")
    return maven


@dataclass(frozen=True)
class Machine:
    """How to run the programs in `jars`; what they unpack for themselves goes to `scratch`."""

    java: str
    jars: Path
    logs: Path
    scratch: Path

    def prepare(self) -> None:
        """Creates the folders, and removes what programs that were killed had unpacked. Raises OSError."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        for folder in (self.logs, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)

    def command(self, part: str, name: str, megabytes: int, level: str, *call: str) -> Sequence[str]:
        """The command line of a program that logs under its `name`; `call` is options, main class, arguments."""
        log = self.logs / name
        return [
            *(self.java, f"-Xmx{megabytes}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
            *("-XX:+ExitOnOutOfMemoryError", f"-XX:ErrorFile={log}.crash.log", f"-Djava.io.tmpdir={self.scratch}"),
            f"-Dlog4j2.configurationFile={RESOURCES / 'log4j2.xml'}",
            *(f"-Dnexus.log={log}.log", f"-Dnexus.level={level}"),
            *("-cp", str(self.jars / part / "*"), *call),
        ]


def environment() -> dict[str, str]:
    """The environment of a Java program: without a UTF-8 locale it could not open folders with non-ASCII names."""
    return {"LC_ALL": "C.UTF-8"}
