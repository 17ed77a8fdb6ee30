"""Projects and their builds: commands, stage reports, events, views."""
