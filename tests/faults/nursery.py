"""Imported once, by the process that servers are forked from."""

from tests.faults import server

server.warm()
