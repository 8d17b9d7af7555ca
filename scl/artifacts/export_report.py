"""export_report.json of a bundle: what an export measured and proved, for people, `export.profile`, reports of boards
and benchmarks.
"""

from dataclasses import dataclass

from scl.artifacts.bundle import Bundle
from scl.artifacts.fields import Fraction, Name, NotNegative, Sha256, Whole
from scl.artifacts.json_files import Artifact, read_artifact
from scl.artifacts.manifest import ADVICE, BundleManifest, Cost, Int8Figures, NetworkManifest, Streaming
from scl.artifacts.provenance import Provenance
from scl.robustness import Interval

REPORT, PAGE = "export_report.json", "export_report.html"


@dataclass(frozen=True)
class LayerRow:
    """What one layer takes.

    Attributes:
        output: samples and channels.
        flash_bytes: of constants.
        read_bytes: of constants and inputs.
        arena_bytes: how far up the arena is in use meanwhile.
        instructions: as they were counted.
    """

    name: str
    kind: str
    kernel: int
    stride: int
    output: tuple[int, int]
    macs: int
    flash_bytes: int
    read_bytes: int
    arena_bytes: int
    instructions: int


@dataclass(frozen=True)
class Place:
    """Where a tensor or a layer's scratch lies in the arena, and the first and the last layer that need it."""

    name: str
    offset: Whole
    bytes: Whole
    first: int
    last: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.bytes


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
    provenance: Provenance

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
class Dropped:
    """What leaving the variant rows of the latent layer out saves; bytes of int8 weights and int32 biases."""

    dimensions: int
    parameters: int
    bytes: int
    macs: int


@dataclass(frozen=True)
class Agreement:
    """One runtime's outputs against TFLite Micro's.

    Attributes:
        max_steps: of int8, in any feature or logit.
        different: share of output values.
        within: share of output values at most two steps off.
        same_class: share of inputs; same_class_decided: of those whose two best logits are further apart than that.
    """

    runtime: str
    inputs: int
    max_steps: int
    different: float
    within: float
    same_class: float
    same_class_decided: float


@dataclass(frozen=True)
class SecondOpinion:
    """How far the file of TensorFlow's converter is from ours; max_steps in an output value."""

    weights: int
    weights_equal: int
    biases: int
    biases_equal: int
    max_bias_difference: int
    max_steps: int


@dataclass(frozen=True)
class ModelFigures:
    """Fractions; `consistency` is over the copies whose label the transformation left, None where it left none."""

    accuracy: float
    accuracy_transformed: float
    macro_f1: float
    macro_f1_transformed: float
    consistency: float | None


@dataclass(frozen=True)
class Losses:
    """Points that int8 loses, positive if it is worse, with 95 % intervals clustered by subject or record.

    Accuracy and macro F1 count originals and copies alike. An interval is None for a single group, and for the macro
    F1 of bit masks.
    """

    accuracy: float
    accuracy_ci95: Interval | None
    consistency: float
    consistency_ci95: Interval | None
    macro_f1: float
    macro_f1_ci95: Interval | None

    def of(self, name: str) -> tuple[float, Interval | None]:
        """The loss of one figure, and its interval."""
        return getattr(self, name), getattr(self, f"{name}_ci95")


@dataclass(frozen=True)
class Evaluation:
    """The int8 model against the float model.

    Attributes:
        windows, subjects, copies: originals, whose, and transformed copies of each.
        same_class: share of windows and copies to which both give the same class.
        float, int8: figures of each model.
    """

    windows: int
    subjects: int
    copies: int
    same_class: float
    loss_points: Losses
    float: ModelFigures
    int8: ModelFigures


@dataclass(frozen=True)
class Decided:
    """What the decision behind the logits is worth over the test windows as recorded, each by itself.

    Attributes:
        temperature, fitted_on: of the softmax, and over how many validation windows it was fitted.
        bout_s, unsure_margin: as in the manifest.
        ece_before, ece: expected calibration error with a temperature of 1, and with the fitted one.
        windows, unsure: how many there are, and of how many the board is unsure.
        accuracy: share of all that is answered right; accuracy_answered: of those that the
            board is not unsure about, None without one.
    """

    temperature: NotNegative
    fitted_on: Whole
    bout_s: NotNegative | None
    unsure_margin: Fraction
    ece_before: Fraction
    ece: Fraction
    windows: Whole
    unsure: Whole
    accuracy: Fraction
    accuracy_answered: Fraction | None

    @property
    def coverage(self) -> float:
        """Share of the windows that is answered or abstained from, not unsure."""
        return 1 - self.unsure / self.windows if self.windows else 0.0


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
    decision: Decided | None
    max_loss: NotNegative
    limited: tuple[str, ...]
    saturated: Fraction
    abstained: Fraction
    seconds: dict[str, NotNegative]

    kind = "export_report"
    schema = 4


@dataclass(frozen=True)
class Searched:
    """What a search compared layer by layer, and found equal.

    Attributes:
        inputs: of single layers.
        values: that layers wrote for them.
        borders: sums on a side of a step of rounding that were tried.
        all_borders: how many such sums there are within the layers' ranges.
    """

    inputs: int = 0
    values: int = 0
    borders: int = 0
    all_borders: int = 0


@dataclass(frozen=True)
class RandomInputs:
    """Over how many random inputs the C was equal to TFLite Micro, and the layers over chosen ones."""

    runtime: str
    inputs: Whole
    values: Whole
    different: Whole
    layers: Searched


@dataclass(frozen=True)
class FloatModel:
    """The float model beside int8.

    Attributes:
        apart: largest difference of model_float.onnx from the model that was given, as a share of its largest output.
        figures: of the float model.
        same_class: share of windows and copies to which both give the same class.
        snr_db: signal-to-noise ratio of the logits: the power of the float ones over that of int8's errors.
    """

    apart: NotNegative
    figures: Int8Figures
    same_class: Fraction
    snr_db: float

    def losses(self, int8: Int8Figures) -> dict[str, float]:
        """Points that int8 loses, of the figures that are known."""
        pairs = {name: (getattr(self.figures, name), getattr(int8, name)) for name in ("accuracy", "consistency")}
        return {name: 100 * (exact - other) for name, (exact, other) in pairs.items() if exact is not None}


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
    streaming: Streaming | None
    data: Name
    transformation: Name | None
    int8: Int8Figures
    clipped: Fraction
    float_model: FloatModel | None

    kind = "network_report"
    schema = 5


def read_report(bundle: Bundle[BundleManifest]) -> ExportReport | NetworkReport:
    """The report of a bundle. Raises InputError if a field is wrong."""
    path = bundle.file(REPORT)
    if isinstance(bundle.manifest, NetworkManifest):
        return read_artifact(path, NetworkReport)
    return read_artifact(path, ExportReport)
