"""What continues by itself: deletions are brought to their end, builds that can no longer finish are failed."""
