"""Answers as evidence: certificates in files, and the checker that stands alone."""
