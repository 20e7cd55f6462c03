"""DMARC aggregate reports: XML in, objects of the new API out."""

import pytest

from gateway.simulator.reports.dmarc_xml import dmarc_report
from gateway.simulator.reports.xml_tree import MOST_BYTES, Unreadable

FULL = b"""<?xml version="1.0" encoding="UTF-8" ?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Other &amp; Co</org_name><email>noreply-dmarc@big.test</email>
    <extra_contact_info>https://big.test/contact</extra_contact_info>
    <report_id>rid-1</report_id>
    <date_range><begin>1772236800</begin><end>1772323199</end></date_range>
    <error>clock skew</error><generator>Reporter/3</generator>
  </report_metadata>
  <policy_published>
    <domain>lab.test</domain><adkim>r</adkim><aspf>s</aspf><p>quarantine</p><sp>none</sp><np>reject</np>
    <testing>y</testing><discovery_method>treewalk</discovery_method><pct>100</pct><fo>1:d:s</fo>
  </policy_published>
  <extensions><extension name="x" definition="https://x.test"><anything/></extension></extensions>
  <record>
    <row>
      <source_ip>2001:DB8:0::5</source_ip><count>2</count>
      <policy_evaluated>
        <disposition>quarantine</disposition><dkim>fail</dkim><spf>pass</spf>
        <reason><type>forwarded</type><comment>seen before</comment></reason>
        <reason><type>local_policy</type></reason>
      </policy_evaluated>
    </row>
    <identifiers><envelope_to>big.test</envelope_to><envelope_from>lab.test</envelope_from><header_from>lab.test</header_from></identifiers>
    <auth_results>
      <dkim><domain>lab.test</domain><selector>sel1</selector><result>temperror</result><human_result></human_result></dkim>
      <spf><domain>lab.test</domain><scope>mfrom</scope><result>softfail</result></spf>
    </auth_results>
  </record>
</feedback>"""

BARE = b"<feedback><report_metadata/><policy_published/><record/></feedback>"


def test_everything_a_report_can_say() -> None:
    assert dmarc_report(FULL) == {
        "version": 1.0,
        "orgName": "Other&Co",
        "email": "noreply-dmarc@big.test",
        "extraContactInfo": "https://big.test/contact",
        "reportId": "rid-1",
        "dateRangeBegin": "2026-02-28T00:00:00Z",
        "dateRangeEnd": "2026-02-28T23:59:59Z",
        "errors": {"clock skew": True},
        "policyDomain": "lab.test",
        "policyVersion": None,
        "policyAdkim": "relaxed",
        "policyAspf": "strict",
        "policyDisposition": "quarantine",
        "policySubdomainDisposition": "none",
        "policyTestingMode": True,
        "policyFailureReportingOptions": {"any": True, "dkimFailure": True, "spfFailure": True},
        "records": {
            "0": {
                "sourceIp": "2001:db8::5",
                "count": 2,
                "evaluatedDisposition": "quarantine",
                "evaluatedDkim": "fail",
                "evaluatedSpf": "pass",
                "policyOverrideReasons": {
                    "0": {"overrideType": "Other", "comment": "seen before"},
                    "1": {"overrideType": "LocalPolicy", "comment": None},
                },
                "envelopeTo": "big.test",
                "envelopeFrom": "lab.test",
                "headerFrom": "lab.test",
                "dkimResults": {"0": {"domain": "lab.test", "selector": "sel1", "result": "tempError", "humanResult": None}},
                "spfResults": {"0": {"domain": "lab.test", "scope": "mailFrom", "result": "softFail", "humanResult": None}},
                "extensions": {},
            }
        },
        "extensions": {"0": {"name": "x", "definition": "https://x.test"}},
        "generator": "Reporter/3",
        "policyNp": "reject",
        "policyDiscoveryMethod": "treewalk",
    }


def test_what_is_not_said_takes_its_default() -> None:
    report = dmarc_report(BARE)
    assert {name: report[name] for name in ("version", "orgName", "dateRangeBegin", "policyAdkim", "policyDisposition", "policySubdomainDisposition")} == {
        "version": 0.0,
        "orgName": "",
        "dateRangeBegin": "1970-01-01T00:00:00Z",
        "policyAdkim": "unspecified",
        "policyDisposition": "unspecified",
        "policySubdomainDisposition": "unspecified",
    }
    assert report["policyFailureReportingOptions"] == {}
    assert report["records"]["0"] == {
        "sourceIp": None,
        "count": 0,
        "evaluatedDisposition": "unspecified",
        "evaluatedDkim": "unspecified",
        "evaluatedSpf": "unspecified",
        "policyOverrideReasons": {},
        "envelopeTo": None,
        "envelopeFrom": "",
        "headerFrom": "",
        "dkimResults": {},
        "spfResults": {},
        "extensions": {},
    }


@pytest.mark.parametrize(
    ("value", "count"),
    [(b"3", 3), (b"4294967295", 4294967295), (b"4294967296", 0), (b"-1", 0), (b"many", 0), (b"9" * 5000, 0)],
)
def test_counts_have_32_bits(value: bytes, count: int) -> None:
    xml = b"<feedback><report_metadata/><policy_published/><record><row><count>" + value + b"</count></row></record></feedback>"
    assert dmarc_report(xml)["records"]["0"]["count"] == count


def test_a_date_beyond_all_bounds_is_the_beginning_of_time() -> None:
    xml = b"<feedback><report_metadata><date_range><begin>18446744073709551615</begin></date_range></report_metadata><policy_published/></feedback>"
    assert dmarc_report(xml)["dateRangeBegin"] == "1970-01-01T00:00:00Z"


def test_version_has_single_precision() -> None:
    xml = b"<feedback><version>0.1</version><report_metadata/><policy_published/></feedback>"
    assert dmarc_report(xml)["version"] == 0.10000000149011612


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"no xml",
        b"<feedback>",
        b"<feedback/>",
        b"<other/>",
        b"<feedback><report_metadata/></feedback>",
        b"<feedback><policy_published/></feedback>",
        b"<feedback><report_metadata></policy_published></feedback>",
        b'<?xml version="1.0" encoding="x-unheard-of"?><feedback/>',
    ],
)
def test_no_report(xml: bytes) -> None:
    with pytest.raises(Unreadable):
        dmarc_report(xml)


def test_entities_are_never_expanded() -> None:
    bomb = (
        b'<!DOCTYPE feedback [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b"<feedback><report_metadata><org_name>&b;</org_name></report_metadata><policy_published/></feedback>"
    )
    file = b'<!DOCTYPE feedback [<!ENTITY f SYSTEM "file:///etc/hostname">]><feedback><report_metadata/><policy_published/></feedback>'
    for xml in (bomb, file):
        with pytest.raises(Unreadable, match="entities"):
            dmarc_report(xml)


def test_depth_number_and_size_are_bounded() -> None:
    frame = b"<feedback><report_metadata/><policy_published/>%s</feedback>"
    for xml in (frame % (b"<a>" * 100 + b"</a>" * 100), frame % (b"<a/>" * 100_001), frame % (b" " * MOST_BYTES)):
        with pytest.raises(Unreadable):
            dmarc_report(xml)


def test_text_in_the_declared_encoding() -> None:
    xml = '<?xml version="1.0" encoding="ISO-8859-1"?><feedback><report_metadata><org_name>Müller</org_name></report_metadata><policy_published/></feedback>'
    assert dmarc_report(xml.encode("latin-1"))["orgName"] == "Müller"
    assert dmarc_report(xml.encode(), "utf-8")["orgName"] == "Müller"
