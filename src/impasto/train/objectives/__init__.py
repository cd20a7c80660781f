"""The objectives by name. One more is one file and one line here."""

from collections.abc import Callable

from impasto.train.objectives.content import Content
from impasto.train.objectives.contract import Objective
from impasto.train.objectives.cut import Cut
from impasto.train.objectives.cyclegan import Cyclegan
from impasto.train.objectives.distil import Distil
from impasto.train.objectives.projected import Projected
from impasto.train.recipe import Recipe

OBJECTIVES: dict[str, Callable[[Recipe], Objective]] = {
    "content": Content,
    "cut": Cut,
    "cyclegan": Cyclegan,
    "distil": Distil,
    "projected": Projected,
}
