"""Counting everything anew from the histories of the owners: `nexus-admin stats rebuild` and `... verify`."""
