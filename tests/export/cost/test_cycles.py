"""Modelled cycles: each rule of Arm's table on instructions by hand, and whole calls against the emulator's counter."""

import pytest

from export.cost.cycles import Cycles, calls_of, cost, modelled, network_cycles, one_by_one
from export.cost.instructions import measure
from export.cost.thumb import Instruction, listed
from tests.export.cost.test_instructions import FIXTURE


def instruction(text: str, address: int = 0x100, size: int = 4) -> Instruction:
    name, _, operands = text.partition(" ")
    return Instruction(address, size, name, operands)


@pytest.mark.parametrize(
    ("text", "least", "usual", "most"),
    [
        ("add.w r0, r1, r2, asr #31", 1, 1, 1),
        ("smlad r2, r8, ip, r2", 1, 1, 1),
        ("smmlar r0, r5, sl, r8", 1, 1, 1),
        ("ldmia.w r0!, {r8, r9, sl, fp}", 5, 5, 5),
        ("push {r4-r7, lr}", 6, 6, 6),
        ("vpush {d8-d10}", 7, 7, 7),
        ("vldmia r0!, {s0-s3}", 5, 5, 5),
        ("vldr d0, [r1]", 3, 3, 3),
        ("vldr s0, [r1]", 1, 2, 2),
        ("ldr r0, [pc, #20]", 1, 2, 3),
        ("ldrd r0, r1, [lr, #16]", 3, 3, 3),
        ("strd sl, fp, [r5], #32", 3, 3, 3),
        ("ldr.w lr, [r1], #4", 1, 2, 2),
        ("ldrsb.w r0, [r1, r2]", 1, 2, 2),
        ("str.w ip, [lr, #20]", 1, 1, 2),
        ("strb.w r0, [ip, r6]", 1, 2, 2),
        ("sdiv r0, r1, r2", 2, 7, 12),
        ("vdiv.f32 s0, s1, s2", 14, 14, 14),
        ("vmla.f32 s0, s1, s2", 3, 3, 3),
        ("vmul.f32 s0, s1, s2", 1, 1, 1),
        ("ite ne", 0, 1, 1),
        ("bne.n 1b0 <loop>", 1, 1, 1),
        ("tbb [pc, r3]", 2, 3, 3),
    ],
)
def test_one_instruction_that_nothing_follows(text, least, usual, most):
    assert cost(None, instruction(text), None) == Cycles(least, usual, most)


def test_a_branch_that_is_taken_refills_the_pipeline():
    """One cycle, and P of 1 to 3: with a target of four bytes that is split between two words, most."""
    branch = instruction("bne.n 200 <loop>", size=2)
    for target, usual in ((instruction("adds r0, r0", 0x202, 2), 3), (instruction("smlad r0, r1, r2, r0", 0x202), 4)):
        assert cost(None, branch, target) == Cycles(2, usual, 4)
    assert cost(None, branch, instruction("smlad r0, r1, r2, r0", 0x200)) == Cycles(2, 3, 4)
    assert cost(None, branch, instruction("adds r0, r0", 0x102, 2)) == Cycles(1, 1, 1)  # not taken


def test_a_load_behind_another_takes_one_cycle_less_unless_it_waits_for_it():
    first = instruction("ldr.w r1, [r0]")
    for text, usual in (
        ("ldr.w r2, [r3]", 1), ("ldr.w r2, [r1]", 2), ("strb.w r2, [r3, r4]", 1), ("strb.w r2, [r3, r1]", 2),
        ("ldmia.w r3, {r4, r5}", 3),
    ):  # fmt: skip
        assert cost(first, instruction(text), None).usual == usual, text
    assert cost(instruction("ldmia.w r0, {r1, r2}"), instruction("ldr.w r2, [r3]"), None).usual == 2


def test_arm_s_own_examples_of_loads_behind_each_other():
    """LDR R0,[R1]; LDR R1,[R2]: three cycles. LDR R0,[R1,R2]; STR R0,[R3,#20]: three. LDR R0,[R1,R5]; LDR R1,[R2];
    LDR R2,[R3,#4]: four.
    """
    for texts, cycles in (
        (("ldr r0, [r1]", "ldr r1, [r2]"), 3),
        (("ldr.w r0, [r1, r2]", "str r0, [r3, #20]"), 3),
        (("ldr.w r0, [r1, r2]", "str.w r1, [r3, r2]"), 3),
        (("ldr.w r0, [r1, r5]", "ldr r1, [r2]", "ldr r2, [r3, #4]"), 4),
    ):
        found = [instruction(text) for text in texts]
        assert sum(cost(b, i, None).usual for b, i in zip([None, *found], found, strict=False)) == cycles, texts


