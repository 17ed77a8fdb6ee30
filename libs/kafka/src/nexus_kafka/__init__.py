"""How every client of the platform finds Kafka and proves who it is."""
