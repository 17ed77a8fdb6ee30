"""Packages: what is accepted, what is rejected and why, and that no bytes at all bring the checker down."""

import io
import json
import random
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from pydantic import JsonValue

from nexus_agents import packages
from nexus_agents.domain.backend_errors import PackageRejected
from nexus_contracts.agents.manifest import Manifest, ManifestTool, capabilities_of

MANIFEST: dict[str, JsonValue] = {"name": "tester", "version": "1.0.0", "entrypoint": "main.py"}
GOOD = {"main.py": "print('hello')\n", "tools/adder.py": "x = 1\n"}


def broken(**fields: JsonValue) -> dict[str, JsonValue]:
    return MANIFEST | fields


BROKEN: list[tuple[dict[str, JsonValue] | str, str]] = [
    ("{", "MANIFEST_INVALID"),
    ("[" * 100_000, "MANIFEST_INVALID"),
    ('{"name": "tester", "version": "1", "version": "2"}', "MANIFEST_INVALID"),
    ('{"name": "tester", "version": "1", "env": {"A": "1", "A": "2"}}', "MANIFEST_INVALID"),
    ('{"name": "tester", "version": "1", "score": NaN}', "MANIFEST_INVALID"),
    ('{"name": "tester", "version": "1", "description": "\\ud800"}', "MANIFEST_INVALID"),
    ('\ufeff{"name": "tester", "version": "1"}', "MANIFEST_INVALID"),
    (broken(name="1st"), "MANIFEST_INVALID"),
    (broken(name="a" * 49), "MANIFEST_INVALID"),
    (broken(tools=[{}]), "MANIFEST_INVALID"),
    (broken(env={"A B": "x"}), "MANIFEST_INVALID"),
    (broken(env={"A": "x\x00y"}), "MANIFEST_INVALID"),
    (broken(entrypoint="other.py"), "ENTRYPOINT_MISSING"),
    (broken(entrypoint="../main.py"), "ENTRYPOINT_MISSING"),
    (broken(entrypoint="manifest.json"), "ENTRYPOINT_MISSING"),
    (broken(env={"LD_PRELOAD": "x"}), "ENVIRONMENT_RESERVED"),
    (broken(env={"AGENT_SOCKET": "x"}), "ENVIRONMENT_RESERVED"),
]


