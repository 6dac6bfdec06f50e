"""The MCP server: what the verbs for coding agents do, as tools of a host.

`server` alone knows the SDK, which is an extra; all else is values and the workspace.
"""
