"""Words of statutes: the names of their parts, of the fields of their form, and of what those offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from coop.governance.kinds import label_of
from coop.governance.statutes import law
from coop.governance.statutes.model import Share
from coop.governance.statutes.saying import say_share
from coop.values import read_digits
from coop.web.language import N_, gettext, translate
from coop.web.writing import speak

TITLES: Final[Mapping[str, str]] = {
    "rules": N_("How it is decided"),
    "classes": N_("A class of members with a majority of its own"),
    "notices": N_("Notice"),
    "texts": N_("Text open to members"),
    "voters": N_("Who votes"),
    "proxies": N_("Proxies"),
    "advance": N_("Electronic votes before the meeting"),
    "online": N_("Electronic votes on the day of the meeting"),
    "call": N_("Members who ask for a meeting"),
    "agenda": N_("Members who put a point on the agenda"),
    "motions": N_("Changing a proposal on the agenda"),
    "referenda": N_("Referendum on what was adopted"),
    "late_agenda_article": N_("Points that come too late"),
    "newspaper_article": N_("Notice in a newspaper"),
    "council": N_("Members' council"),
    "election": N_("Election of persons"),
    "nomination": N_("Breaking a binding nomination"),
    "universal": N_("Everybody there and of one mind"),
    "written": N_("Votes in writing"),
    "outside_article": N_("Decisions outside a meeting"),
    "quorum": N_("How many must be there"),
    "second": N_("Second meeting"),
    "approval": N_("Consent of an outside body"),
    "also": N_("Beside the majority, votes for that come to"),
    "kinds": N_("A kind of member"),
    "bands": N_("A band of votes"),
    "term": N_("Until when"),
    "groups": N_("A group that chooses its own delegates"),
}
"""Titles of sections, and of parts of them."""

LABELS: Final[Mapping[str, str]] = {
    "article": N_("Article"),
    "majority": N_("Majority"),
    "base": N_("Of which votes"),
    "tie": N_("At a tie"),
    "tie_article": N_("Article on a tie"),
    "in_writing": N_("Only in writing"),
    "secret": N_("Secret ballot"),
    "classes": N_("Besides, the majority of each of these classes"),
    "of_classes": N_("What it asks of classes of members"),
    "by": N_("Name of the body"),
    "share": N_("Share"),
    "of": N_("Counted in"),
    "with_proxies": N_("Proxies count as present"),
    "to_days": N_("Until so many days"),
    "from_days": N_("From so many days"),
    "says_why": N_("Its notice says that and why"),
    "outside": N_("Outside these days"),
    "articles": N_("Articles that it is about"),
    "lacking": N_("Without it the decision is"),
    "days": N_("Days"),
    "clear": N_("Clear days: neither the first nor the last counts"),
    "plural": N_("As many votes as the register says"),
    "most_votes": N_("No more votes than"),
    "most_share": N_("No more than this share of all votes"),
    "split": N_("Who has several votes may divide them"),
    "split_article": N_("Article on dividing votes"),
    "on_bound": N_("A bound itself belongs to the band"),
    "least_months": N_("Member for at least so many months"),
    "least_age": N_("Age on 1 January"),
    "arrears_months": N_("No rights when behind more months than"),
    "arrears_article": N_("Article on arrears"),
    "suspended_months": N_("A suspension lasts at most, in months"),
    "suspended_article": N_("Article on the end of a suspension"),
    "suspended_no_vote_article": N_("Article on the vote of who is suspended"),
    "kind": N_("Kind in the register"),
    "votes": N_("Votes"),
    "enters": N_("Is let in"),
    "above": N_("Above"),
    "most_held": N_("Proxies that one person may hold"),
    "before_the_vote": N_("Handed in before the vote"),
    "until": N_("Until the hour"),
    "until_article": N_("Article on the hour"),
    "on_request": N_("Only for who asked"),
    "revocable": N_("May be changed"),
    "registered": N_("Only for who registered"),
    "self_article": N_("Article on convening themselves"),
    "silent_days": N_("Days after which they convene themselves"),
    "members": N_("So many members"),
    "few": N_("A request by fewer is"),
    "off_agenda_article": N_("Article on points off the agenda"),
    "steps": N_("Steps, one a round"),
    "lot_from": N_("Lot at a tie from round"),
    "plurality": N_("Elected with the most votes"),
    "one_by_one": N_("Each seat is voted on by itself"),
    "articles.all": N_("Article on a ballot among all"),
    "articles.two highest": N_("Article on the two highest"),
    "articles.intermediate": N_("Article on an intermediate vote"),
    "articles.without the fewest": N_("Article on who falls away"),
    "articles.tie": N_("Article on a tie at the top"),
    "articles.lot": N_("Article on the lot"),
    "represented": N_("Who is represented counts as there"),
    "chair": N_("The chair may ask for it"),
    "at_meeting": N_("At the meeting itself too"),
    "ahead": N_("Votes that were cast before on the unchanged proposal"),
    "wins": N_("Of options, one of which came later"),
    "asks": N_("Members vote on whether the decision"),
    "hold_days": N_("Held within so many days"),
    "seats": N_("Seats"),
    "term_months": N_("A term lasts at most, in months"),
    "weight": N_("Votes of a delegate"),
    "substitutes": N_("Substitutes, for the council or for each group"),
    "name": N_("Name"),
    "kinds": N_("Kinds in the register; empty for everybody of no other group"),
}
"""Labels of the fields of the form."""

WORDS: Final[Mapping[str, str]] = {
    "yes": N_("yes"),
    "no": N_("no"),
    "cast": N_("of the votes for and against"),
    "present": N_("of the votes present, blank ones too"),
    "all": N_("of all votes that members have"),
    "rejects": N_("it is rejected"),
    "chair": N_("the chair decides"),
    "lot": N_("the lot decides"),
    "majority": N_("their majority, without their quorum"),
    "with-quorum": N_("their majority and their quorum"),
    "nothing": N_("nothing"),
    "members": N_("members"),
    "votes": N_("votes"),
    "quorum": N_("the first quorum applies again"),
    "undecidable": N_("nothing may be decided"),
    "not valid": N_("not valid"),
    "not effective": N_("not effective"),
    "lower": N_("below it"),
    "upper": N_("above it"),
    "refused": N_("refused"),
    "no duty": N_("without a duty for the board"),
    "lapse": N_("do not count for the changed one"),
    "count": N_("count for the changed one too, until their member votes anew"),
    "most-votes": N_("the one with the most votes for wins"),
    "first": N_("the first on the agenda wins"),
    "repeal": N_("falls; without a majority for that it stands"),
    "one": N_("one each"),
    "by members": N_("by the members for each delegate"),
    "confirm": N_("stands; without a majority for that it falls"),
}
"""Words for what a field offers."""

STEPS: Final[Mapping[str, str]] = {
    "all": N_("a ballot among all"),
    "two highest": N_("the two with most votes"),
    "intermediate": N_("an intermediate vote"),
    "without the fewest": N_("everybody but the one with the fewest"),
    "tie": N_("a tie at the top"),
    "lot": N_("the lot"),
}
"""Words for the steps of an election, and for what else of it has an article."""


def title(lang: str, section: str) -> str:
    """The title of a section of the form, or of a part."""
    name, _, kind = section.partition(".")
    if kind:
        called = N_("All decisions") if kind == "ordinary" else label_of(kind)
        return f"{gettext(lang, TITLES[name])}: {gettext(lang, called)}"
    return gettext(lang, TITLES[name])


def subjects(lang: str, sections: Iterable[str]) -> str:
    """The subjects of sections, each once and without the kinds of decision."""
    return ", ".join(dict.fromkeys(title(lang, section.partition(".")[0]) for section in sections))


def label(lang: str, name: str) -> str:
    """The label of a field of the form."""
    return gettext(lang, LABELS[name])


def word(lang: str, name: str) -> str:
    """Options of a field, in words."""
    return gettext(lang, WORDS[name])


def content(lang: str, name: str, held: object) -> str:
    """The content of a field as the record holds it, in words."""
    if isinstance(held, list):
        words = STEPS if name == "steps" else {}
        return ", ".join(gettext(lang, words.get(each, each)) for each in map(str, held))
    said = {True: "yes", False: "no"}[held] if isinstance(held, bool) else str(held)
    return said if "article" in name else gettext(lang, WORDS.get(said, said))


def article(lang: str, text: str) -> str:
    """The number of an article, or that the law leaves it open."""
    return translate(lang, "choice: the law is silent") if text == law.CHOICE else text


def share(lang: str, text: str) -> str:
    """A share as a form offers it, in words."""
    above, _, rest = text.rpartition(">")
    num, _, den = rest.partition("/")
    parts = read_digits(num), read_digits(den)
    if parts[0] is None or not parts[1]:
        return text
    return str(speak(lang, say_share(Share(parts[0], parts[1], above=bool(above) or text.startswith(">")))))
