"""A package, so that its platform is stopped when its tests are over, not with all tests."""
