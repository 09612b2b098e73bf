"""Problems as programs with names: to read, extend, solve and write to files."""
