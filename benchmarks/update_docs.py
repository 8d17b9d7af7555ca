"""Puts measured figures into README.md and the pages of docs/, between <!-- begin NAME --> and <!-- end NAME -->.

`make results` makes what it reads and runs it.

No figure on those pages is typed by hand.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import ablations
import battery_folds
import beat_battery
import beat_conditions
import beat_folds
import beat_literature
import beat_pictures
import beat_seeds
import change_of_wear
import cmsis_nn
import cold_start
import decision_aims
import decisions
import device
import ecg_methods
import four_bit_weights
import fusion
import qrs
import qrs_leads
import regimes
import rivals
import scl_control
import ten_figures
import train_cost
import wisdm_folds
from common import read_rows

ROOT = Path(__file__).parents[1]
FOLDER = ablations.RESULTS.parent
WORDS = {  # of columns whose names in the results are not words
    "macro_f1": "macro F1",
    "macro_f1_transformed": "macro F1, shifted",
    "rotated_macro_f1": "macro F1, turned",
    "shifted_macro_f1": "macro F1, shifted",
    "accuracy_of_copies": "accuracy, copies",
    "macro_f1_of_copies": "macro F1, copies",
    "rotated_accuracy": "accuracy, turned",
    "invariant_similarity": "similarity, invariant",
    "variant_similarity": "similarity, variant",
    "negative_similarity": "similarity of different windows",
    "circular_consistency": "consistency, circular shift",
    "int8_macro_f1": "int8: macro F1",
    "int8_rotated_macro_f1": "int8: macro F1, turned",
    "int8_consistency": "int8: consistency",
    "same_group_at_1": "same record at 1",
    "largest_mv_median": "largest error in mV, median",
    "largest_mv_p95": "largest error in mV, 95 %",
    "largest_mv_p95_after_2_s": "the same after 2 s",
    "other_class": "another class",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--demo-log", type=Path, help="what make demo printed; kept under benchmarks/results")
    options.add_argument("--ecg-log", type=Path, help="what make demo-ecg printed; kept there too")
    options.add_argument("--strip-log", type=Path, help="what make demo-strip printed; kept there too")
    options.add_argument("--profile-log", type=Path, help="what export.profile bundles/demo printed; kept there too")
    options.add_argument("--beats-log", type=Path, help="what export.profile bundles/demo-ecg printed; kept there too")
    options.add_argument("--budget-log", type=Path, help="what an export beyond its budget printed; kept there too")
    options.add_argument("--stream-log", type=Path, help="what an export with --streaming printed; kept there too")
    options.add_argument("--package-log", type=Path, help="what export.package printed; kept there too")
    options.add_argument("--transfer-log", type=Path, help="what train.transfer printed; kept there too")
    arguments = options.parse_args()
    texts = {}
    demos = {"demo": arguments.demo_log, "demo-ecg": arguments.ecg_log, "demo-strip": arguments.strip_log}
    for name, path in demos.items():
        board, export = FOLDER / f"{name}.txt", FOLDER / f"{name}_export.txt"
        if path:
            log = path.read_text(encoding="utf-8")
            board.write_text(after(log, rf"^\s*{name} on [^\n]*", r"^real\s|\Z"), encoding="utf-8")
            export.write_text(after(log, rf"^Export of {name}\s*$", r"^bundle: "), encoding="utf-8")
        texts |= {name: fenced(board), f"{name}-export": fenced(export)}
    texts |= of_results()
    for name, log, first, last in (
        ("profile", arguments.profile_log, "layers", r"\Z"),
        ("beats", arguments.beats_log, "layers", r"\Z"),
        ("budget", arguments.budget_log, "export failed", r"\Z"),
        ("package", arguments.package_log, "^package for", r"\Z"),
        ("transfer", arguments.transfer_log, r"^\d+ windows of", r"\Z"),
        ("stream", arguments.stream_log, "^│ network on", "^├"),
    ):
        path = FOLDER / f"{name}.txt"
        if log:
            path.write_text(after(log.read_text("utf-8"), first, last), encoding="utf-8")
        texts[name] = fenced(path)
    ten = ten_figures.figures()
    ten_figures.write_pictures(ten, ROOT / "docs" / "images" / "results")
    put({name: readable(text) for name, text in texts.items()} | {"ten": ten_figures.page(ten)})


def of_results() -> dict[str, str]:
    """The tables of all results, by the names that pages have for them; writes their pictures."""
    texts = {}
    ecg, cold, cost = (json.loads(page.RESULTS.read_text("utf-8")) for page in (ecg_methods, cold_start, train_cost))
    texts["train_cost"] = train_cost.table(cost)
    texts["change_of_wear"] = change_of_wear.table(change_of_wear.loaded())
    texts["scl_control"] = scl_control.table(read_rows(scl_control.RESULTS, scl_control.FLOAT))
    texts["regimes"] = regimes.table(read_rows(regimes.RESULTS, regimes.FIGURES))
    rows = ablations.read_rows()
    for table in ablations.POINTS:
        texts[f"ablation {table}"] = ablations.points_table(rows, table)
    texts["compound_probes"] = ablations.probes_table(json.loads(ablations.PROBES.read_text("utf-8"))["runs"])
    if fusion.RESULTS.is_file():
        texts["fusion"] = fusion.table(json.loads(fusion.RESULTS.read_text("utf-8"))["runs"])
    texts |= hearts(ecg["runs"])
    batteries = json.loads(battery_folds.RESULTS.read_text("utf-8"))["rows"]
    texts["battery_folds"] = battery_folds.table(batteries)
    texts["battery_against"] = battery_folds.against_table(batteries)
    battery_folds.write_picture(batteries)
    texts["beat_battery"] = beat_battery.table(json.loads(beat_battery.RESULTS.read_text("utf-8"))["rows"])
    texts["decisions"] = decisions.table(decisions.loaded())
    texts["decisions_groups"] = decisions.groups_table(decisions.loaded())
    texts["decision_aims"] = decision_aims.table(decisions.loaded())
    folds = json.loads(wisdm_folds.RESULTS.read_text("utf-8"))
    texts |= {f"wisdm {table}": wisdm_folds.folds_table(folds["runs"], table) for table in wisdm_folds.TABLES}
    texts["wisdm short"] = wisdm_folds.short_table(folds["runs"])
    texts["probe"] = "\n".join(json.loads(wisdm_folds.PROBES.read_text("utf-8"))["table"])
    texts["cold_start"] = cold_start.table(cold["rows"])
    engine = json.loads(device.RESULTS.read_text("utf-8"))
    texts["device"] = f"```\n{device.table(engine['networks'], engine['other_boards'], engine['streams'])}\n```"
    texts["rivals"] = rivals.table(engine["networks"], engine["other_boards"])
    texts["four_bit_weights"] = four_bit_weights.table(four_bit_weights.loaded())
    texts["cmsis_nn"] = cmsis_nn.table(json.loads(cmsis_nn.RESULTS.read_text("utf-8")))
    return texts


def hearts(runs: list[dict]) -> dict[str, str]:
    """The tables of ECG, of which `runs` are of the methods side by side; writes the pictures of heartbeats."""
    texts = {}
    for task in ("strip", "beat"):
        texts[f"{task}_methods"] = ecg_methods.methods_table(runs, task)
        texts[f"{task}_classes"] = ecg_methods.methods_table(runs, task, tuple(ecg_methods.CLASSES))
        texts[f"{task}_retrieval"] = ecg_methods.methods_table(runs, task, tuple(ecg_methods.RETRIEVAL))
        texts[f"{task}_int8"] = ecg_methods.int8_table(runs, task)
        texts[f"{task}_curve"] = ecg_methods.curve_table(runs, task)
    found = json.loads(qrs.RESULTS.read_text("utf-8"))
    texts |= {"qrs": qrs.short_table(found["rows"]), "qrs_noise": qrs.noise_table(found["noise"])}
    seeds = json.loads(beat_seeds.RESULTS.read_text("utf-8"))["rows"]
    texts |= {"beat_seeds": beat_seeds.table(seeds), "beat_literature": beat_literature.table(seeds, runs)}
    heard = json.loads(beat_conditions.RESULTS.read_text("utf-8"))["rows"]
    texts |= {"beat_leads": beat_conditions.lead_table(heard), "beat_noise": beat_conditions.noise_table(heard)}
    leads = json.loads(qrs_leads.RESULTS.read_text("utf-8"))
    texts |= {"qrs_leads": qrs_leads.mitdb_table(leads["mitdb"]), "ptbxl": qrs_leads.ptbxl_table(leads["ptbxl"])}
    texts["downward"] = qrs_leads.downward_table(leads["downward"])
    texts["ptbxl_stated"] = qrs_leads.statements_table(leads["statements"])
    texts["beat_folds"] = beat_folds.table(json.loads(beat_folds.RESULTS.read_text("utf-8"))["rows"])
    drawn = beat_pictures.drawn_of(json.loads(beat_pictures.RESULTS.read_text("utf-8")))
    beat_pictures.write_pictures(drawn)
    texts["beat_pictures"] = beat_pictures.page(drawn)
    texts |= {"ecg_aims": ecg_methods.aims_table(runs), "beat_others": ecg_methods.others_table(runs)}
    return texts


def readable(text: str) -> str:
    """A table with the names of its columns, and of the figures in its first one, in words."""
    head, rule, rest = text.partition("\n| ---")
    if not rule:
        return text
    cells = [cell.strip() for cell in head.strip("| ").split(" | ")]
    first = re.sub(r"^\| (\w+) \|", lambda found: f"| {WORDS.get(found[1], found[1])} |", rest, flags=re.MULTILINE)
    return f"| {' | '.join(WORDS.get(cell, cell.replace('_', ' ')) for cell in cells)} |{rule}{first}"


def put(texts: dict[str, str]) -> None:
    """Between the marks of every page."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = page.read_text(encoding="utf-8")
        for name, new in texts.items():
            text = re.sub(
                rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)",
                lambda m, new=new: f"{m[1]}{new}\n{m[2]}",
                text,
                flags=re.DOTALL,
            )
        page.write_text(text, encoding="utf-8")


def fenced(path: Path) -> str:
    """A file as a block of Markdown."""
    return f"```\n{path.read_text(encoding='utf-8').rstrip()}\n```"


def after(log: str, first: str, last: str = r"\Z") -> str:
    """The part of a log from the line that matches `first` up to `last`, without trailing spaces."""
    found = re.search(rf"({first}.*?)(?={last})", log, re.DOTALL | re.MULTILINE)
    if not found:
        sys.exit(f"the log has no line that matches {first!r}")
    return "\n".join(line.rstrip() for line in found[1].splitlines()) + "\n"


if __name__ == "__main__":
    main()
