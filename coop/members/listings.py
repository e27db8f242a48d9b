"""The lists of the register and of accounts, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from coop.communities.store import list_choices, list_profiles
from coop.communities.texts import CHOICE_NAMES
from coop.communities.texts import PARTICULARS as PARTICULAR_NAMES
from coop.kit.tx import Tx
from coop.members.community import texts as community
from coop.members.community.store import list_proposals
from coop.members.connections.model import Occupancy
from coop.members.connections.store import list_connections, list_holds, list_occupancies
from coop.members.consents import store as consents
from coop.members.contracts.model import Contract
from coop.members.factors.store import load_factors
from coop.members.history.model import Change
from coop.members.identity import store as identity
from coop.members.identity.commands.sessions import list_sessions
from coop.members.identity.model import Account
from coop.members.identity.pages.changes import list_changes
from coop.members.imports.store import list_imports
from coop.members.imports.texts import KINDS, OUTCOMES
from coop.members.log.model import Entry
from coop.members.log.texts import CHANNELS
from coop.members.log.texts import KINDS as LOG_KINDS
from coop.members.messages.model import Tracked
from coop.members.messages.texts import CHANNEL_NAMES, KIND_NAMES, STATE_NAMES
from coop.members.oidc.store import list_bound
from coop.members.privacy.store import list_looks
from coop.members.programs.model import Program
from coop.members.register.model import Member
from coop.members.told_moves.model import Told
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

ALL = 1_000_000

MEMBERS = (
    Column("member_id", "Id"),
    Column("number", N_("Number")),
    Column("name", N_("Name")),
    Column("kind", N_("Kind"), Kind.WORD),
    Column("email", N_("E-mail address")),
    Column("address", N_("Address")),
    Column("postcode", N_("Postcode")),
    Column("city", N_("City")),
    Column("joined_on", N_("Member since"), Kind.DAY),
    Column("left_on", N_("Left on"), Kind.DAY),
    Column("votes", N_("Votes"), Kind.WHOLE),
    Column("kvk", N_("KvK number")),
    Column("vat_id", N_("VAT id")),
)

CONNECTIONS = (
    Column("connection_id", "Id", of=lambda row: row[0].connection_id),
    Column("number", N_("Number"), of=lambda row: row[0].number),
    Column("building", N_("Building"), of=lambda row: row[0].building),
    Column("address", N_("Address"), of=lambda row: row[0].address),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda row: row[0].kind),
    Column("ean", N_("EAN code"), of=lambda row: row[0].ean),
    Column("home_equivalents", N_("Home equivalents"), Kind.DECIMAL, of=lambda row: row[0].home_equivalents),
    Column("users", N_("Users behind it"), Kind.WHOLE, of=lambda row: row[0].users),
    Column("member_id", N_("Member"), of=lambda row: row[1].member_id if row[1] else None),
    Column("opened_on", N_("From"), Kind.DAY, of=lambda row: row[1].opened_on if row[1] else None),
    Column("closed_on", N_("Ended from"), Kind.DAY, of=lambda row: row[1].closed_on if row[1] else None),
)

ANSWERS = (
    Column("purpose_id", N_("Use")),
    Column("is_given", N_("Consent"), Kind.FLAG),
    Column("said_at", N_("When"), Kind.INSTANT),
    Column("actor", N_("Entered by")),
    Column("channel", N_("Way")),
    Column("paper", N_("Paper")),
    Column("signed_on", N_("Signed on"), Kind.DAY),
    Column("wording_sha256", "SHA-256"),
)

LOOKS = (
    Column("seen_on", N_("Day"), Kind.DAY),
    Column("viewer", N_("Who")),
    Column("subject", N_("What"), Kind.WORD),
    Column("of_everybody", N_("Of everybody"), Kind.FLAG),
)

MOVES = (
    Column("number", N_("Number"), Kind.WHOLE),
    Column("way", N_("What"), of=attrgetter("told.way")),
    Column("moved_on", N_("Day"), Kind.DAY, of=attrgetter("told.moved_on")),
    Column("connection_id", N_("Connection"), of=attrgetter("told.connection_id")),
    Column("home", N_("The home"), of=attrgetter("told.home")),
    Column("heat_gj", N_("Heat"), unit="GJ", of=attrgetter("told.heat_gj")),
    Column("electricity_in_kwh", N_("Electricity, taken"), unit="kWh", of=attrgetter("told.electricity_in_kwh")),
    Column(
        "electricity_out_kwh", N_("Electricity, delivered back"), unit="kWh", of=attrgetter("told.electricity_out_kwh")
    ),
    Column("address", N_("Address"), of=attrgetter("told.address")),
    Column("postcode", N_("Postcode"), of=attrgetter("told.postcode")),
    Column("city", N_("City"), of=attrgetter("told.city")),
    Column("leaves", N_("Leaves the co-operative"), Kind.FLAG, of=attrgetter("told.leaves")),
    Column("note", N_("Anything else"), of=attrgetter("told.note")),
    Column("told_at", N_("When"), Kind.INSTANT),
    Column("outcome", N_("State")),
    Column("reason", N_("Why")),
)

CONTRACTS = (
    Column("contract_id", "Id"),
    Column("number", N_("Number")),
    Column("member_id", N_("Member")),
    Column("connection_id", N_("Connection")),
    Column("starts_on", N_("From"), Kind.DAY),
    Column("ends_on", N_("Ended from"), Kind.DAY),
    Column("tariff_clause", N_("Clause that allows tariff changes")),
    Column("customer_class", N_("What is supplied"), Kind.WORD),
)

GAS_BILLS = (
    Column("contract_id", "Id", of=lambda row: row[0].contract_id),
    Column("contract", N_("Contract"), of=lambda row: row[0].number),
    Column("year", N_("Year"), Kind.WHOLE, of=lambda row: row[1].year),
    Column("gas_m3", N_("Gas"), Kind.WHOLE, "m³", lambda row: row[1].gas_m3),
    Column("paid_eur", N_("Paid incl. VAT"), Kind.EUROS, of=lambda row: row[1].amount_cents),
)

REGISTER_CHANGES = (
    Column("number", N_("Number"), Kind.WHOLE),
    Column("record", N_("Record"), of=lambda change: f"{change.noun} {change.record}"),
    Column("field", N_("Field")),
    Column("old", N_("Was")),
    Column("new", N_("Is")),
    Column("changed_at", N_("When"), Kind.INSTANT),
    Column("changed_by", N_("By")),
    Column("channel", N_("Way in")),
    Column("reason", N_("Why")),
)

ACCOUNTS = (
    Column("account_id", "Id"),
    Column("name", N_("Name")),
    Column("email", N_("E-mail address")),
    Column("roles", N_("Roles"), of=lambda account: ", ".join(sorted(account.roles))),
    Column("member_id", N_("Member")),
    Column("active", N_("Open"), Kind.FLAG),
    Column("has_password", N_("Has a password"), Kind.FLAG),
)

CHANGES = (
    Column("changed_at", N_("When"), Kind.INSTANT, of=lambda row: row[0]),
    Column("change", N_("Change"), Kind.WORD, of=lambda row: row[1]),
    Column("changed_by", N_("By"), of=lambda row: row[2]),
)

LOG = (
    Column("at", N_("When"), Kind.INSTANT),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda entry: LOG_KINDS[entry.kind]),
    Column("who", N_("Who")),
    Column("what", N_("What")),
    Column("about", N_("About")),
    Column("channel", N_("How"), Kind.WORD, of=lambda entry: CHANNELS.get(entry.channel, entry.channel)),
)

SIGN_INS = (
    Column("began_at", N_("Since"), Kind.INSTANT),
    Column("source", N_("From the network address")),
)

FACTORS = (
    Column("kind", N_("Kind"), of=lambda row: row[0]),
    Column("name", N_("Name"), of=lambda row: row[1]),
    Column("added_at", N_("Since"), Kind.INSTANT, of=lambda row: row[2]),
    Column("used_at", N_("Last used"), Kind.INSTANT, of=lambda row: row[3]),
)

PROGRAMS = (
    Column("token_id", "Id"),
    Column("name", N_("Name")),
    Column("scopes", N_("It may"), of=lambda program: ", ".join(program.scopes)),
    Column("gateway", N_("Gateway")),
    Column("meters", N_("Meters"), of=lambda program: _name_meters(program, program.meters)),
    Column(
        "device_meters",
        N_("Device of meters"),
        of=lambda program: _name_meters(program, program.device_meters),
    ),
    Column("confirmed_by", N_("Confirmed by")),
    Column("made_at", N_("Since"), Kind.INSTANT),
    Column("expires_at", N_("Until"), Kind.INSTANT),
    Column("used_on", N_("Last used"), Kind.DAY),
    Column("ended_at", N_("Ended from"), Kind.INSTANT),
)

IMPORTS = (
    Column("import_id", "Id"),
    Column("file_name", N_("File")),
    Column("kind", N_("What the file holds"), Kind.WORD, of=lambda row: (KINDS | OUTCOMES)[row.kind]),
    Column("imported_at", N_("When"), Kind.INSTANT),
    Column("imported_by", N_("By")),
    Column("record_count", N_("Lines"), Kind.WHOLE),
    Column("added_count", N_("New"), Kind.WHOLE),
    Column("changed_count", N_("Changed"), Kind.WHOLE),
    Column("undone_at", N_("Undone"), Kind.INSTANT),
)

CHOICES = (
    Column("number", N_("Number"), Kind.WHOLE),
    Column("name", N_("Choice"), Kind.WORD, of=lambda choice: CHOICE_NAMES[choice.row.choice.NAME]),
    Column("valid_from", N_("Holds from"), Kind.DAY, of=lambda choice: choice.row.valid_from),
    Column("value", N_("Figures"), of=lambda choice: choice.row.choice.model_dump_json()),
    Column("source", N_("Source"), of=lambda choice: choice.row.source),
    Column("resolution_id", N_("Resolution"), of=lambda choice: choice.row.resolution_id),
    Column("recorded_at", N_("When"), Kind.INSTANT),
    Column("recorded_by", N_("By")),
)

PARTICULARS = (
    Column("version", N_("Number"), Kind.WHOLE),
    Column("valid_from", N_("Holds from"), Kind.DAY),
    *(Column(name, label, of=attrgetter(f"profile.{name}")) for name, label in PARTICULAR_NAMES.items()),
    Column("recorded_at", N_("When"), Kind.INSTANT),
    Column("recorded_by", N_("By")),
)

IBANS = (
    Column("number", N_("Number"), Kind.WHOLE),
    Column("iban", N_("IBAN")),
    Column("proposed_at", N_("Proposed"), Kind.INSTANT),
    Column("proposed_by", N_("Proposed by")),
    Column(
        "outcome", N_("Outcome"), Kind.WORD, of=lambda row: community.OUTCOMES[row.outcome] if row.outcome else None
    ),
    Column("settled_at", N_("When"), Kind.INSTANT),
    Column("settled_by", N_("By")),
)


MESSAGES = (
    Column("message_id", "Id", of=lambda row: row.message.message_id),
    Column("made_at", N_("Made"), Kind.INSTANT, of=lambda row: row.message.made_at),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda row: KIND_NAMES[row.message.kind]),
    Column("about", N_("About"), of=lambda row: row.message.about),
    Column("subject", N_("Subject"), of=lambda row: row.message.subject),
    Column("name", N_("To"), of=lambda row: row.message.name),
    Column("channel", N_("How"), Kind.WORD, of=lambda row: CHANNEL_NAMES[row.message.channel]),
    Column("address", N_("Address"), of=lambda row: row.message.address.replace("\n", ", ")),
    Column("state", N_("State"), Kind.WORD, of=lambda row: STATE_NAMES[row.state][0]),
    Column("sent_at", N_("Sent"), Kind.INSTANT),
    Column("posted_on", N_("Posted on"), Kind.DAY, of=lambda row: row.message.posted_on),
    Column("answer", N_("Answer")),
)


def messages_listing(messages: Iterable[Tracked]) -> Listing:
    """Messages with their proof, or why they did not arrive."""
    return Listing("messages", MESSAGES, messages)


def members_listing(members: Iterable[Member]) -> Listing:
    """Members with their contact data."""
    return Listing("members", MEMBERS, members)


def connections_listing(tx: Tx, member_id: str | None) -> Listing:
    """Connections with who held them when: those of one member, or all, also those that nobody held."""
    if member_id is not None:
        return Listing("connections", CONNECTIONS, list_holds(tx, member_id))
    connections = list_connections(tx)
    holds: dict[str, list[Occupancy]] = {connection.connection_id: [] for connection in connections}
    for hold in list_occupancies(tx):
        holds[hold.connection_id].append(hold)
    rows = [(connection, hold) for connection in connections for hold in holds[connection.connection_id] or (None,)]
    return Listing("connections", CONNECTIONS, rows)


def contracts_listing(contracts: Iterable[Contract]) -> Listing:
    """Contracts without their gas bills."""
    return Listing("contracts", CONTRACTS, contracts)


def gas_bills_listing(contracts: Iterable[Contract]) -> Listing:
    """Gas bills behind contracts."""
    rows = [(contract, bill) for contract in contracts for bill in contract.gas_bills]
    return Listing("gas-bills", GAS_BILLS, rows)


def register_changes_listing(changes: Iterable[Change]) -> Listing:
    """Fields of the register that became something else, newest first."""
    return Listing("register-changes", REGISTER_CHANGES, changes)


def accounts_listing(accounts: Iterable[Account]) -> Listing:
    """Accounts without anything of their passwords."""
    return Listing("accounts", ACCOUNTS, accounts)


def changes_listing(tx: Tx, account_id: str) -> Listing:
    """Changes of an account, newest first."""
    return Listing("account-changes", CHANGES, list_changes(tx, account_id, ALL))


def log_listing(entries: Iterable[Entry]) -> Listing:
    """List of who did what, newest first."""
    return Listing("log", LOG, entries)


def sign_ins_listing(tx: Tx, account_id: str) -> Listing:
    """Sessions of an account in which somebody is signed in."""
    return Listing("sign-ins", SIGN_INS, list_sessions(tx, account_id))


def factors_listing(tx: Tx, account_id: str) -> Listing:
    """The ways to sign in beside the password, without anything of their secrets."""
    factors = load_factors(tx, account_id)
    rows = [("passkey", f"{each.name} ({each.host})", each.added_at, each.used_at) for each in factors.passkeys]
    if factors.authenticator:
        rows.append(("app", "", factors.authenticator.added_at, None))
    rows += [("provider", f"{each.issuer} {each.subject}", each.bound_at, None) for each in list_bound(tx, account_id)]
    return Listing("second-factors", FACTORS, rows)


def answers_listing(tx: Tx, member_id: str) -> Listing:
    """Everything that a member said to uses of their data."""
    return Listing("consents", ANSWERS, consents.list_answers(tx, member_id))


def moves_listing(told: Iterable[Told]) -> Listing:
    """Moves that members told of, and what became of each."""
    return Listing("moves", MOVES, told)


def looks_listing(tx: Tx, member_id: str) -> Listing:
    """Looks of others at a member's use, and at everybody's."""
    return Listing("looks", LOOKS, list_looks(tx, member_id, ALL))


def programs_listing(programs: Iterable[Program]) -> Listing:
    """Programs that may or might come in, without anything of their tokens; a star for every meter."""
    return Listing("programs", PROGRAMS, programs)


def _name_meters(program: Program, meters: tuple[str, ...] | None) -> str | None:
    if program.gateway is None:
        return None
    return "*" if meters is None else ", ".join(meters)


def imports_listing(tx: Tx) -> Listing:
    """Imports, newest first."""
    return Listing("imports", IMPORTS, list_imports(tx, ALL))


def choices_listing(tx: Tx, name: str) -> Listing:
    """Choices of the co-operative, newest first: those of one name, or all."""
    return Listing("choices", CHOICES, [row for row in list_choices(tx) if name in ("", row.row.choice.NAME)])


def particulars_listing(tx: Tx) -> Listing:
    """Particulars of the co-operative since its founding."""
    return Listing("particulars", PARTICULARS, list_profiles(tx))


def ibans_listing(tx: Tx) -> Listing:
    """Bank accounts that were proposed, newest first."""
    return Listing("ibans", IBANS, list_proposals(tx))


def find_accounts(tx: Tx, member_id: str | None, wanted: identity.Wanted) -> list[Account]:
    """Accounts of one member, or all that are wanted."""
    return identity.list_accounts_of(tx, member_id) if member_id else identity.list_accounts(tx, wanted=wanted)
