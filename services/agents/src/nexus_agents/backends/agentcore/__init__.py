"""Agents as runtimes of Amazon Bedrock AgentCore: see docs/agentcore.md."""
