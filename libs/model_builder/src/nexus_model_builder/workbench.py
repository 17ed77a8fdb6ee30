"""What a step works with."""

from dataclasses import dataclass

from nexus_contracts.builds.builder import BuildRequest, Notebook
from nexus_model_builder import wording
from nexus_model_builder.calls import Caller
from nexus_model_builder.plan import Outputs
from nexus_model_builder.tools import Toolmaker


@dataclass(frozen=True)
class Workbench:
    """`required_share` is that of the held-back cases which must pass; `agent_model` what the agent may use, if any."""

    request: BuildRequest
    outputs: Outputs
    notebook: Notebook
    caller: Caller
    maker: Toolmaker
    required_share: float
    agent_model: str | None = None

    def changing(self, prompt: str, advice: str, **present: object) -> str:
        """The prompt, with what there is `present` where an agent is changed."""
        agent = self.request.present
        return wording.changing(prompt, agent.change, advice, **present) if agent else prompt
