"""Cases for agents of the rule-based builder: values first, then a wording, and the answer worked out from the values.

Nothing here asks the agent's own code what a prompt means or comes to: a case that did would prove nothing.
"""
