"""What a study is: trainings, tests of what they give, and tables of the tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from obman_gen.training.config import TrainConfig


@dataclass(frozen=True)
class Training:
    """One training of a study."""

    name: str
    """Of its folder."""
    config: TrainConfig
    begins_with: str = ""
    """The training of this study whose weights are the start."""
    steps_of_all: bool = False
    """Whether a training on a share of the pictures makes as many more epochs as give it the
    steps of one on all of them."""


@dataclass(frozen=True)
class Test:
    """One model on one test split."""

    training: str
    data: str
    """A run folder, or DATASET:FOLDER."""
    image: str = "ho"
    measured: str = ""
    """Empty: all that the pictures show."""
    __test__ = False
    """To pytest: this is none of its tests."""


@dataclass(frozen=True)
class Cell:
    """Where a measure of a test goes in a table."""

    row: str
    column: str
    test: Test
    measure: str
    """Name in the evaluation's summary."""


@dataclass(frozen=True)
class TablePlan:
    """A table before it is filled."""

    title: str
    cells: tuple[Cell, ...]
    published: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """The paper's numbers by row and column: of other data and longer trainings, to compare
    directions with."""
    x_axis: str = ""
    """Name of what the columns are numbers of; the figure then has lines instead of bars."""


@dataclass(frozen=True)
class Study:
    """Everything that an experiment does."""

    name: str
    trainings: tuple[Training, ...]
    """Those that others begin with stand before them."""
    tables: tuple[TablePlan, ...]
    simulate: bool = False
    """Whether the tests include the displacement in simulation."""
    note: str = ""
    """What a reader of the tables must know."""

    def tests(self) -> tuple[Test, ...]:
        """Return every test once, in order."""
        cells = (cell for table in self.tables for cell in table.cells)
        return tuple(dict.fromkeys(cell.test for cell in cells))
