"""The tables that the gateway owns.

| table | keys | holds |
|---|---|---|
| GatewayKeys | part, entry | API keys: key#<id>, with the hash of the secret; tenant#<tenant>, which keys it has |

Beside them stands the audit trail of keys: audit#<tenant>#<month>.
"""

from nexus_runtime.dynamo import Table

KEYS = Table("GatewayKeys", "part", "entry", ttl=True)

TABLES = (KEYS,)
