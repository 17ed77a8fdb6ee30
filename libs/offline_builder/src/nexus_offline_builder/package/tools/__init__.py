"""The tools that an agent may have; a package holds only the ones that its requirement asked for."""
