"""The common parts of the platform's services: settings, logs, delivery, storage, health."""
