"""The nouns: what a venue has, what a round is, what was done, what is asked for."""