def zipped(files: dict[str, str], manifest: dict[str, JsonValue] | str | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", manifest if isinstance(manifest, str) else json.dumps(manifest or MANIFEST))
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_entry(entry: zipfile.ZipInfo, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO(zipped(GOOD))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(entry, content)
    return buffer.getvalue()


def rejection(content: bytes) -> PackageRejected:
    with pytest.raises(PackageRejected) as caught:
        packages.check(content)
    assert len(caught.value.message) > 10
    return caught.value


def test_a_good_package_is_unpacked_as_it_is(tmp_path: Path) -> None:
    manifest = packages.unpack(zipped(GOOD), tmp_path / "new")
    assert manifest.name == "tester"
    assert (tmp_path / "new/tools/adder.py").read_text() == "x = 1\n"
    assert stat.S_IMODE((tmp_path / "new/main.py").stat().st_mode) == 0o444


def test_directories_and_comments_of_other_zip_tools_are_fine(tmp_path: Path) -> None:
    buffer = io.BytesIO(with_entry(zipfile.ZipInfo("docs/"), b""))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"a commit id"
    assert packages.unpack(buffer.getvalue(), tmp_path / "new").version == "1.0.0"


def test_capabilities_are_those_named_and_the_tools_sorted_and_unique() -> None:
    manifest = Manifest(
        name="a",
        version="1",
        tools=[ManifestTool(name="sum"), ManifestTool(name="sum")],
        capabilities=["writing", "counting", "writing"],
    )
    assert capabilities_of(manifest) == ["counting", "tool:sum", "writing"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/etc/passwd", "UNSAFE_PATH"),
        ("C:/windows", "UNSAFE_PATH"),
        ("../out.py", "UNSAFE_PATH"),
        ("tools/../../out.py", "UNSAFE_PATH"),
        ("tools\\out.py", "UNSAFE_PATH"),
        ("tools//out.py", "UNSAFE_PATH"),
        ("./out.py", "UNSAFE_PATH"),
        ("out\n.py", "UNSAFE_PATH"),
        ("n" * 300, "UNSAFE_PATH"),
        ("MAIN.py", "DUPLICATE_NAME"),
        ("main.py/inside.py", "DUPLICATE_NAME"),
        ("tools", "DUPLICATE_NAME"),
    ],
)
def test_a_name_that_could_do_harm_is_rejected(name: str, code: str) -> None:
    assert rejection(with_entry(zipfile.ZipInfo(name))).code == code


def test_the_name_under_which_an_entry_is_written_is_checked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From Python 3.12 on it may be another one: that of the field 0x7075, which older ones do not read."""
    name = b"../../out.py"
    entry = zipfile.ZipInfo("out.py")
    unicode_path = struct.pack("<BL", 1, zlib.crc32(b"out.py")) + name
    entry.extra = struct.pack("<HH", 0x7075, len(unicode_path)) + unicode_path
    content = with_entry(entry)
    listed = zipfile.ZipFile.infolist

    def as_newer_pythons_do(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        entries = listed(archive)
        entries[-1].filename = name.decode()
        return entries

    monkeypatch.setattr(zipfile.ZipFile, "infolist", as_newer_pythons_do)
    with pytest.raises(PackageRejected, match="outside the package"):
        packages.unpack(content, tmp_path / "deep" / "new")
    assert not (tmp_path / "out.py").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_rejected() -> None:
    assert rejection(with_entry(zipfile.ZipInfo("main.py"))).code == "DUPLICATE_NAME"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_rejected(kind: int) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (kind | 0o777) << 16
    assert rejection(with_entry(entry, b"/etc/passwd")).code == "NOT_A_FILE"


def test_a_compression_that_can_hide_a_bomb_is_rejected() -> None:
    entry = zipfile.ZipInfo("data.bin")
    entry.compress_type = zipfile.ZIP_LZMA
    assert rejection(with_entry(entry)).code == "COMPRESSION_UNKNOWN"


def test_an_encrypted_entry_is_rejected() -> None:
    content = bytearray(zipped(GOOD))
    record = content.rindex(b"PK\x01\x02")
    content[record + 8] |= 1
    assert rejection(bytes(content)).code == "ENCRYPTED"


def test_a_zip_bomb_is_rejected_by_what_it_would_unpack_to() -> None:
    assert rejection(zipped(GOOD | {"zeros": "0" * 20_000_000})).code == "COMPRESSED_TOO_MUCH"


def test_a_bomb_that_lies_about_its_size_is_rejected(tmp_path: Path) -> None:
    content = bytearray(zipped(GOOD | {"zeros": "0" * 20_000_000}))
    record = content.rindex(b"PK\x01\x02")
    content[record + 24 : record + 28] = (1000).to_bytes(4, "little")
    packages.check(bytes(content))
    with pytest.raises(PackageRejected) as caught:
        packages.unpack(bytes(content), tmp_path / "new")
    assert caught.value.code == "NOT_A_ZIP"
    assert (tmp_path / "new/zeros").stat().st_size <= 1000


def test_too_many_entries_are_rejected() -> None:
    assert rejection(zipped({f"f{number}": "" for number in range(2_000)})).code == "TOO_MANY_ENTRIES"


def test_a_package_over_the_limit_is_rejected_unread() -> None:
    assert rejection(bytes(packages.MAX_PACKAGE_BYTES + 1)).code == "PACKAGE_TOO_LARGE"


def test_what_unpacks_to_more_than_the_limit_is_rejected() -> None:
    content = bytearray(zipped(GOOD))
    record = content.rindex(b"PK\x01\x02")
    content[record + 24 : record + 28] = (packages.MAX_UNPACKED_BYTES + 1).to_bytes(4, "little")
    assert rejection(bytes(content)).code == "UNPACKED_TOO_LARGE"


@pytest.mark.parametrize(("manifest", "code"), BROKEN)
def test_a_manifest_that_cannot_be_deployed_is_rejected(manifest: dict[str, JsonValue] | str, code: str) -> None:
    assert rejection(zipped(GOOD, manifest)).code == code


def test_the_message_names_the_field_that_is_wrong() -> None:
    assert "name" in rejection(zipped(GOOD, MANIFEST | {"name": "1st"})).message


def test_a_zip_without_a_manifest_at_its_root_is_rejected() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("agent/manifest.json", json.dumps(MANIFEST))
    assert rejection(buffer.getvalue()).code == "MANIFEST_MISSING"


@pytest.mark.parametrize("content", [b"", b"PK", b"hello" * 100, zipped(GOOD)[:-10], zipped(GOOD)[40:]])
def test_what_is_no_zip_is_rejected(content: bytes) -> None:
    assert rejection(content).code in ("NOT_A_ZIP", "MANIFEST_MISSING")


def test_a_package_is_accepted_or_rejected_whatever_bytes_are_changed_in_it(tmp_path: Path) -> None:
    chance = random.Random(7)
    good = zipped(GOOD)
    for number in range(1_500):
        content = bytearray(good)
        for _ in range(chance.choice((1, 1, 2, 8))):
            content[chance.randrange(len(content))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        into = tmp_path / str(number)
        try:
            packages.unpack(bytes(content), into)
        except PackageRejected:
            continue
        assert {path.name for path in into.iterdir()} <= {"main.py", "tools", "manifest.json"} | _names(content)


def _names(content: bytearray) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        return {name.split("/")[0] for name in archive.namelist()}
