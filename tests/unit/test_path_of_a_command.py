"""Whoever follows a command through its owner reads one file a layer, and two where a decision has two parts.

Every file of the owner counts of which a function runs between the message and the commit; those of `runtime` do not.
"""

from tests.support.agents_world import AGENT, World, kill_tasks
from tests.support.builds_story import EXTERNAL, a_report, create_command
from tests.support.builds_world import LossyDatabase, Replica, delivered
from tests.support.entered import Entered

import nexus_agents
import nexus_builds
from nexus_contracts.agents.commands import AgentsCommand, CreateSession, DeleteSession, InvokeAgent, PostMessage
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.process.clock import new_id

HANDLERS = {"handlers/commands.py", "handlers/conversations.py"}
TURN = {"domain/invocation.py", "domain/session.py", "domain/turn.py", *HANDLERS}
ADMISSION = {"work/lanes.py"}
"""Whether one more may begin."""
TURN_STORE = {"store/agents.py", "store/invocations.py", "store/sessions.py", "store/turns.py"}


async def entered(world: World, command: AgentsCommand) -> set[str]:
    handled = Handled(command, new_id("evt_"), partition=1)
    commands = world.service.commands
    with Entered(nexus_agents) as found:
        await world.owner.ledger.carry_out(handled, lambda: commands.decide(command, handled.address))
    return found.files


async def test_accepting_an_invocation_enters_six_files() -> None:
    world = World()
    await world.start()
    await world.deploy()
    command = InvokeAgent(command_id="i", agent_id=AGENT, invocation_id=new_id("inv_"), input_text="1")
    assert await entered(world, command) == {
        *HANDLERS,
        "domain/invocation.py",
        "store/agents.py",
        "store/invocations.py",
        *ADMISSION,
    }
    await kill_tasks()


async def test_a_turn_enters_the_files_of_what_it_changes() -> None:
    """It changes a session and an invocation, and adds a message: each has a domain and a store of its own."""
    world = World()
    await world.start()
    await world.deploy()
    session_id = new_id("sess_")
    await world.ask(CreateSession(command_id="s", session_id=session_id, agent_id=AGENT))
    first, second = (
        PostMessage(command_id=key, session_id=session_id, invocation_id=new_id("inv_"), content="1") for key in "ab"
    )
    assert await entered(world, first) == TURN | TURN_STORE | {"store/messages.py"} | ADMISSION
    assert await entered(world, second) == TURN | TURN_STORE
    deletion = DeleteSession(command_id="d", session_id=session_id)
    assert await entered(world, deletion) == {*HANDLERS, "domain/session.py", "store/sessions.py", "store/agents.py"}
    await kill_tasks()


async def test_creating_a_project_enters_four_files() -> None:
    replica = Replica(LossyDatabase())
    with Entered(nexus_builds) as found:
        await replica.ask(create_command(auto_start=False))
    assert found.files == {"handlers/commands.py", "domain/control.py", "domain/state.py", "store/projects.py"}


async def test_applying_a_report_enters_four_files() -> None:
    """And one more where it begins an attempt (`control`) or ends it (`endings`)."""
    replica = Replica(LossyDatabase())
    await replica.ask(create_command(auto_start=False))
    always = {"handlers/reports.py", "domain/reports.py", "domain/state.py", "store/projects.py"}
    for number, (kind, more) in enumerate((("started", {"domain/control.py"}), ("logged", set[str]()))):
        report = delivered(a_report(kind, "orchestrator"), EXTERNAL, f"r{number}")
        with Entered(nexus_builds) as found:
            await replica.tell(report)
        assert found.files == always | more
