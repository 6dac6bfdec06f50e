"""The backends: each speaks one wire protocol to one kind of server, behind the port of core."""
