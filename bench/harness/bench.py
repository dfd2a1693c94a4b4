"""What a benchmark is given: the servers, the number of rounds, how long a visit is."""
from dataclasses import dataclass
from pathlib import Path

from .fleet import Fleet


@dataclass
class Bench:
    folder: Path
    fleet: Fleet
    rounds: int = 3
    seconds: float = 2.0
    warmup: float = 0.5
    quick: bool = False
    big: bool = False

    def scratch(self, name):
        """A folder of its own for a server's data."""
        path = self.folder / name
        path.mkdir(parents=True)
        return path
