"""What to raise before it is known what a round needs: beliefs, their doubt, and decisions."""
