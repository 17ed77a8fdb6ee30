"""Examples of a verification, and of the differences made by a change request."""

from nexus_gateway.openapi.examples import AGENT_ID, ENDED, INVOCATION_ID, Example

AGENT_DIFF: Example = {
    "agent_id": AGENT_ID,
    "attempt": 2,
    "against": 1,
    "spec": '--- agent_spec.json\n+++ agent_spec.json\n@@ -3 +3 @@\n-  "tools": []\n+  "tools": ["units"]\n',
    "instructions": "",
    "tools": [{"name": "units", "change": "added", "diff": "--- units\n+++ units\n@@ -0,0 +1 @@\n+def read(...)\n"}],
}
VERIFICATION: Example = {
    "agent_id": AGENT_ID,
    "status": "done",
    "attempt": 1,
    "package_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "verified_at": ENDED,
    "required_share": 0.8,
    "fulfilled": True,
    "passed": 1,
    "failed": 0,
    "not_verifiable": 0,
    "total": 1,
    "statement": "1 of 1 cases passed.",
    "cases": [
        {
            "name": "a sum",
            "held_back": True,
            "outcome": "passed",
            "problem": None,
            "turns": [
                {
                    "prompt": "1 + 2",
                    "answer": "1 + 2 = 3",
                    "tools": ["arithmetic"],
                    "invocation_id": INVOCATION_ID,
                    "problem": None,
                }
            ],
        }
    ],
}
