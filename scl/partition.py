"""How a latent vector is divided: [invariant | variant | free]."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Partition:
    """Sizes of the three groups of a latent vector, in their order.

    Args:
        invariant: dimensions that should not change under the transformation.
        variant: dimensions that should change under it; dropped on the device.
        free: dimensions that only the task shapes.

    Raises:
        ValueError: a size is negative or not an integer, or all are 0.

    Examples:
        >>> partition = Partition(invariant=3, variant=2, free=1)
        >>> partition.size, partition.variant_slice, partition.kept.tolist()
        (6, slice(3, 5, None), [0, 1, 2, 5])
    """

    invariant: int
    variant: int
    free: int

    def __post_init__(self) -> None:
        for name in ("invariant", "variant", "free"):
            size = getattr(self, name)
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise ValueError(f"partition: {name} is {size!r}, expected an integer of 0 or more")
        if self.size == 0:
            raise ValueError("partition: all three groups are empty")

    @classmethod
    def parse(cls, text: str, size: int | None = None) -> "Partition":
        """Reads "invariant/variant/free", e.g. "32/32/64"; with `size`, their sum must be `size`.

        Raises:
            ValueError: the text is another, or the sum is.

        Examples:
            >>> Partition.parse("32/32/64", size=128)
            Partition(invariant=32, variant=32, free=64)
        """
        parts = text.split("/")
        if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts):
            raise ValueError(f"partition {text!r}: expected three sizes as invariant/variant/free, e.g. 32/32/64")
        partition = cls(*(int(part) for part in parts))
        if size is not None:
            partition.check(size)
        return partition

    def __str__(self) -> str:
        return f"{self.invariant}/{self.variant}/{self.free}"

    @property
    def size(self) -> int:
        """Dimensions of the whole latent, d."""
        return self.invariant + self.variant + self.free

    @property
    def invariant_slice(self) -> slice:
        return slice(0, self.invariant)

    @property
    def variant_slice(self) -> slice:
        return slice(self.invariant, self.invariant + self.variant)

    @property
    def free_slice(self) -> slice:
        return slice(self.invariant + self.variant, self.size)

    @property
    def slices(self) -> dict[str, slice]:
        """The three slices by name, in the latent's order."""
        return {"invariant": self.invariant_slice, "variant": self.variant_slice, "free": self.free_slice}

    @property
    def kept(self) -> np.ndarray:
        """Indices (kept_size,) of the dimensions that the task and the device read: invariant, then free."""
        indices = np.arange(self.size)
        return np.concatenate([indices[self.invariant_slice], indices[self.free_slice]])

    @property
    def kept_size(self) -> int:
        return self.invariant + self.free

    def check(self, size: int) -> None:
        """Raises ValueError unless the groups add up to `size`."""
        if self.size != size:
            raise ValueError(
                f"partition {self}: the groups add up to {self.size}, but the latent has {size} dimensions"
            )
