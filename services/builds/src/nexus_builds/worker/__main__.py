"""python -m nexus_builds.worker"""

from nexus_builds.settings import WorkerSettings
from nexus_builds.worker.app import NAME, build
from nexus_runtime.service import serve
from nexus_runtime.settings import load

if __name__ == "__main__":
    settings = load(WorkerSettings)
    serve(NAME, settings, build(settings))
