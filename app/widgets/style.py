"""The one style sheet. @names are colours and sizes of the theme in force."""

SHEET = """
QWidget { color: @text; font-size: @body; }
QMainWindow, QDialog, QWidget[page="true"] { background: @window; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QToolTip { background: @text; color: @window; border: none; padding: 6px 8px; }

QLabel { background: transparent; }
QLabel[role="display"] { font-size: @display; font-weight: 600; }
QLabel[role="headline"] { font-size: @headline; font-weight: 600; }
QLabel[role="title"] { font-size: @title; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="muted"] { color: @muted; }
QLabel[role="caption"] { color: @muted; font-size: @caption; }
QLabel[tone="good"] { color: @good; }
QLabel[tone="bad"] { color: @bad; }
QLabel[tone="caution"] { color: @caution; }
QLabel[badge="true"] { background: @sunken; color: @muted; font-size: @caption;
    font-weight: 600; border-radius: 4px; padding: 2px 8px; }
QLabel[badge="true"][tone="good"] { background: @good_soft; color: @good; }
QLabel[badge="true"][tone="bad"] { background: @bad_soft; color: @bad; }
QLabel[badge="true"][tone="caution"] { background: @caution_soft; color: @caution; }
QLabel[badge="true"][tone="accent"] { background: @accent_soft; color: @accent; }

QFrame[card="true"] { background: @surface; border: 1px solid @border; border-radius: 12px; }
QFrame[card="true"][tone="good"] { border: 1px solid @good; }
QFrame[card="true"][tone="bad"] { border: 1px solid @bad; }
QFrame[card="true"][tone="caution"] { border: 1px solid @caution; }
QFrame[line="true"] { background: @border; border: none; }
QFrame[drop="true"] { background: @surface; border: 2px dashed @outline; border-radius: 12px; }
QFrame[drop="true"][over="true"] { border: 2px dashed @accent; background: @accent_soft; }

QFrame[rail="true"] { background: @sunken; border: none; border-right: 1px solid @border; }
QToolButton[nav="true"] { background: transparent; border: 2px solid transparent;
    border-radius: @radius; padding: 8px 10px; text-align: left; color: @text; }
QToolButton[nav="true"]:hover { background: @border; }
QToolButton[nav="true"]:checked { background: @accent_soft; color: @accent; font-weight: 600; }
QToolButton[nav="true"]:focus { border: 2px solid @accent; }

QPushButton { background: @surface; color: @text; border: 1px solid @outline;
    border-radius: @radius; padding: 0 14px; min-height: 34px; }
QPushButton:hover { background: @sunken; }
QPushButton:pressed { background: @border; }
QPushButton:disabled { color: @outline; border-color: @border; background: @window; }
QPushButton:focus { border: 2px solid @accent; padding: 0 13px; min-height: 32px; }
QPushButton[kind="primary"] { background: @accent; color: @on_accent; border: 1px solid @accent;
    font-weight: 600; }
QPushButton[kind="primary"]:hover { background: @accent_hover; }
QPushButton[kind="primary"]:disabled { background: @border; color: @muted;
    border-color: @border; }
QPushButton[kind="primary"]:focus { border: 2px solid @text; }
QPushButton[kind="danger"] { color: @bad; border-color: @bad; }
QPushButton[kind="danger"]:hover { background: @bad_soft; }
QPushButton[kind="danger"]:disabled { color: @outline; border-color: @border; }
QPushButton[kind="danger"]:focus { border: 2px solid @bad; }
QPushButton[kind="quiet"] { background: transparent; border: 2px solid transparent;
    padding: 0 8px; min-height: 32px; }
QPushButton[kind="quiet"]:hover { background: @border; }
QPushButton[kind="quiet"]:focus { border: 2px solid @accent; }
QPushButton[kind="segment"] { border-radius: 0; border: 1px solid @outline; }
QPushButton[kind="segment"]:checked { background: @accent_soft; color: @accent;
    border-color: @accent; font-weight: 600; }
QPushButton[kind="segment"]:focus { border: 2px solid @accent; }

QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox, QPlainTextEdit, QTextBrowser {
    background: @surface; color: @text; border: 1px solid @outline; border-radius: @radius;
    padding: 0 10px; min-height: 34px; selection-background-color: @accent;
    selection-color: @on_accent; }
QPlainTextEdit, QTextBrowser { padding: 8px 6px; }
QTextBrowser { border-color: @border; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QPlainTextEdit:focus,
QTextBrowser:focus { border: 2px solid @accent; padding: 0 9px; min-height: 32px; }
QPlainTextEdit:focus, QTextBrowser:focus { padding: 7px 5px; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: @outline;
    border-color: @border; background: @window; }
QComboBox::drop-down, QSpinBox::up-button, QSpinBox::down-button { border: none; width: 28px;
    background: transparent; }
QComboBox::down-arrow, QSpinBox::down-arrow { image: url(@chevron); width: 14px; height: 14px; }
QSpinBox::up-arrow { image: url(@chevup); width: 14px; height: 14px; }
QComboBox QLineEdit, QComboBox QLineEdit:focus { border: none; background: transparent;
    padding: 0; min-height: 0; }
QSpinBox QLineEdit, QSpinBox QLineEdit:focus { border: none; background: transparent;
    padding: 0 0 0 9px; min-height: 0; }
QComboBox QAbstractItemView { background: @surface; color: @text; border: 1px solid @outline;
    outline: none; selection-background-color: @accent_soft; selection-color: @accent;
    padding: 4px; }
QComboBox QAbstractItemView::item { min-height: 30px; padding: 0 6px; }

QCheckBox, QRadioButton { spacing: 10px; background: transparent; padding: 3px 2px;
    border: 2px solid transparent; border-radius: 6px; }
QCheckBox:focus, QRadioButton:focus { border: 2px solid @accent; }
QCheckBox::indicator, QRadioButton::indicator { width: 18px; height: 18px;
    border: 1px solid @outline; background: @surface; border-radius: 5px; }
QRadioButton::indicator { border-radius: 10px; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent;
    image: url(@tick); }
QRadioButton::indicator:checked { background: @surface; border: 6px solid @accent;
    width: 8px; height: 8px; }

QTableView, QListView { background: @surface; border: 1px solid @border; border-radius: 12px;
    outline: none; gridline-color: transparent; selection-background-color: @accent_soft;
    selection-color: @text; }
QListView { padding: 4px; }
QTableView:focus, QListView:focus { border: 1px solid @accent; }
QTableView::item { padding: 0 8px; border: none; border-bottom: 1px solid @border; }
QTableView::item:selected, QListView::item:selected { background: @accent_soft; color: @text; }
QListView::item { border-radius: @radius; padding: 8px 10px; }
QListView::item:hover:!selected { background: @sunken; }
QTableView QLineEdit { min-height: 0; padding: 0 6px; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: @muted; border: none;
    border-bottom: 1px solid @border; font-size: @caption; font-weight: 600; padding: 0 8px; }

QProgressBar { background: @sunken; border: none; border-radius: 3px; max-height: 6px;
    min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: @outline; border-radius: 4px; min-height: 28px;
    min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QFrame[notice="error"] { background: @bad_soft; border: 1px solid @bad; border-radius: 10px; }
QFrame[notice="done"] { background: @good_soft; border: 1px solid @good; border-radius: 10px; }
QFrame[notice="plain"] { background: @accent_soft; border: 1px solid @accent;
    border-radius: 10px; }
QFrame[notice="caution"] { background: @caution_soft; border: 1px solid @caution;
    border-radius: 10px; }
QFrame[notice] QPushButton { background: transparent; border: 1px solid @text; }
QFrame[notice] QPushButton[kind="quiet"] { border: 2px solid transparent; }
QFrame[notice] QPushButton:focus { border: 2px solid @accent; }
"""
