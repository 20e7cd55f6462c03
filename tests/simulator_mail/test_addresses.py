import pytest

from gateway.simulator.mail.addresses import read


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("kim@temp.test", "kim@temp.test"),
        ("<kim@temp.test>", "kim@temp.test"),
        ("Kim.Upper@Temp.Test", "Kim.Upper@temp.test"),
        ("a~1b@temp.test", "a~1b@temp.test"),
        ("a/b@temp.test", "a/b@temp.test"),
        ("a%41@temp.test", "a%41@temp.test"),
        ("a{b}@temp.test", "a{b}@temp.test"),
        ("*@temp.test", "*@temp.test"),
        ('"q b"@temp.test', "q b@temp.test"),
        ('"a\\\\b"@temp.test', "a\\b@temp.test"),
        ('"a\\"b"@temp.test', 'a"b@temp.test'),
        ("grüße@temp.test", "grüße@temp.test"),
        ("x@tést.servfail.test", "x@xn--tst-bma.servfail.test"),
    ],
)
def test_addresses_are_kept_without_quotes_and_with_a_plain_domain(sent: str, kept: str) -> None:
    assert str(read(sent)) == kept


@pytest.mark.parametrize("sent", ["4711", "", "@temp.test", "a@", "a@b@c", "a b@temp.test", '""@temp.test', "a@-x.test", "a@x..test", "a" * 65 + "@x.test", "a@" + "b" * 64 + ".test"])
def test_what_is_no_address_is_not_read(sent: str) -> None:
    assert read(sent) is None


def test_case_of_the_local_part_makes_no_other_recipient() -> None:
    assert read("DUP@temp.test").key == read("dup@TEMP.test").key


def test_recipients_are_listed_by_domain_then_local_part() -> None:
    sent = ["fine1@temp.test", "bad1@temp.test", "Wait@temp.test", "ok@ok.test", "slow@x.servfail.test"]
    assert [str(address) for address in sorted(map(read, sent))] == ["ok@ok.test", "bad1@temp.test", "fine1@temp.test", "Wait@temp.test", "slow@x.servfail.test"]
