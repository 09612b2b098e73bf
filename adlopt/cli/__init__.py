"""The command line: verbs, and no logic."""
