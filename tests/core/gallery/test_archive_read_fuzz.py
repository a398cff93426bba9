from tests.core.gallery.fuzz_archive import Fuzzer

COUNT = 300  # the long run is `python -m tests.core.gallery.fuzz_archive`


def test_mutated_archives_are_imported_or_refused_and_nothing_else(tmp_path) -> None:
    fuzzer = Fuzzer(tmp_path, seed=0)
    fuzzer.run(COUNT)
    fuzzer.gallery.close()

    assert fuzzer.outcomes.total() == COUNT
    # The mutations reach every layer: the zip, the manifest, the seals, the records.
    assert {"archive.damaged", "archive.invalid", "archive.unsafe", "imported"} <= set(
        fuzzer.outcomes
    )
