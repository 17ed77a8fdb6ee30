"""python -m nexus_builds"""

from nexus_builds.app import NAME, build
from nexus_builds.settings import BuildsSettings
from nexus_runtime.service import serve
from nexus_runtime.settings import load

if __name__ == "__main__":
    settings = load(BuildsSettings)
    serve(NAME, settings, build(settings))
