"""Background work: completes deletions, and fails builds that can no longer finish."""
