r"""Drop rows with personal data: mail addresses, telephone, card and social security numbers, public IP addresses.

A light rule after the regular expressions that The Stack (Kocetkov et al. 2022, arXiv 2211.15533, 2.3) and Dolma (Soldaini et al. 2024,
arXiv 2402.00159, 3.1.3) use for e-mail, telephone and IP. It is no anonymisation: names and postal addresses pass. Numbers of a problem
do not count: formulas are left out, a card number must pass Luhn's check and come in groups of four, an IP address must be spoken of.
"""

import ipaddress
import re
from typing import ClassVar, Literal

import numpy as np

from curation.core.row import Row
from curation.filters.base import Filter, Judgement
from curation.text.formulas import without_formulas

_CODE = re.compile(r"```.*?```", re.DOTALL)
_MAIL = re.compile(r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b")
_NOBODY = re.compile(
    r"@(?:[\w-]+\.)*(?:example|test|domain|email|mail|company|mycompany|website|site|abc|xyz|foo|bar)\.\w+\Z"
    r"|\A(?:name|user(?:name)?|john\.?doe|jane\.?doe|someone|you|info|support|noreply|no-reply|test|example)@",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\d.-])(?:\+?1[ .-]?)?\(\d{3}\) ?\d{3}[ .-]\d{4}(?![\d-])|(?<![\d.+-])\d{3}-\d{3}-\d{4}(?![\d-])"
    r"|(?<![\d+])\+\d{1,3}[ -]\(?\d{1,4}\)?(?:[ -]\d{2,4}){2,4}(?![\d-])"
)
_CARD = re.compile(r"(?<![\d-])(?:\d{4}[ -]){3}\d{4}(?![\d-])")
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
_MAY_HOLD = re.compile(r"\d\d(?:\d[ .-]\d{4}|\d-\d\d-\d|\d\d[ -]\d{4})|\+\d{1,3}[ -]\(?\d|\d\.\d{1,3}\.\d")
"""Digits as any of the numbers has them: most traces have none, and their formulas need not be looked for."""
_SHAPES = (b"0 0000", b"0.0000", b"0-0000", b"00-00-0", b"+0", b"0.0.0", b"0.00.0", b"0.000.0")
"""Each of them has one, with 0 for every digit."""
_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_DIGIT, _BETWEEN, _PLUS = b"0 +"
_CLASSES = bytes.maketrans(b"123456789.-", b"0" * 9 + b"  ")
_ASCII = bytes(range(128))
_IP_SPOKEN = re.compile(r"\b(?:ip|ipv4|address|server|host|ping|dns|router|ssh)\b", re.IGNORECASE)


class PersonalData(Filter):
    """What a person could be reached or paid by, in the question or the trace."""

    kind: Literal["personal_data"] = "personal_data"
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        ("mail_address", "telephone_number", "card_number", "social_security_number", "ip_address"), ""
    )

    def judge(self, row: Row) -> Judgement:
        for text in (row.question, row.completion):
            if "@" not in text and not (_has_shape(text) and _MAY_HOLD.search(text)):
                continue
            bare = without_formulas(_CODE.sub(" ", text))
            if any(not _NOBODY.search(match[0]) for match in _MAIL.finditer(bare)):
                return False, "mail_address"
            if any(not _invented(match[0]) for match in _PHONE.finditer(bare)):
                return False, "telephone_number"
            if any(luhn(match[0]) for match in _CARD.finditer(bare)):
                return False, "card_number"
            if _SSN.search(bare):
                return False, "social_security_number"
            if _IP_SPOKEN.search(bare) and any(_is_public(match, bare) for match in _IP.finditer(bare)):
                return False, "ip_address"
        return True


def _has_shape(text: str) -> bool:
    """Whether digits stand as in `_SHAPES`, or are not those of ASCII."""
    data = text.encode("utf-8", "surrogatepass")
    if not text.isascii() and any(map(str.isdecimal, data.translate(None, _ASCII).decode("utf-8", "surrogatepass"))):
        return True
    signs = np.frombuffer(data.translate(_CLASSES), np.uint8)
    is_digit = signs == _DIGIT
    has_group = (is_digit[:-2] & (signs[1:-1] == _BETWEEN) & is_digit[2:]).any()
    if not has_group and not ((signs[:-1] == _PLUS) & is_digit[1:]).any():
        return False
    digits = data.translate(_AS_ZEROS)
    return any(shape in digits for shape in _SHAPES)


def luhn(number: str) -> bool:
    """Whether the digits pass the check of ISO/IEC 7812.

    >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _invented(phone: str) -> bool:
    """555 numbers are for films and exercises."""
    digits = re.sub(r"\D", "", phone)
    return "555" in (digits[-7:-4], digits[-10:-7]) or len(set(digits)) <= 2 or "1234567" in digits


def _is_public(match: re.Match[str], text: str) -> bool:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return False
    near = text[max(match.start() - 60, 0) : match.end() + 60]
    return address.is_global and match[0] not in ("8.8.8.8", "8.8.4.4", "1.1.1.1") and bool(_IP_SPOKEN.search(near))
