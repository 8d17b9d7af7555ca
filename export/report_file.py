"""export_report.json: what an export measured and proved, for people, `export.profile` and benchmarks."""

from dataclasses import dataclass

from export.cost.table import LayerRow, Place
from export.given_loss import FloatModel
from export.network.from_encoder import Dropped
from export.proof.agreement import Agreement
from export.proof.converter import SecondOpinion
from export.proof.loss import Evaluation
from export.proof.search import Searched
from scl.artifacts.bundle import Bundle
from scl.artifacts.fields import Fraction, Name, NotNegative, Sha256, Whole
from scl.artifacts.json_files import Artifact, read_artifact
from scl.artifacts.manifest import ADVICE, BundleManifest, Cost, Int8Figures, NetworkManifest, Streaming

REPORT = "export_report.json"


@dataclass(frozen=True)
class RandomInputs:
    """Over how many random inputs the C was equal to TFLite Micro, and the layers over chosen ones."""

    runtime: str
    inputs: Whole
    values: Whole
    different: Whole
    layers: Searched


@dataclass(frozen=True)
class Costs(Artifact):
    """What both kinds of report say.

    Attributes:
        board: on which instructions were counted.
        layers: in order; memory_map: lowest place first.
    """

    name: Name
    model_hash: Sha256
    cost: Cost
    board: str
    layers: tuple[LayerRow, ...]
    memory_map: tuple[Place, ...]

    advice = ADVICE

    @property
    def input(self) -> Place:
        """Where the network's input lies."""
        return next(place for place in self.memory_map if place.name == "input")

    def __post_init__(self) -> None:
        if "input" not in [place.name for place in self.memory_map]:
            raise ValueError("memory_map has no place of the input, expected one")
        for place in self.memory_map:
            if place.offset + place.bytes > self.cost.arena_bytes:
                raise ValueError(f"memory_map: {place.name} ends beyond the arena's {self.cost.arena_bytes} bytes")


@dataclass(frozen=True)
class ExportReport(Costs):
    """export_report.json of a run.

    Attributes:
        bytes: of every file, by its path in the bundle.
        max_loss: points of the `limited` figures that int8 was allowed to lose.
        saturated, abstained: shares of the evaluated windows and copies.
        seconds: of each step, and in total.
    """

    run_hash: Sha256
    bytes: dict[str, Whole]
    streaming: Streaming | None
    dropped: Dropped
    agreement: tuple[Agreement, ...]
    converter: SecondOpinion
    transformation: Name
    evaluation: Evaluation
    max_loss: NotNegative
    limited: tuple[str, ...]
    saturated: Fraction
    abstained: Fraction
    seconds: dict[str, NotNegative]

    kind = "export_report"
    schema = 2


@dataclass(frozen=True)
class NetworkReport(Costs):
    """export_report.json of a network from elsewhere.

    Attributes:
        transformation: of the copies of `data`'s windows; None without copies.
        int8: figures on the windows that travel with the bundle.
        clipped: share of their values that lie beyond the network's input range.
        float_model: the float model that was given, beside int8; None of one that was int8 already.
    """

    agreement: RandomInputs
    data: Name
    transformation: Name | None
    int8: Int8Figures
    clipped: Fraction
    float_model: FloatModel | None

    kind = "network_report"
    schema = 3


def read_report(bundle: Bundle[BundleManifest]) -> ExportReport | NetworkReport:
    """The report of a bundle. Raises InputError if a field is wrong."""
    path = bundle.file(REPORT)
    if isinstance(bundle.manifest, NetworkManifest):
        return read_artifact(path, NetworkReport)
    return read_artifact(path, ExportReport)
