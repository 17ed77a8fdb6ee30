"""Kafka: clients, consumers, delivery, replies."""
