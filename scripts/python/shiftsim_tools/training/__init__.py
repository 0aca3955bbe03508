"""Training and export of the network that ShiftSim ships; needs torch."""
