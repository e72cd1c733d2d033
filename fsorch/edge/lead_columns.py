"""From a row of a file to a lead: which column is what, and what a cell must be.

A mapping says for each column what it is: ``number`` (or ``number:mobile``, as the list calls that kind), ``name``,
``owner`` and what else a lead has, ``field.NAME`` for the list's own, ``consent.NAME`` for a consent that comes with
the lead, ``-`` for a column that is left out. Columns that nobody maps are guessed by their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from fsorch.campaigns import ConsentRow, Lead, LeadNumber
from fsorch.countries import country_of
from fsorch.e164 import NumberFault, NumberReader, reader_of
from fsorch.errors import ConfigError
from fsorch.nearest import near
from fsorch.places import Places

__all__ = ["COLUMNS_ADDED", "Columns", "Taken", "guess", "parse_mapping", "parse_moment", "parse_there"]

NUMBER = re.compile(r"number(:[a-z0-9_-]{1,32})?", re.ASCII)
FIELD = re.compile(r"field\.[a-z0-9_][a-z0-9_-]{0,62}", re.ASCII)
# What a lead has that a column may be, and how long it may be.
PARTS = {
    "name": 255,
    "reference": 64,
    "owner": 64,
    "priority": 11,
    "zone": 64,
    "country": 64,
    "region": 64,
    "postcode": 32,
    "language": 16,
    "next_at": 40,
    "caller_id": 24,
}
CONSENT = {"what": 2000, "who": 255, "scope": 64, "channel": 32, "evidence": 1024, "given_at": 40, "until": 40}
TARGETS_OF_CONSENT = tuple(sorted(f"consent.{name}" for name in CONSENT))
# A lead's own field, and all of them together.
LONGEST_FIELD = 1000
LONGEST_FIELDS = 20_000
MOST_NUMBERS = 12
# Owners whom nobody answers to: so many are remembered.
MOST_STRANGERS = 10_000
LARGEST_PRIORITY = 1_000_000
# The columns that a file of faults has before the others; they are left out when it is read again.
COLUMNS_ADDED = ("fsorch_line", "fsorch_reason")
# A cell that a spreadsheet would run. Signs before digits are numbers, and a lone dash is what people write for
# nothing.
FORMULA = re.compile(r"\s*(?:[=@]|[+-](?=[^\s\d.,])[^)]*[(!|])")
SUSPECT = frozenset("=@+- \t\r\n\u00a0")
# What spreadsheets make of a number: 4.47912E+11, whose end is lost, and 447912345679.0, whose end is none of it.
ROUNDED = re.compile(r"\s*[+-]?[0-9][.,][0-9]+E\+?[0-9]+\s*", re.ASCII | re.IGNORECASE)
WITH_POINT = re.compile(r"\s*\+?[0-9]{6,}[.,]0\s*", re.ASCII)
# The names by which columns are guessed; as they are after `_plain_name`.
KNOWN = {
    "number": "number phone telephone tel phonenumber phone_number telephone_number telephonenumber msisdn "
    "telefon dial telefonnummer rufnummer number1 phone1 phone_1 primary_phone main_phone contact_number caller_number "
    "电话 号码",
    "number:mobile": "mobile cell cellphone cell_phone mobile_phone mobilephone mobile_number handy mobil mobilnummer "
    "手机 手机号 手机号码",
    "number:home": "home home_phone homephone phone_home privat festnetz landline 家庭电话",
    "number:work": "work work_phone workphone office office_phone business_phone buero geschaeftlich 办公电话",
    "number:alt": "alt alternate alt_phone alternate_phone phone2 phone_2 number2 number_2 phone3 phone_3 number3 "
    "second_phone",
    "name": "name full_name fullname customer customer_name first_name firstname last_name lastname surname given_name "
    "vorname nachname 姓名 名字",
    "reference": "reference ref id customer_id customerid external_id vendor_lead_code account account_number 编号",
    "owner": "owner agent account_manager consultant betreuer",
    "priority": "priority rank prio 优先级",
    "zone": "zone timezone time_zone tz 时区",
    "country": "country country_code land iso_country 国家",
    "region": "region state province bundesland 省份",
    "postcode": "postcode zip zipcode zip_code postal_code plz postal 邮编",
    "language": "language lang sprache locale 语言",
    "consent.what": "consent consent_text consent_what",
    "consent.channel": "consent_channel consent_source",
    "consent.given_at": "consent_at consent_date consent_given consent_given_at opt_in_date",
    "consent.until": "consent_until consent_expires",
    "consent.scope": "consent_scope",
    "consent.evidence": "consent_evidence consent_proof",
}
GUESSES = {name: target for target, names in KNOWN.items() for name in names.split()}


class Taken(msgspec.Struct, frozen=True):
    """What has come of a row. ``reason``: why it is no lead, or, where there is one, what of it was left out."""

    lead: Lead | None
    consents: tuple[ConsentRow, ...] = ()
    reason: str = ""


class RowFaultError(Exception):
    """A row that is no lead."""


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """``COLUMN=TARGET`` pairs, several in one text with commas between them. Raises ConfigError."""
    mapping = {}
    for pair in (pair for text in texts for pair in text.split(",")):
        column, sign, target = (part.strip() for part in pair.rpartition("="))
        if not sign and not column:
            raise ConfigError(f"--map is {pair!r}; expected COLUMN=TARGET, such as Phone=number or City=field.city")
        _check_target(target, pair)
        mapping[column] = target
    return mapping


def _check_target(target: str, where: str) -> None:
    if (
        target == "-"
        or target in PARTS
        or target in TARGETS_OF_CONSENT
        or NUMBER.fullmatch(target)
        or FIELD.fullmatch(target)
    ):
        return
    known = ["number", "number:KIND", *PARTS, *TARGETS_OF_CONSENT, "field.NAME", "-"]
    raise ConfigError(f"{where!r} maps to {target!r}, which is nothing{near(target, known)}")


def guess(columns: Sequence[str], mapping: Mapping[str, str]) -> tuple[str, ...]:
    """What each column is: by ``mapping``, else by its name, else a field of that name. Of several columns whose names
    mean the same the first is that, and the others are fields; but for numbers and names, of which a lead may have
    several. Raises ConfigError for a mapping of a column that is not there, for two that are mapped to the same, and
    when none is a number."""
    for column in mapping:
        if column not in columns:
            raise ConfigError(f"--map names the column {column!r}, which the file does not have{near(column, columns)}")
    targets: list[str] = []
    taken = {target for target in mapping.values() if not _may_repeat(target)}
    for column in columns:
        target = mapping.get(column, "")
        if target and not _may_repeat(target) and target in targets:
            raise ConfigError(f"two columns are mapped to {target!r}; leave one of them out, or make it a field")
        targets.append(target or _free(_usual(column), column, taken))
    if not any(target.startswith("number") for target in targets):
        listed = ", ".join(repr(column[:40]) for column in columns[:20])
        raise ConfigError(f"no column is a number; the file has {listed}; say which with --map COLUMN=number")
    return tuple(targets)


def _may_repeat(target: str) -> bool:
    """Whether several columns may be this."""
    return target in ("-", "name") or target.startswith("number")


def _free(target: str, column: str, taken: set[str]) -> str:
    """What a column is that is not mapped, where others may have taken what its name means."""
    if not _may_repeat(target):
        if target in taken and not target.startswith("field."):
            target = f"field.{_plain_name(column)}"
        first, n = target, 2
        while target in taken:
            target, n = f"{first}_{n}", n + 1
        taken.add(target)
    return target


def _usual(column: str) -> str:
    """What a column is that nobody maps. Those of our own, in files of errors and exports, say nothing that is kept."""
    plain, own = _plain_name(column), column.strip().lower()
    if not plain or plain.startswith("fsorch_"):
        return "-"
    if own in PARTS or own in TARGETS_OF_CONSENT or NUMBER.fullmatch(own) or FIELD.fullmatch(own):
        return own
    return GUESSES.get(plain, f"field.{plain}")


def _plain_name(column: str) -> str:
    plain = re.sub(r"\W+", "_", column.strip().lower()).strip("_")
    return plain if plain in GUESSES else re.sub(r"[^a-z0-9_]+", "_", plain).strip("_")[:60]


class Columns:
    """Makes leads of rows. ``targets``: what each column is; ``list``: where they go; ``region``: the country of
    numbers without a code, where their row names none; ``zone``: where they are when no column says so; ``now_us``: for
    consents without a moment; ``scopes``: what they may be for, beside a campaign (None: anything). ``owners``: what a
    lead's owner may be, agents and their territories; another name is kept, for it may come yet, and told of once
    (None: nobody asks)."""

    def __init__(
        self,
        targets: Sequence[str],
        *,
        list: str,
        region: str,
        zone: str,
        now_us: int,
        by: str,
        scopes: Container[str] | None = None,
        owners: Collection[str] | None = None,
    ) -> None:
        self.targets = tuple(targets)
        self._list = list
        self._region = region
        self._readers = {"": NumberReader(region)}
        self._places = Places()
        self._zone = _zone(zone) if zone else ""
        self._now_us = now_us
        self._scopes = scopes
        self._owners = owners
        self._strangers: set[str] = set()
        self._by = by
        self._numbers = [(n, one.partition(":")[2]) for n, one in enumerate(targets) if one.startswith("number")]
        self._names = [n for n, one in enumerate(targets) if one == "name"]
        self._parts = [
            (n, one, PARTS[one], READERS.get(one)) for n, one in enumerate(targets) if one in PARTS and one not in APART
        ]
        self._next_at = next((n for n, one in enumerate(targets) if one == "next_at"), None)
        self._fields = [(n, one[6:]) for n, one in enumerate(targets) if one.startswith("field.")]
        self._consents = [(n, one[8:]) for n, one in enumerate(targets) if one.startswith("consent.")]
        self._texts = [n for n, one in enumerate(targets) if one != "-" and not one.startswith("number")]

    def take(self, cells: Sequence[str]) -> Taken:
        """The lead of a row, or why it is none. Never raises."""
        try:
            return self._taken(cells)
        except RowFaultError as fault:
            return Taken(None, (), str(fault))

    def _taken(self, cells: Sequence[str]) -> Taken:
        for n in self._texts:
            if cells[n][:1] in SUSPECT and FORMULA.match(cells[n]):
                raise RowFaultError(f"column {n + 1} ({self.targets[n]}) is a formula of a spreadsheet")
        parts = self._all_parts(cells)
        numbers, reason = self._all_numbers(cells, parts.get("country", ""))
        lead = Lead(
            id="",
            list=self._list,
            name=self._name(cells),
            numbers=numbers,
            fields=self._all_fields(cells),
            **parts,
        )
        if self._next_at is not None and (text := cells[self._next_at].strip()):
            lead = msgspec.structs.replace(lead, next_at=_next_at(text, lead, self._places))
        reason = "; ".join(filter(None, (reason, self._stranger(lead.owner))))
        return Taken(lead, self._all_consents(cells, lead) if self._consents else (), reason)

    def _stranger(self, owner: str) -> str:
        """What is to be said of an owner whom nobody answers to; nothing of one who was named before."""
        if not owner or self._owners is None or owner in self._owners or owner in self._strangers:
            return ""
        if len(self._strangers) < MOST_STRANGERS:
            self._strangers.add(owner)
        return f"no agent or territory is called {owner[:40]!r}, its owner{near(owner, self._owners)} (said once)"

    def _all_parts(self, cells: Sequence[str]) -> dict[str, Any]:
        """What a lead has beside name and numbers, as far as the row says it."""
        parts: dict[str, Any] = {"zone": self._zone} if self._zone else {}
        for n, name, longest, read in self._parts:
            text = cells[n].strip()
            if text:
                if len(text) > longest:
                    raise RowFaultError(f"{name} has {len(text)} characters; expected at most {longest}")
                parts[name] = text if read is None else read(text)
        return parts

    def _reader(self, country: str) -> NumberReader:
        """What reads the numbers of a row: as its own country writes them, whatever the list's is."""
        known = self._readers.get(country)
        if known is None:
            known = self._readers[country] = reader_of(country, self._region)
        return known

    def _all_numbers(self, cells: Sequence[str], country: str) -> tuple[tuple[LeadNumber, ...], str]:
        """The numbers that can be dialled, each once, and what is wrong with the others. None at all is a fault."""
        found: dict[int, LeadNumber] = {}
        faults = []
        read = self._reader(country).read
        for n, kind in self._numbers:
            for text in cells[n].split(";") if ";" in cells[n] else (cells[n],):
                if not text or text.isspace():
                    continue
                try:
                    number = read(text if text[-1] != "0" or not WITH_POINT.fullmatch(text) else text.strip()[:-2])
                except NumberFault as fault:
                    faults.append(f"{text.strip()[:40]!r}: {_why(text, fault)}")
                    continue
                if number not in found:
                    found[number] = LeadNumber(number=f"+{number}", kind=kind, order=len(found))
        if not found:
            raise RowFaultError("; ".join(faults) or "it has no number")
        if len(found) > MOST_NUMBERS:
            raise RowFaultError(f"it has {len(found)} numbers; expected at most {MOST_NUMBERS}")
        return tuple(found.values()), "; ".join(faults)

    def _name(self, cells: Sequence[str]) -> str:
        if len(self._names) == 1:
            name = cells[self._names[0]].strip()
        else:
            name = " ".join(text for n in self._names if (text := cells[n].strip()))
        if len(name) > PARTS["name"]:
            raise RowFaultError(f"the name has {len(name)} characters; expected at most {PARTS['name']}")
        return name

    def _all_fields(self, cells: Sequence[str]) -> dict[str, str]:
        fields = {}
        size = 0
        for n, name in self._fields:
            text = cells[n].strip()
            if text:
                if len(text) > LONGEST_FIELD:
                    raise RowFaultError(f"field.{name} has {len(text)} characters; expected at most {LONGEST_FIELD}")
                size += len(text)
                fields[name] = text
        if size > LONGEST_FIELDS:
            raise RowFaultError(f"its fields have {size} characters together; expected at most {LONGEST_FIELDS}")
        return fields

    def _all_consents(self, cells: Sequence[str], lead: Lead) -> tuple[ConsentRow, ...]:
        """A consent for each number, where the row says anything of one."""
        parts = {name: text for n, name in self._consents if (text := cells[n].strip())}
        if not parts:
            return ()
        for name, text in parts.items():
            if len(text) > CONSENT[name]:
                raise RowFaultError(f"consent.{name} has {len(text)} characters; expected at most {CONSENT[name]}")
        scope = parts.get("scope", "*")
        if self._scopes is not None and scope not in self._scopes and not scope.startswith("campaign:"):
            raise RowFaultError(f"no rule asks for a consent to {scope[:40]!r}")
        given_at = _moment(parts["given_at"], "consent.given_at") if "given_at" in parts else self._now_us
        until = _moment(parts["until"], "consent.until") if "until" in parts else 0
        if until and until <= given_at:
            raise RowFaultError("the consent ends before it was given")
        return tuple(
            ConsentRow(
                number=one.number,
                who=parts.get("who", lead.name),
                what=parts.get("what", ""),
                scope=scope,
                channel=parts.get("channel", ""),
                evidence=parts.get("evidence", ""),
                given_at=given_at,
                until=until,
                by=self._by,
            )
            for one in lead.numbers
        )


