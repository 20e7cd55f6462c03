from gateway.jmap.notes import Notes


def test_notes_are_kept_apart_by_credential_and_kind():
    notes = Notes(10, 60)
    notes.keep(b"one", "context", 1, notes.edition("context"))
    assert notes.get(b"one", "context") == 1
    assert notes.get(b"two", "context") is None
    assert notes.get(b"one", "other") is None


def test_notes_grow_old():
    notes = Notes(10, 0)
    notes.keep(b"one", "context", 1, 0)
    assert notes.get(b"one", "context") is None
    assert len(notes) == 0


def test_the_one_not_asked_for_the_longest_goes_first():
    notes = Notes(2, 60)
    for key in (b"one", b"two"):
        notes.keep(key, "context", key, 0)
    notes.get(b"one", "context")
    notes.keep(b"three", "context", b"three", 0)
    assert [notes.get(key, "context") for key in (b"one", b"two", b"three")] == [b"one", None, b"three"]


def test_a_change_drops_its_kind_for_everybody_and_what_was_asked_for_before_it():
    notes = Notes(10, 60)
    asked = notes.edition("context")
    for key in (b"one", b"two"):
        notes.keep(key, "context", 1, asked)
        notes.keep(key, "other", 2, notes.edition("other"))
    notes.drop("context")
    notes.keep(b"one", "context", "outdated", asked)
    assert [notes.get(key, "context") for key in (b"one", b"two")] == [None, None]
    assert notes.get(b"two", "other") == 2


def test_a_refused_credential_is_forgotten():
    notes = Notes(10, 60)
    for key in (b"one", b"two"):
        notes.keep(key, "context", 1, 0)
    notes.forget(b"one")
    assert [notes.get(key, "context") for key in (b"one", b"two")] == [None, 1]
