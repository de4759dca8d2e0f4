"""The memory: the only SQL and DuckDB. Loading twice equals loading once."""
