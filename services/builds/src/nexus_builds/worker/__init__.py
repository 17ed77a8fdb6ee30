"""The build worker: runs the stages of a build and reports on them like any other system."""
