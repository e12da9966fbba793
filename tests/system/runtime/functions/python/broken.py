"""A module that cannot be imported."""

raise RuntimeError("nobody can import this")
