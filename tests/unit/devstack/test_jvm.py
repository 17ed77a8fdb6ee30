"""The provider on the JVM without a JVM: what it asks of the machine, fetches and configures."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.providers.jvm import java
from nexus_devstack.providers.jvm.folders import made_whole
from nexus_devstack.providers.jvm.jars import POM, fetch_jars, jars_folder
from nexus_devstack.providers.jvm.kafka import Broker, format_storage, new_cluster_id, properties, write_properties
from nexus_devstack.settings import load_settings

MAVEN = """#!/bin/sh
echo "Downloaded from somewhere: one.jar"
for argument; do case "$argument" in -DoutputDirectory=*) folder="${argument#*=}" ;; esac; done
mkdir -p "$folder" && touch "$folder/one.jar" && echo run >> "$COUNT" && sleep 0.2
"""
BROKEN_MAVEN = """#!/bin/sh
echo "[ERROR] "
echo "[ERROR] Could not resolve kafka_2.13"
exit 1
"""


def program(path: Path, script: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def java_of(folder: Path, version: str) -> dict[str, str]:
    program(folder / "bin" / "java", f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    return {"JAVA_HOME": str(folder)}


@pytest.mark.parametrize("version", ["17.0.15", "21", "25-ea"])
def test_a_java_that_is_new_enough_is_taken(tmp_path: Path, version: str) -> None:
    assert java.java_program(java_of(tmp_path, version)) == str(tmp_path / "bin" / "java")


@pytest.mark.parametrize(("version", "said"), [("11.0.2", "is version 11"), ("1.8.0_402", "is version 8")])
def test_an_old_java_is_refused_with_what_to_install(tmp_path: Path, version: str, said: str) -> None:
    with pytest.raises(StackError, match=f"needs Java 17 or newer.*{said}.*apt install openjdk-17.*JAVA_HOME"):
        java.java_program(java_of(tmp_path, version))


@pytest.mark.parametrize("broken", [False, True])
def test_no_java_is_one_line_that_says_what_to_install(tmp_path: Path, broken: bool) -> None:
    if broken:
        program(tmp_path / "java", "#!/bin/sh\nexit 1\n")
    with pytest.raises(StackError, match="there is none: install one") as raised:
        java.java_program({"PATH": str(tmp_path)})
    assert "\n" not in str(raised.value)
    assert "NEXUS_INFRA=embedded" in str(raised.value)


def test_no_maven_is_one_line_that_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"needs Maven.*apt install maven"):
        java.maven_program({"PATH": str(tmp_path)})


async def test_jars_are_fetched_once_however_many_ask_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven, said = program(tmp_path / "mvn", MAVEN), list[str]()
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    folder = jars_folder(tmp_path / "cache")
    left_behind = folder.parent / f"{folder.name}.partial-killed"
    left_behind.mkdir(parents=True)
    await asyncio.gather(*(fetch_jars(maven, folder, said.append) for _ in range(3)))
    assert (tmp_path / "count").read_text(encoding="utf-8").split() == ["run", "run"]
    assert {path.name for path in folder.iterdir()} == {"kafka", "dynamodb"}
    assert not left_behind.exists()
    assert "fetching Kafka" in said[0]
    assert sum("waiting for it" in line for line in said) == 2


async def test_a_failed_fetch_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    folder = jars_folder(tmp_path / "cache")
    with pytest.raises(StackError, match=r"could not fetch kafka: Could not resolve kafka_2\.13; is Maven Central"):
        await fetch_jars(program(tmp_path / "mvn", BROKEN_MAVEN), folder, list[str]().append)
    assert [path.name for path in folder.parent.iterdir()] == [f"{folder.name}.lock"]


def test_another_pom_has_another_folder(tmp_path: Path) -> None:
    (tmp_path / "pom.xml").write_bytes(POM.read_bytes() + b"\n")
    assert jars_folder(tmp_path) == jars_folder(tmp_path)
    assert jars_folder(tmp_path, tmp_path / "pom.xml") != jars_folder(tmp_path)


def test_every_version_is_pinned() -> None:
    text = POM.read_text(encoding="utf-8")
    assert text.count("<dependency>") + text.count("<plugin>") + 1 == text.count("<version>")
    assert not [mark for mark in ("LATEST", "RELEASE", "SNAPSHOT", "[", "${") if mark in text]


def test_a_folder_whose_making_fails_is_not_there(tmp_path: Path) -> None:
    def fail() -> None:
        with made_whole(tmp_path / "whole") as partial:
            (partial / "half").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def brokers(count: int) -> list[Broker]:
    return [Broker(number, 9000 + number, 9100 + number) for number in range(1, count + 1)]


def test_one_broker_replicates_nothing_and_three_survive_the_loss_of_one(tmp_path: Path) -> None:
    (one,) = brokers(1)
    alone = properties(one, [one], tmp_path)
    assert (alone["default.replication.factor"], alone["min.insync.replicas"]) == ("1", "1")
    three = brokers(3)
    second = properties(three[1], three, tmp_path)
    assert (second["default.replication.factor"], second["min.insync.replicas"]) == ("3", "2")
    assert second["offsets.topic.replication.factor"] == second["transaction.state.log.replication.factor"] == "3"
    assert second["controller.quorum.voters"] == "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"
    assert second["listeners"] == "PLAINTEXT://127.0.0.1:9002,CONTROLLER://127.0.0.1:9102"
    assert [broker.name for broker in three] == ["kafka", "kafka-2", "kafka-3"]


def test_any_folder_name_can_be_configured(tmp_path: Path) -> None:
    path = write_properties(tmp_path / "p", {"log.dirs": "/home/josé\\数/\U0001f600"})
    assert path.read_bytes() == rb"log.dirs=/home/jos\u00e9\\\u6570/\ud83d\ude00" + b"\n"


def test_a_cluster_id_is_no_option_of_a_command_line() -> None:
    made = {new_cluster_id() for _ in range(300)}
    assert len(made) == 300
    assert {len(each) for each in made} == {22}
    assert not [each for each in made if each.startswith("-")]


async def test_data_of_another_number_of_brokers_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kafka" / "broker-1"
    kept.mkdir(parents=True)
    (kept / "meta.properties").touch()
    with pytest.raises(StackError, match=r"made for 1 Kafka broker\(s\), not 3: set NEXUS_KAFKA_BROKERS=1"):
        await format_storage(["false"], os.environ, tmp_path / "kafka", brokers(3))
    await format_storage(["false"], os.environ, tmp_path / "kafka", brokers(1))


async def test_a_storage_tool_that_fails_is_quoted_and_leaves_nothing(tmp_path: Path) -> None:
    tool = [program(tmp_path / "tool", "#!/bin/sh\necho no room; exit 1\n")]
    with pytest.raises(StackError, match="no room"):
        await format_storage(tool, os.environ, tmp_path / "kafka", brokers(1))
    assert os.listdir(tmp_path) == ["tool"]


@pytest.mark.parametrize(("value", "brokers"), [("1", 1), ("3", 3)])
def test_the_number_of_brokers_is_a_setting(monkeypatch: pytest.MonkeyPatch, value: str, brokers: int) -> None:
    monkeypatch.setenv("NEXUS_KAFKA_BROKERS", value)
    assert load_settings().kafka_brokers == brokers


def test_two_brokers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_KAFKA_BROKERS", "2")
    with pytest.raises(StackError, match="NEXUS_KAFKA_BROKERS=2: Input should be 1 or 3"):
        load_settings()


def test_the_cache_is_the_user_s_and_not_the_data_folder_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NEXUS_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert load_settings().cache_dir == tmp_path / "nexus-ai"
    monkeypatch.setenv("NEXUS_CACHE_DIR", "/elsewhere")
    assert load_settings().cache_dir == Path("/elsewhere")
