"""Instructions of a program for a Cortex-M, as objdump lists them."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(\S+)(?:\t(.*?))?(?:\s*[@;].*)?$")
_REGISTER = re.compile(r"\b(r\d+|ip|sp|lr|pc|sl|fp|s\d+|d\d+)\b")
_CONDITION = "(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?"
_LOAD = re.compile(rf"^ldr(b|h|sb|sh)?{_CONDITION}(\.n|\.w)?$")
_STORE = re.compile(rf"^str(b|h)?{_CONDITION}(\.n|\.w)?$")
_PAIR = re.compile(rf"^(ldrd|strd){_CONDITION}$")
_WITHOUT_RESULT = re.compile(
    rf"^(bl?x?{_CONDITION}|cbn?z|cm[pn]|tst|teq|nop|it[te]*|tb[bh]|vcmpe?|vmsr|svc|bkpt|cps|[di][sm]b)(\.|$)"
)
_LIST = re.compile(r"^(ldm|stm|push|pop|vldm|vstm|vpush|vpop)")


@dataclass(frozen=True)
class Instruction:
    """One of a program.

    Attributes:
        size: bytes.
        name: mnemonic, lower case.
        operands: as objdump prints them.
    """

    address: int
    size: int
    name: str
    operands: str

    @property
    def loads(self) -> bool:
        """Whether it loads one register."""
        return bool(_LOAD.match(self.name)) or self.name.startswith("vldr")

    @property
    def stores(self) -> bool:
        """Whether it stores one register."""
        return bool(_STORE.match(self.name)) or self.name.startswith("vstr")

    @property
    def literal(self) -> bool:
        """Whether it loads a constant from beside the code."""
        return self.loads and "[pc" in self.operands

    @property
    def indexed(self) -> bool:
        """Whether its address is two registers' sum."""
        return len(self.address_registers) > 1

    @property
    def target(self) -> str:
        """Its first operand: the register that a load of one register or data processing writes."""
        return self.operands.split(",")[0].strip()

    @property
    def address_registers(self) -> frozenset[str]:
        """The registers that its address is made of; none of an instruction without an address."""
        if _LIST.match(self.name):
            base = self.operands.partition("{")[0]
            return frozenset(_REGISTER.findall(base) or ["sp"])
        return frozenset(_REGISTER.findall(self.operands.partition("[")[2]))

    @property
    def updates_base(self) -> bool:
        """Whether a load or store of one register writes its address back."""
        return "]!" in self.operands or "], " in self.operands

    @property
    def double(self) -> bool:
        """Whether it loads or stores one register of two words."""
        return self.name.startswith(("vldr", "vstr")) and self.target.startswith("d")

    @property
    def words(self) -> int:
        """How many it loads or stores as a list or a pair; 0 of another instruction."""
        if _PAIR.match(self.name):
            return 2
        if not _LIST.match(self.name):
            return 0
        inside = self.operands.partition("{")[2].partition("}")[0]
        return sum(_words(part) for part in inside.split(","))

    @property
    def result(self) -> str | None:
        """The register that data processing writes; None of loads, stores, branches and comparisons."""
        if self.loads or self.stores or self.words or _WITHOUT_RESULT.match(self.name):
            return None
        return self.target


def _words(part: str) -> int:
    """Of the registers of "r4", "r4-r7" or "d8-d10"."""
    first, dash, last = part.strip().partition("-")
    count = int(last[1:]) - int(first[1:]) + 1 if dash else 1
    return 2 * count if first.startswith("d") else count


def listed(listing: str) -> dict[int, Instruction]:
    """By address, from what objdump -d prints.

    Examples:
        >>> found = listed("     a3c:\\te8b1 003c \\tldmia.w\\tr1!, {r2, r3, r4, r5}")
        >>> found[0xA3C].size, found[0xA3C].words
        (4, 4)
    """
    found = {}
    for line in listing.splitlines():
        match = _LINE.match(line)
        if match:
            address, halves, name, operands = int(match[1], 16), match[2].split(), match[3], match[4] or ""
            found[address] = Instruction(address, sum(map(len, halves)) // 2, name.lower(), operands)
    return found
