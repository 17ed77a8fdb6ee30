"""Apache Kafka and DynamoDB Local in containers, made by testcontainers on an engine of this machine."""