def test_a_load_that_writes_its_address_back_is_not_pipelined():
    first = instruction("ldr.w r7, [r1, #36]")
    for text in ("ldr.w lr, [r1, #32]!", "ldr.w lr, [r1], #4"):
        assert cost(first, instruction(text), None) == Cycles(1, 2, 2)


def test_an_address_that_was_just_computed_waits_a_cycle():
    add = instruction("add.w r1, r2, r3")
    for text, usual in (("ldr r0, [r1]", 3), ("ldmia.w r1!, {r4, r5}", 4), ("str r0, [r2, #4]", 1), ("adds r0, r1", 1)):
        assert cost(add, instruction(text), None).usual == usual, text
    assert cost(instruction("cmp r1, r2"), instruction("ldr r0, [r1]"), None).usual == 2
    assert cost(instruction("bne.n 200"), instruction("ldr r0, [r1]"), None).usual == 2
    assert cost(instruction("bic.w r1, r2, r3"), instruction("ldr r0, [r1]"), None).usual == 3


def test_wait_states_come_on_top_of_branches_and_constants():
    literal, behind = instruction("ldr r0, [pc, #20]", size=2), instruction("adds r0, r0", 0x102, 2)
    assert cost(None, literal, behind, 3).usual == cost(None, literal, behind).usual + 3
    branch, target = instruction("b.n 200", size=2), instruction("adds r0, r0", 0x200, 2)
    assert cost(None, branch, target, 3).usual == cost(None, branch, target).usual + 3


def test_calls_are_from_the_entry_to_the_return():
    """main calls f twice, which loops; what runs around it does not count."""
    program = listed(
        "\n".join(
            [
                "     100:\tf000 f87e \tbl\t200 <f>",
                "     104:\tbf00      \tnop",
                "     200:\t2003      \tmovs\tr0, #3",
                "     202:\t3801      \tsubs\tr0, #1",
                "     204:\td1fd      \tbne.n\t202 <f+0x2>",
                "     206:\t4770      \tbx\tlr",
            ]
        )
    )
    one = [0x200, 0x202, 0x204, 0x202, 0x204, 0x206]
    calls = list(calls_of(0x200, [0x100, *one, 0x104, 0x100, *one, 0x104], program))
    assert calls[0] == calls[1] and len(calls) == 2
    assert sum(calls[0].values()) == len(one)
    # movs 1, subs 1, bne taken 1 + 2, subs 1, bne 1, bx 1 + 2
    assert modelled(calls[0], program) == Cycles(8, 10, 12)


@pytest.mark.parametrize(
    ("version", "option"),
    [("7.2.22 (Debian 1:7.2)", "-singlestep"), ("8.0.4", "-singlestep"), ("8.1.0", "-accel"), ("10.0.2", "-accel")],
)
def test_the_emulator_takes_its_own_name_of_single_steps(version, option):
    """The older name is gone from newer ones (docs/about/removed-features of QEMU)."""
    assert one_by_one(f"QEMU emulator version {version}\nCopyright (c)")[0] == option


@pytest.mark.timeout(120)
def test_as_many_instructions_as_the_counter_says(board_tools, tmp_path):
    """The same network by two ways: the board's own timer under -icount, and every instruction's line of a trace."""
    counted = measure(FIXTURE, tmp_path)
    found = network_cycles(FIXTURE, tmp_path, len(counted.layers))
    assert found == network_cycles(FIXTURE, tmp_path, len(counted.layers))
    assert counted.instructions < found.whole.least <= found.whole.usual <= found.whole.most
    assert found.whole.most < 4 * counted.instructions  # no instruction of the network takes more on the mean
    apart = sum(layer.usual for layer in found.layers) - found.whole.usual
    assert 0 < apart < 40 * len(counted.layers)  # each layer's own call
