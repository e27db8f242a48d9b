"""Documents of agenda points: put ready before a notice, bound by it, read by members, and added to later."""
