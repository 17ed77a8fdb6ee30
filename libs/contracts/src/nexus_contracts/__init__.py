"""The messages, views and errors that every part of the platform shares."""
