"""The operations of the REST contract, by resource."""
