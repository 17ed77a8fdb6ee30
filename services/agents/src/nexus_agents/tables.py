"""The tables that `agents` owns, and the kinds of long work that stand in one of them.

| table | keys | holds |
|---|---|---|
| AgentInstances | agent_id | agents; shards of figures (`<agent_id>#<n>`); spending, daily use; marks of deletions |
| AgentVersions | agent_id, number | the versions of agents, with their packages |
| AgentPackages | package_id | which packages a tenant has uploaded or deployed |
| AgentInvocations | invocation_id | an invocation |
| AgentStreams | invocation_id, last | what agents said while they ran, by parts, and outputs too large for an item |
| AgentLogs | agent_id, part | what the processes of agents wrote, the newest of it |
| AgentSessions | session_id | a session with its queue of turns |
| AgentSessionMessages | session_id, sequence | the messages |
| AgentsLists | list, position | who is in which list; newest entries have the highest positions |
| AgentsWork | shard, item | long work that has not ended, who is at it, who waits for it |
| AgentsHistory, AgentsInbox, AgentsOutbox, AgentsLeases | | as the runtime defines them |
"""

from nexus_runtime.dynamo import Table
from nexus_runtime.ledger.history import history_table
from nexus_runtime.ledger.inbox import inbox_table
from nexus_runtime.ledger.outbox import outbox_table
from nexus_runtime.owner import LedgerTables
from nexus_runtime.work.items import work_table
from nexus_runtime.work.leases import lease_table

INSTANCES = Table("AgentInstances", "agent_id", ttl=True)
VERSIONS = Table("AgentVersions", "agent_id", "number", sort_key_type="N")
PACKAGES = Table("AgentPackages", "package_id")
INVOCATIONS = Table("AgentInvocations", "invocation_id")
STREAMS = Table("AgentStreams", "invocation_id", "last", sort_key_type="N")
LOGS = Table("AgentLogs", "agent_id", "part", ttl=True)
SESSIONS = Table("AgentSessions", "session_id")
MESSAGES = Table("AgentSessionMessages", "session_id", "sequence", sort_key_type="N")
LISTS = Table("AgentsLists", "list", "position")
WORK = work_table("AgentsWork")
LEASES = lease_table("AgentsLeases")
LEDGER = LedgerTables(inbox_table("AgentsInbox"), history_table("AgentsHistory"), outbox_table("AgentsOutbox"))

TABLES = (
    INSTANCES,
    VERSIONS,
    PACKAGES,
    INVOCATIONS,
    STREAMS,
    LOGS,
    SESSIONS,
    MESSAGES,
    LISTS,
    WORK,
    LEASES,
    LEDGER.inbox,
    LEDGER.history,
    LEDGER.outbox,
)

INVOCATION, DEPLOYMENT = "invocation", "deployment"
AGENT_DELETION, SESSION_DELETION = "agent-deletion", "session-deletion"
