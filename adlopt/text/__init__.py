"""Answers as data for machines and as 80 columns for people, one file each."""
