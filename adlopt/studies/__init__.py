"""Questions asked of rules and policies."""
