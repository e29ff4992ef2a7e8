"""Asks DuckDB what a file asks, of the CSVs below ./results, and prints the answer: python3 ask.py 1-in-doubt.sql"""

import sys

import duckdb

with open(sys.argv[1], encoding="utf-8") as file:
    duckdb.sql(file.read()).show(max_rows=1000, max_width=200)
