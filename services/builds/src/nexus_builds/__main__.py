"""python -m nexus_builds"""

import nexus_runtime.process.starting  # noqa: F401  # pyright: ignore[reportUnusedImport]  # before all others

# isort: split
from nexus_builds.app import NAME, create_app
from nexus_builds.settings import BuildsSettings
from nexus_runtime.process.service import serve
from nexus_runtime.process.settings import load

if __name__ == "__main__":
    settings = load(BuildsSettings)
    serve(NAME, settings, create_app(settings))
