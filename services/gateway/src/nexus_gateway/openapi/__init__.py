"""The REST contract as an OpenAPI document, with examples."""
