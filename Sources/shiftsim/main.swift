print("shiftsim")
