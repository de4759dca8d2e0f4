"""The time: the only code with clocks, files, processes, settings, Prefect and the terminal."""
