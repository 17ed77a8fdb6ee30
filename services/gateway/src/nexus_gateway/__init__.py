"""The REST entrance: publishes commands, asks the owners."""
