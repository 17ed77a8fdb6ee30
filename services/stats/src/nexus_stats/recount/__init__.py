"""Counting everything anew from the histories of the owners: `nexus-stats rebuild` and `nexus-stats verify`."""
