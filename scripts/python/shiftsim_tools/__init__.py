"""Checks of ShiftSim by independent programs, tables of its documentation, training of its model.

Each module that does something is run with `python -m shiftsim_tools.NAME`; README.md lists them.
"""
