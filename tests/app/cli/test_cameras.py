"""`cameras`: whatever is connected, listed without opening it."""


def test_the_list_is_a_document_whatever_is_connected(cli) -> None:
    said = cli("cameras", "--json")
    assert said.code == 0
    assert isinstance(said.data["cameras"], list)


def test_people_read_numbers_or_a_sentence(cli) -> None:
    said = cli("cameras")
    assert said.code == 0
    assert said.out.strip()
