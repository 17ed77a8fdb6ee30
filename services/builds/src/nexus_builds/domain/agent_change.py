"""What an attempt changes of an agent."""

from nexus_contracts.model import Message


class AgentChange(Message):
    """The next version of an agent, from that of the attempt `against`.

    `requirement` is what is to be different, and `whole` the requirement of the agent with it.
    """

    agent_id: str
    against: int
    requirement: str
    whole: str
    activate_if_cases_fail: bool = False
