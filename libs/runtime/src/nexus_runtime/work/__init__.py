"""Work that outlives the message that asked for it."""
