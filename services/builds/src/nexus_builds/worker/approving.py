"""What a build does only when a person has approved it."""

from nexus_builds.domain.state import Project
from nexus_contracts.builds.builder import Notebook, StepResult
from nexus_contracts.builds.events import Approval
from nexus_contracts.builds.reports import WaitKind

APPROVALS = {"system_architecture": Approval.ARCHITECTURE, "agent_deployer": Approval.DEPLOY}
_MOST = 4000


async def approved(project: Project, step: str, result: StepResult, notebook: Notebook) -> None:
    """Waits for the approval of what the step has made, where the project wants one."""
    wanted = APPROVALS.get(step)
    if wanted in project.approve:
        await notebook.ask(f"approve {wanted}", WaitKind.APPROVAL, _summary(result)[:_MOST], result.estimate_usd)


def _summary(result: StepResult) -> str:
    output = result.output_data
    if isinstance(said := output.get("summary"), str):
        return said
    shown = (f"{name}: {value}" for name, value in output.items() if isinstance(value, str | int | float))
    return "; ".join(shown) or "the step has ended"
