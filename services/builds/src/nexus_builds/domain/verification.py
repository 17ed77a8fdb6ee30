"""Where the report on an attempt's cases is kept: among the checkpoints of its last stage."""

from nexus_contracts.stages import DEPLOYER

STEP = DEPLOYER
CHECKPOINT = "verification"
