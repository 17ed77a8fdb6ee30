"""Apache Kafka and DynamoDB Local on the machine's own Java, from jars that Maven fetches once."""
