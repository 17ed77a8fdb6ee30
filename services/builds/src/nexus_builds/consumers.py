"""The subscriptions of `builds`: commands and stage reports."""

from nexus_builds.handlers.commands import CommandHandlers
from nexus_builds.handlers.reports import ReportHandlers
from nexus_builds.signing import ReportSigner
from nexus_contracts.builds.cdevents import report_of
from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.builds.reports import REPORT
from nexus_contracts.envelope import CloudEvent, MalformedEvent
from nexus_contracts.signatures import PLATFORM
from nexus_contracts.topics import BUILDS_COMMANDS, BUILDS_REPORTS
from nexus_runtime.kafka.delivery import Admission, Subscription
from nexus_runtime.kafka.pace import CALM
from nexus_runtime.ledger.commands import command_subscription
from nexus_runtime.owner import Owner
from nexus_runtime.process.caller import Trust


def admission(signer: ReportSigner, trust: Trust) -> Admission:
    """Translates CDEvents to reports, and admits the platform's own reports only with its signature.

    Who has sent one over HTTP is believed to the gateway alone.
    """

    async def admit(event: CloudEvent) -> CloudEvent | None:
        # Checked before duplicates are detected: the worker's ids are predictable, and a forgery must not use one up.
        if event.source.startswith(PLATFORM) and not await signer.is_signed(event):
            raise MalformedEvent(f"source: {PLATFORM}... belongs to the platform, whose reports are signed")
        return report_of(trust.without_claims(event))

    return admit


def subscriptions(
    owner: Owner, commands: CommandHandlers, reports: ReportHandlers, signer: ReportSigner
) -> list[Subscription]:
    """Groups reports by the project in their body: the record key of a stranger may be anything."""
    return [
        command_subscription(
            BUILDS_COMMANDS, "builds", BUILDS_COMMAND, commands.decide, owner.ledger, owner.replier, owner.trust.admit
        ),
        Subscription(
            BUILDS_REPORTS,
            "builds-reports",
            REPORT,
            reports.apply_reports,
            group_of=lambda delivery: delivery.message.project_id,
            admit=admission(signer, owner.trust),
            rests=CALM,
        ),
    ]
