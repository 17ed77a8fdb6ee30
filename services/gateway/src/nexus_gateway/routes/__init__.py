"""The operations of the REST contract, by what they are about."""
