"""A package, so that its database is started once, and stopped when its tests are over."""
