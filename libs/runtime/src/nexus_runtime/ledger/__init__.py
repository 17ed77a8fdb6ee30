"""State, inbox, history and outbox: written in one transaction, published by the relay."""
