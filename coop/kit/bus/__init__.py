"""Buses that carry facts between services: ``local`` within one process, ``kafka`` between processes."""
