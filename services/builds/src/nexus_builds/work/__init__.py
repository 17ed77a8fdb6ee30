"""What goes on by itself: deletions are brought to their end, builds that are past hope are failed."""
