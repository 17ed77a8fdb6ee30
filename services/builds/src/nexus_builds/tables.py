"""The tables that `builds` owns.

| table | keys | holds |
|---|---|---|
| AgentProjects | project_id | the project's whole state, with the tails of what can grow |
| BuildsProjectLists | list, position | the lists: a tenant's all, user#<id> and quotas; external |
| BuildsStageRecords | project_id, record | full logs, artifacts, large outputs; checkpoints, answers; past attempts |
| BuildsWork | shard, item | builds that want a worker or have one, deletions under way |
| BuildsHistory, BuildsInbox, BuildsOutbox, BuildsLeases | | as the runtime defines them |

Among the leases stands the key that the worker signs its reports with (`signing.py`).
"""

from nexus_runtime.dynamo import Table
from nexus_runtime.ledger.history import history_table
from nexus_runtime.ledger.inbox import inbox_table
from nexus_runtime.ledger.outbox import outbox_table
from nexus_runtime.owner import LedgerTables
from nexus_runtime.work.items import work_table
from nexus_runtime.work.leases import lease_table

PROJECTS = Table("AgentProjects", "project_id")
LISTS = Table("BuildsProjectLists", "list", "position")
RECORDS = Table("BuildsStageRecords", "project_id", "record")
LEASES = lease_table("BuildsLeases")
WORK = work_table("BuildsWork")
LEDGER = LedgerTables(inbox_table("BuildsInbox"), history_table("BuildsHistory"), outbox_table("BuildsOutbox"))

TABLES = (PROJECTS, LISTS, RECORDS, LEASES, WORK, LEDGER.inbox, LEDGER.history, LEDGER.outbox)
