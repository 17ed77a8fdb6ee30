"""Publish stage reports of a build from any program."""

from nexus_tracker.tracker import ReportNotDelivered, Tracker

__all__ = ["ReportNotDelivered", "Tracker"]
