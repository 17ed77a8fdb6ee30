"""Publish stage reports of a build from any program."""

from nexus_contracts.builds.reports import Artifact
from nexus_kafka.options import KafkaOptions
from nexus_tracker.build import Build, Step
from nexus_tracker.errors import AttemptEnded, ReportNotDelivered, ReportRejected, StepFailure
from nexus_tracker.sync import SyncBuild, SyncStep, SyncTracker
from nexus_tracker.tracker import Tracker
from nexus_tracker.transport import Rejected, Transport, Unconfirmed

__all__ = [
    "Artifact",
    "AttemptEnded",
    "Build",
    "KafkaOptions",
    "Rejected",
    "ReportNotDelivered",
    "ReportRejected",
    "Step",
    "StepFailure",
    "SyncBuild",
    "SyncStep",
    "SyncTracker",
    "Tracker",
    "Transport",
    "Unconfirmed",
]
