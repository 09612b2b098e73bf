"""Figures of an episode: each answers the question that its title asks."""
