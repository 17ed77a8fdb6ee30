"""What an outage of the store of packages looks like to whoever deploys."""

from pathlib import Path

import pytest

from nexus_agents.backends.local.workspace import Unpacked, Workspace
from nexus_agents.domain.backend import PackageRef
from nexus_agents.domain.backend_errors import PackageUnavailable
from nexus_runtime.blobs import DirectoryBlobStore


async def test_a_store_that_fails_is_no_fault_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    workspace = Workspace()
    try:
        unpacked = Unpacked(workspace, DirectoryBlobStore(tmp_path / "file"))
        with pytest.raises(PackageUnavailable, match="cannot be read at the moment") as raised:
            await unpacked.open(PackageRef("blob:sha256:" + "0" * 64, "0" * 64))
        assert raised.value.may_retry
    finally:
        workspace.close()
