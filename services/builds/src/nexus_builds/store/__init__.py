"""The storage of `builds`."""
