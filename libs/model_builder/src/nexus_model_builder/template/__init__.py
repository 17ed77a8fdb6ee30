"""Files of a package that was built by a model, beside those of the rule-based template."""
