"""Opens agent packages: a zip is checked as a whole before any of it is trusted or written."""

import hashlib
import io
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from nexus_agents.domain.backend_errors import PackageRejected
from nexus_agents.domain.package import TOO_LARGE
from nexus_contracts.agents.manifest import Manifest
from nexus_contracts.agents.spec import AgentSpec
from nexus_contracts.strict_json import JsonReader, UnreadableJson

MANIFEST, SPEC = "manifest.json", "agent_spec.json"
MAX_PACKAGE_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_ENTRIES = 2_000
MAX_MANIFEST_BYTES = 200_000
"""What an agent takes from its manifest is stored in one item of the database, which holds at most 400 KB."""
MAX_RATIO = 100
_JSON = JsonReader(max_depth=50)
_RATIO_FROM_BYTES = 1_000_000
_MAX_NAME_BYTES = 240
_DIRECTORY_RECORD = b"PK\x01\x02"
_MAX_RECORDS = 10 * MAX_ENTRIES
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_RESERVED = ("AGENT_SOCKET", "HOME", "PATH", "TMPDIR")
_RESERVED_PREFIXES = ("LD_", "DYLD_", "PYTHON", "GLIBC_", "AWS_")


def digest(content: bytes) -> str:
    """The SHA-256 of a package, which identifies it."""
    return hashlib.sha256(content).hexdigest()


def check(content: bytes) -> Manifest:
    """The manifest of a package that may be deployed. Raises PackageRejected."""
    with _opened(content) as archive:
        return _manifest(archive, _files(archive, len(content)))


def unpack(content: bytes, into: Path) -> Manifest:
    """Checks the package and writes its files, read-only, into `into`, a new directory. Raises PackageRejected.

    What was written before a rejection stays: the caller removes the directory.
    """
    with _opened(content) as archive:
        files = _files(archive, len(content))
        manifest = _manifest(archive, files)
        into.mkdir(parents=True)
        for entry in files.values():
            _write(archive, entry, into / entry.filename)
    return manifest


def spec_of(package: Path) -> AgentSpec | None:
    """What an unpacked package says of its agent beyond the manifest, if anything. Raises PackageRejected."""
    file = package / SPEC
    return _spec(file.stat().st_size, file.read_bytes) if file.is_file() else None


def spec_in(content: bytes) -> AgentSpec | None:
    """The same of a package that `check` has accepted."""
    with _opened(content) as archive:
        entry = next((one for one in archive.infolist() if one.filename == SPEC), None)
        return _spec(entry.file_size, lambda: archive.read(SPEC)) if entry else None


def _spec(size: int, read: Callable[[], bytes]) -> AgentSpec:
    if size > MAX_MANIFEST_BYTES:
        raise PackageRejected("SPEC_INVALID", f"{SPEC} has at most {MAX_MANIFEST_BYTES} bytes.")
    try:
        return AgentSpec.model_validate(_JSON.read(read()))
    except UnreadableJson as error:
        raise PackageRejected("SPEC_INVALID", f"{SPEC} is not valid: {error}.") from None
    except ValidationError as error:
        raise PackageRejected("SPEC_INVALID", f"{SPEC} is not valid: {_first(error)}.") from None


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target)
    path.chmod(0o444)


