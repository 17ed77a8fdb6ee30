"""A package, so that its platform is started once, and stopped when its tests are over."""
