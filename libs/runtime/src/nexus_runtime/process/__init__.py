"""How a process lives: settings, logs, health, HTTP, start and stop."""
