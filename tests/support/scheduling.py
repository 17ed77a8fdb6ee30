"""What each of several processes that run the tests takes at a time."""

from pathlib import Path

from xdist.scheduler import LoadFileScheduling


class ByWhatIsShared(LoadFileScheduling):
    """A file, or of a folder that is a package all files: their tests share what its conftest.py starts."""

    def _split_scope(self, nodeid: str) -> str:
        return work_unit(self.config.rootpath, nodeid)


def work_unit(root: Path, nodeid: str) -> str:
    file = Path(nodeid.split("::", 1)[0])
    return str(file.parent if (root / file.parent / "__init__.py").exists() else file)
