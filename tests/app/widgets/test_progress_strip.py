from app.widgets.progress_strip import ProgressStrip


def test_it_is_there_while_something_runs_and_can_be_stopped(qtbot) -> None:
    strip = ProgressStrip("Copying")
    qtbot.addWidget(strip)
    assert not strip.isVisible()

    strip.begin("Copying…")
    assert strip.isVisible()
    assert strip.words.text() == "Copying…"
    assert (strip.bar.minimum(), strip.bar.maximum()) == (0, 0)
    strip.tell(3, 10)
    assert (strip.bar.value(), strip.bar.maximum()) == (3, 10)

    with qtbot.waitSignal(strip.cancelled):
        strip.cancel.click()
    strip.end()
    assert not strip.isVisible()


def test_nothing_to_do_is_no_endless_bar(qtbot) -> None:
    strip = ProgressStrip("Copying")
    qtbot.addWidget(strip)
    strip.tell(0, 0)

    assert strip.bar.maximum() == 1
