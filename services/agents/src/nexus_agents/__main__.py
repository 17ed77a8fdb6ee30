"""python -m nexus_agents"""

from nexus_agents.app import NAME, build
from nexus_agents.settings import AgentsSettings
from nexus_runtime.service import serve
from nexus_runtime.settings import load

if __name__ == "__main__":
    settings = load(AgentsSettings)
    serve(NAME, settings, build(settings))
