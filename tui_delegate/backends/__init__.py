"""Speaks to model servers: one module for each wire protocol, one client for each server.

Nothing here knows what a delegation is, prices a call or keeps a record of one.
"""
