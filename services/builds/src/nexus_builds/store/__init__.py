"""What `builds` keeps, and how it is read."""
