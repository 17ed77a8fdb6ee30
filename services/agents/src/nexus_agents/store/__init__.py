"""What `agents` keeps, and how it is read: each aggregate has one place that composes its writes."""
