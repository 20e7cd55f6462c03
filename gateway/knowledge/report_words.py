"""Enumerations inside reports: the words of the new API and what the old one wrote (mapping-operations 4.3 to 4.5).

Old readers refuse words that they do not know, so only these may pass; what stands for others is decided where a report is shaped.
"""


def _capitalised(words: str) -> dict[str, str]:
    """Old words that are the new ones with a capital letter: `softFail` is `SoftFail`."""
    return {word: word[:1].upper() + word[1:] for word in words.split()}


DMARC_ALIGNMENT = _capitalised("relaxed strict unspecified")
DMARC_DISPOSITION = _capitalised("none quarantine reject unspecified")
DMARC_ACTION = _capitalised("none pass quarantine reject unspecified")
DMARC_RESULT = _capitalised("pass fail unspecified")
DKIM_RESULT = _capitalised("none pass fail policy neutral tempError permError")
SPF_RESULT = _capitalised("none neutral pass fail softFail tempError permError")
SPF_SCOPE = _capitalised("helo mailFrom unspecified")
FAILURE_OPTION = {"all": "0", "any": "1", "dkimFailure": "d", "spfFailure": "s"}
OVERRIDE = {word: word for word in ("Forwarded", "SampledOut", "TrustedForwarder", "MailingList", "LocalPolicy", "Other")}

TLS_POLICY = {"tlsa": "tlsa", "sts": "sts", "noPolicyFound": "no-policy-found", "other": "Other"}
TLS_RESULT = {
    "startTlsNotSupported": "starttls-not-supported",
    "certificateHostMismatch": "certificate-host-mismatch",
    "certificateExpired": "certificate-expired",
    "certificateNotTrusted": "certificate-not-trusted",
    "validationFailure": "validation-failure",
    "tlsaInvalid": "tlsa-invalid",
    "dnssecInvalid": "dnssec-invalid",
    "daneRequired": "dane-required",
    "stsPolicyFetchError": "sts-policy-fetch-error",
    "stsPolicyInvalid": "sts-policy-invalid",
    "stsWebpkiInvalid": "sts-webpki-invalid",
}

ARF_FEEDBACK = _capitalised("abuse authFailure fraud notSpam virus other")
ARF_AUTH_FAILURE = _capitalised("adsp bodyHash revoked signature spf dmarc unspecified")
ARF_DELIVERY = _capitalised("delivered spam policy reject other unspecified")
ARF_ALIGNMENT = _capitalised("none spf dkim dkimSpf unspecified")
