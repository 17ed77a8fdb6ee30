"""Projects, their stages and their control; and the build worker."""
