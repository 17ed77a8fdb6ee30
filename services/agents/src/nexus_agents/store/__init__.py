"""The storage of `agents`: each aggregate has one place that composes its writes."""
