"""Linear and mixed-integer programs.

stated as plain arrays, solved by HiGHS, bounded by weak duality.
"""
