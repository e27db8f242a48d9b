"""The operator's room: puts services together, runs them, shows how they do, and the whole product from a terminal.

Owns: the process (which services run in it, on which bus), the pages of operations, access and documents, the commands.
Refuses: deciding anything that belongs to a service.
"""
