"""What a project may do: pure functions from (state, message) to (state, events). No I/O, no clock, no ids inside."""
