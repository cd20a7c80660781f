"""The objectives by name. One more is one file and one line here."""

from impasto.train.objectives.projected import Projected

OBJECTIVES = {"projected": Projected}
