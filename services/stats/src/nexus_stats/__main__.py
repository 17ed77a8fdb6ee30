"""`python -m nexus_stats`."""

import nexus_runtime.process.starting  # noqa: F401  # pyright: ignore[reportUnusedImport]  # before all others

# isort: split
from nexus_runtime.process.service import serve
from nexus_runtime.process.settings import load
from nexus_stats.app import create_app
from nexus_stats.settings import StatsSettings


def main() -> None:
    settings = load(StatsSettings)
    serve("stats", settings, create_app(settings))


if __name__ == "__main__":
    main()
