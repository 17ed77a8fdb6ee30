"""python -m nexus_builds.worker"""

import nexus_runtime.process.starting  # noqa: F401  # pyright: ignore[reportUnusedImport]  # before all others

# isort: split
from nexus_builds.settings import WorkerSettings
from nexus_builds.worker.app import NAME, create_app
from nexus_runtime.process.service import serve
from nexus_runtime.process.settings import load

if __name__ == "__main__":
    settings = load(WorkerSettings)
    serve(NAME, settings, create_app(settings))
