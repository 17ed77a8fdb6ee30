"""How much a tenant may ask of its agents on a day (UTC)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from nexus_contracts.errors import TenantQuotaExceeded


@dataclass(frozen=True)
class Used:
    """Of one day: the invocations that were accepted, and the tokens of those that ended."""

    invocations: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class DailyQuotas:
    """Of one tenant; None: no limit."""

    invocations: int | None = None
    tokens: int | None = None

    def require_room(self, used: Used, now: datetime) -> None:
        """Raises TenantQuotaExceeded."""
        for name, limit, spent in (
            ("invocations_per_day", self.invocations, used.invocations),
            ("tokens_per_day", self.tokens, used.tokens),
        ):
            if limit is not None and spent >= limit:
                raise TenantQuotaExceeded(
                    f"the tenant has used {spent} of {limit} {name.removesuffix('_per_day')} of today",
                    quota=name,
                    limit=limit,
                    used=spent,
                    retry_after_seconds=_until_tomorrow(now),
                )


NO_QUOTAS = DailyQuotas()


def _until_tomorrow(now: datetime) -> int:
    now = now.astimezone(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time.min, UTC)
    return max(1, round((midnight - now).total_seconds()))
