"""Queries through the index find what looking at every object finds."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.simulator.objects.lookup import words

TEXTS = ("staff of the night", "Night-Watch", "staff", "a", "")
STEPS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(("make", "change", "remove")), st.sampled_from(TEXTS[:3]), st.sampled_from(("b", "c"))), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_index_agrees_with_the_objects(make_server, steps):
    server = make_server()
    server.made("Domain", {"name": "net.test", "dkimManagement": {"@type": "Manual"}})
    held = {}
    for place, step, text, domain in steps:
        name = f"u{place}"
        if name not in held:
            held[name] = server.made("Account", {"@type": "User" if place % 2 else "Group", "name": name, "domainId": domain, "description": text})
        elif step == "change":
            server.changed("Account", held[name], {"description": text, "domainId": domain})
        elif step == "remove":
            server.one("x:Account/set", {"destroy": [held.pop(name)]})
    accounts = [(id_, server.shown("Account", id_)) for id_ in held.values()]
    for domain in ("b", "c"):
        for kind in ("User", "Group"):
            expected = {id_ for id_, one in accounts if (one["domainId"], one["@type"]) == (domain, kind)}
            assert set(server.found("Account", {"domainId": domain, "@type": kind})) == expected
    for text in ("staff", "night", "staff night", "watch NIGHT"):
        expected = {id_ for id_, one in accounts if set(words(text)) <= set(words(one["description"]))}
        found = set(server.found("Account", {"text": text}))
        assert expected <= found
        if expected:
            assert found == expected
    assert server.found("Account", {"text": "a"}) == []


def test_words_before_the_first_known_one_are_passed_over(server):
    id_ = server.made("Account", {"@type": "Group", "name": "night", "domainId": "b"})
    assert server.found("Account", {"text": "unknown night"}) == [id_]
    assert server.found("Account", {"text": "night unknown"}) == []
    assert server.found("Account", {"text": "night", "domainId": "zz"}) == []
