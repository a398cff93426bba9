"""Reports state all counts, and show foreign names literally."""

from pathlib import Path

import msgspec

from training.prepare.progress import Choices, LeftOut, Progress
from training.prepare.report import SHOWN_FILES, SHOWN_PEOPLE, write_report


def progress(*, labelled: bool = True) -> Progress:
    made = Progress(Choices("photos", labelled=labelled, smallest_px=40, every_s=1), shards=2)
    made.done |= {"a", "b", "c"}
    return made


def test_counts_stand_in_both_reports(tmp_path: Path) -> None:
    made = progress()
    made.kept.update({"ann": 5, "bob": 1})
    made.left_out += [LeftOut("b.mp4", "bob", "no face", 4), LeftOut("c.jpg", "bob", "no face")]

    write_report(tmp_path, made, complete=True)

    text = (tmp_path / "report.md").read_text()
    assert "6 crops in 2 shards, from 3 files" in text
    assert "| no face | 5 |" in text
    assert text.index("| bob | 1 |") < text.index("| ann | 5 |")
    assert "1 of them have fewer than 2 crops" in text
    assert "Not complete" not in text
    stored = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert stored["kept"] == {"ann": 5, "bob": 1}
    assert (stored["crops"], stored["people"], stored["complete"]) == (6, 2, True)
    assert stored["left_out"][0]["count"] == 4


def test_a_stopped_preparation_says_how_to_go_on(tmp_path: Path) -> None:
    write_report(tmp_path, progress(), complete=False)

    assert "run the same command again" in (tmp_path / "report.md").read_text()


def test_foreign_names_are_shown_literally(tmp_path: Path) -> None:
    made = progress()
    made.kept["a|b <img src=x> *c*\nd"] = 1

    write_report(tmp_path, made, complete=True)

    text = (tmp_path / "report.md").read_text()
    assert r"| a\|b \<img src=x\> \*c\*" + "\ufffd" + "d | 1 |" in text


def test_nobody_is_listed_where_nobody_is_named(tmp_path: Path) -> None:
    made = progress(labelled=False)
    made.kept[""] = 9

    write_report(tmp_path, made, complete=True)

    assert "9 crops" in (tmp_path / "report.md").read_text()
    assert "people" not in (tmp_path / "report.md").read_text()


def test_long_lists_end_and_say_how_much_is_missing(tmp_path: Path) -> None:
    made = progress()
    made.kept.update({f"p{n}": 2 for n in range(SHOWN_PEOPLE + 3)})
    made.left_out += [LeftOut(f"{n}.jpg", "p", "no face") for n in range(SHOWN_FILES + 4)]

    write_report(tmp_path, made, complete=True)

    text = (tmp_path / "report.md").read_text()
    assert "3 more stand in report.json" in text
    assert "4 more stand in report.json" in text
