"""`compare`: match, no match, no decision."""


def test_the_same_face_matches(cli, pictures) -> None:
    said = cli("compare", pictures / "anna.png", pictures / "anna again.png", "--json")
    assert said.code == 0
    assert said.data["match"] is True
    assert said.data["stated_rate"]["one_in"] >= 900


def test_two_people_do_not_match(cli, pictures) -> None:
    said = cli("compare", pictures / "anna.png", pictures / "bruno.png")
    assert said.code == 1
    assert said.out.startswith("The two faces do not match.")


def test_a_picture_without_a_face_is_no_decision_and_named(cli, pictures) -> None:
    said = cli("compare", pictures / "anna.png", pictures / "nobody.png", "--json")
    assert said.code == 3
    assert said.data["match"] is None
    assert said.data["pictures"][1]["issues"] == ["no_face"]
    assert said.data["pictures"][1]["advice"]


def test_several_faces_are_told(cli, pictures) -> None:
    said = cli("compare", pictures / "anna.png", pictures / "both.png")
    assert "2 faces are in view" in said.out


def test_no_gallery_is_made(cli, pictures, home) -> None:
    cli("compare", pictures / "anna.png", pictures / "bruno.png")
    assert not (home / "gallery.sqlite").exists()
