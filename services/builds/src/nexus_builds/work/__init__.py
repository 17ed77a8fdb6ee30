"""Background work: deletions are completed, and builds that can no longer finish are failed."""
