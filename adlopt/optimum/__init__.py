"""The best answer in *hindsight*, with its certificate.

The front door is `adlopt.optimum.solve`.
"""
