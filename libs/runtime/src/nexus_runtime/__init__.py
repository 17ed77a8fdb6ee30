"""How a service of the platform lives: settings, logs, delivery, storage, health."""
