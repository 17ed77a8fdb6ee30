"""The change of an agent that an attempt makes."""

from nexus_contracts.model import Message


class AgentChange(Message):
    """The next version of an agent, based on that of the attempt `against`.

    `requirement` is the change itself, `whole` the agent's requirement including it.
    """

    agent_id: str
    against: int
    requirement: str
    whole: str
    activate_if_cases_fail: bool = False
