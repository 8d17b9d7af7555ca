"""How the threads of OpenMP wait, to be said before torch is imported."""

import os


def wait_passively() -> None:
    """Has OpenMP's idle workers sleep: spinning ones slow small or shared machines down. What the user set stays."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