@contextmanager
def _opened(content: bytes) -> Generator[zipfile.ZipFile]:
    if len(content) > MAX_PACKAGE_BYTES:
        raise PackageRejected(TOO_LARGE, f"A package may have at most {MAX_PACKAGE_BYTES} bytes.")
    # An upper bound of the entries, before the zip module makes an object of each.
    if content.count(_DIRECTORY_RECORD) > _MAX_RECORDS:
        raise PackageRejected("TOO_MANY_ENTRIES", f"A package may have at most {MAX_ENTRIES} entries.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError) as error:
        raise PackageRejected("NOT_A_ZIP", f"The package is not a readable zip file: {error}.") from error


def _files(archive: zipfile.ZipFile, packed_bytes: int) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        message = f"A package may have at most {MAX_ENTRIES} entries, not {len(entries)}."
        raise PackageRejected("TOO_MANY_ENTRIES", message)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        raise PackageRejected("UNPACKED_TOO_LARGE", f"A package may unpack to at most {MAX_UNPACKED_BYTES} bytes.")
    if unpacked > max(_RATIO_FROM_BYTES, MAX_RATIO * packed_bytes):
        raise PackageRejected("COMPRESSED_TOO_MUCH", f"A package may unpack to at most {MAX_RATIO} times its size.")
    for entry in entries:
        _check_entry(entry)
    _check_unique(entries)
    return {entry.filename: entry for entry in entries if not entry.is_dir()}


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # From Python 3.12 on this may be the name in another field (0x7075, Unicode Path), under which it is written.
    for name in {entry.orig_filename, entry.filename}:
        _check_name(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PackageRejected("NOT_A_FILE", f"{entry.filename!r} is a link or a device: only files are allowed.")
    if entry.flag_bits & 0x1:
        raise PackageRejected("ENCRYPTED", f"{entry.filename!r} is encrypted.")
    if entry.compress_type not in _COMPRESSIONS:
        raise PackageRejected("COMPRESSION_UNKNOWN", f"{entry.filename!r} is neither stored nor deflated.")


def _check_name(name: str) -> None:
    parts = name.removesuffix("/").split("/")
    if name.startswith("/") or parts[0][1:2] == ":":
        raise PackageRejected("UNSAFE_PATH", f"{name!r} is an absolute path.")
    if ".." in parts:
        raise PackageRejected("UNSAFE_PATH", f"{name!r} points outside the package.")
    if "" in parts or "." in parts or "\\" in name or not name.isprintable():
        raise PackageRejected("UNSAFE_PATH", f"{name!r} is not a plain path with forward slashes.")
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise PackageRejected("UNSAFE_PATH", f"{name[:40]!r}... is longer than {_MAX_NAME_BYTES} bytes.")


def _check_unique(entries: list[zipfile.ZipInfo]) -> None:
    """No two names that some file system considers equal, and no file that is also a directory."""
    names = [_folded(entry.filename) for entry in entries]
    files = {_folded(entry.filename) for entry in entries if not entry.is_dir()}
    seen: set[str] = set()
    for name, entry in zip(names, entries, strict=True):
        if name in seen or any(str(parent) in files for parent in PurePosixPath(name).parents):
            raise PackageRejected("DUPLICATE_NAME", f"{entry.filename!r} occurs twice in the package.")
        seen.add(name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().removesuffix("/")


def _manifest(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo]) -> Manifest:
    entry = files.get(MANIFEST)
    if entry is None:
        raise PackageRejected("MANIFEST_MISSING", f"There is no {MANIFEST} at the root of the package.")
    if entry.file_size > MAX_MANIFEST_BYTES:
        raise PackageRejected("MANIFEST_INVALID", f"{MANIFEST} may have at most {MAX_MANIFEST_BYTES} bytes.")
    try:
        manifest = Manifest.model_validate(_JSON.read(archive.read(entry)))
    except UnreadableJson as error:
        raise PackageRejected("MANIFEST_INVALID", f"{MANIFEST} is not valid: {error}.") from None
    except ValidationError as error:
        raise PackageRejected("MANIFEST_INVALID", f"{MANIFEST} is not valid: {_first(error)}.") from None
    if manifest.entrypoint not in files or not manifest.entrypoint.endswith(".py"):
        raise PackageRejected("ENTRYPOINT_MISSING", f"The package has no Python file {manifest.entrypoint!r}.")
    for name in manifest.env:
        if name in _RESERVED or name.upper().startswith(_RESERVED_PREFIXES):
            raise PackageRejected("ENVIRONMENT_RESERVED", f"{MANIFEST} may not set the variable {name}.")
    return manifest


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
