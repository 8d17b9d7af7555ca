"""A part of a tensor: some of its samples, some of its channels."""

from dataclasses import dataclass

from export.network.layers import Layer, Tensor


@dataclass(frozen=True, eq=False)
class Slice(Layer):
    """A copy of `length` samples, `stride` apart, from sample `start` on; of each the `channels` from `first` on.

    Raises:
        ValueError: the source has not so many samples or channels, or nothing is taken of it.
    """

    name: str
    source: Tensor
    start: int
    length: int
    first: int
    channels: int
    stride: int = 1
    kernel = dilation = 1
    same = False

    def __post_init__(self) -> None:
        last = self.start + (self.length - 1) * self.stride, self.first + self.channels - 1
        inside = last[0] < self.source.length and last[1] < self.source.channels
        if not inside or min(self.start, self.first) < 0 or min(self.length, self.channels, self.stride) < 1:
            raise ValueError(
                f"{self.name}: samples {self.start} to {last[0]}, channels {self.first} to {last[1]} of {self.source}"
            )

    @property
    def result(self) -> Tensor:
        return Tensor(self.name, self.length, self.channels)

    @property
    def skipped(self) -> int:  # type: ignore[override]
        return self.start * self.source.channels + self.first
