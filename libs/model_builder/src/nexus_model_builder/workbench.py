"""What every step of a build works with."""

from dataclasses import dataclass

from nexus_contracts.builds.builder import BuildRequest, Notebook
from nexus_model_builder import wording
from nexus_model_builder.calls import Caller
from nexus_model_builder.plan import Outputs
from nexus_model_builder.tools import Toolmaker


@dataclass(frozen=True)
class Workbench:
    """`required_share` is the share of held-back cases that must pass; `agent_model` the agent's model, or None."""

    request: BuildRequest
    outputs: Outputs
    notebook: Notebook
    caller: Caller
    maker: Toolmaker
    required_share: float
    agent_model: str | None = None

    def changing(self, prompt: str, advice: str, **present: object) -> str:
        """The prompt; if an agent is being changed, with the change and what is `present` of the agent."""
        agent = self.request.present
        return wording.changing(prompt, agent.change, advice, **present) if agent else prompt
