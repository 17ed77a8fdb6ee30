"""Modules of an agent with a language model, beside those of the rule-based template."""
