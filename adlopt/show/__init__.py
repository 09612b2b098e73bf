"""Views: plain data in; tables, pages and dataframes out.

Imports only `foundation`, so that a view cannot compute.
"""
