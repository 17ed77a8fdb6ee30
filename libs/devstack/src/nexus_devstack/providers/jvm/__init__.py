"""Apache Kafka and DynamoDB Local on a Java that the machine has, from jars that Maven fetches once."""
