"""Where the repository is."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHIFTSIM = ROOT / ".build/release/shiftsim"


def shared(name):
    """A path in the folder `shared` beside the repository: data too large to ship, or another's."""
    return ROOT.parent / "shared" / name
