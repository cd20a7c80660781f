"""Signs that a training goes wrong, in words, with what to try. Knows only the figures of the reports."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

PATIENCE = 8  # reports in a row before something counts as a sign
OUTRIGHT = 0.97  # accuracy of a discriminator that has nothing left to learn
SAME = 0.15  # variety of paintings that have become one
SIGNS = {
    "winner": "The discriminator tells every painting from a real one, so the generator learns little from it. "
    "Try a lower train.discriminator_rate, a smaller discriminator, or the least-squares or wasserstein loss.",
    "collapse": "The paintings look alike whatever the photo (mode collapse). "
    "Try a larger content, cycle or contrast weight, a lower train.generator_rate, or the wasserstein loss.",
}


class Health:
    """Remembers the last reports; each sign is said once, and again only after it has been away."""

    def __init__(self) -> None:
        self._accuracies: deque[float] = deque(maxlen=PATIENCE)
        self._present: set[str] = set()

    def look(self, figures: Mapping[str, float]) -> list[str]:
        """What is new to say after a report with these figures."""
        found = set()
        if "accuracy" in figures:
            self._accuracies.append(figures["accuracy"])
            if len(self._accuracies) == PATIENCE and min(self._accuracies) > OUTRIGHT:
                found.add("winner")
        else:
            found |= self._present & {"winner"}
        if figures.get("variety", SAME if "collapse" not in self._present else 0.0) < SAME:
            found.add("collapse")
        new = sorted(found - self._present)
        self._present = found
        return [SIGNS[name] for name in new]