def _priority(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,7}", text, re.ASCII) or abs(int(text)) > LARGEST_PRIORITY:
        raise RowFaultError(f"the priority is {text[:20]!r}; expected a whole number up to {LARGEST_PRIORITY:,}")
    return int(text)


def _caller_id(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{3,20}", text, re.ASCII):
        raise RowFaultError(f"the caller id is {text!r}; expected a number as a campaign's caller_ids have it")
    return text


def _why(text: str, fault: NumberFault) -> str:
    """What is wrong with a number."""
    if ROUNDED.fullmatch(text):
        return "a spreadsheet has rounded it, and its last digits are lost; make that column text there, and save again"
    return fault.reason


@lru_cache(maxsize=1024)
def _country(text: str) -> str:
    found = country_of(text)
    if not found:
        raise RowFaultError(f"the country is {text!r}; expected two letters, as in GB, US, CN, or its name")
    return found


@lru_cache(maxsize=1024)
def _zone(text: str) -> str:
    if text not in _zones():
        raise RowFaultError(f"there is no time zone {text[:40]!r}; expected one such as Europe/Berlin")
    return text


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _moment(text: str, what: str) -> int:
    try:
        return parse_moment(text, "UTC")
    except ValueError:
        raise RowFaultError(f"{what} is {text[:40]!r}; expected a date or a time, as in 2027-01-31T09:00") from None


# Parts that are read by themselves.
APART = ("name", "next_at")
# How what is no plain text is read.
READERS: dict[str, Callable[[str], Any]] = {
    "priority": _priority,
    "zone": _zone,
    "country": _country,
    "caller_id": _caller_id,
}


def _next_at(text: str, lead: Lead, places: Places) -> int:
    try:
        return parse_there(text, lead, places)
    except ValueError:
        raise RowFaultError(f"next_at is {text[:40]!r}; expected a date or a time, as in 2027-01-31T09:00") from None


def parse_there(text: str, lead: Lead, places: Places) -> int:
    """A moment (UTC microseconds) before which ``lead`` is not dialled: by the clock where they are, unless ``text``
    has an offset; where that may be one of several, by the one that comes to it last. Raises ValueError."""
    zones = (lead.zone,) if lead.zone else places.of(lead, lead.numbers[0]).zones if lead.numbers else ()
    return max(parse_moment(text, zone) for zone in zones or ("UTC",))


def parse_moment(text: str, zone: str) -> int:
    """An ISO date or time as UTC microseconds; in ``zone`` where it names none. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))
    try:
        whole = round(moment.astimezone(UTC).timestamp() * 1_000_000)
    except OverflowError as error:
        raise ValueError(text) from error
    if whole <= 0:
        raise ValueError(text)
    return whole
