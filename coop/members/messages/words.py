"""Words of each kind of message, in the language of its reader.

A text is filled by the values that its cause gives, and a paragraph for which a value is missing is left out. A value
``..._cents`` is written as money, a date as a date, a tuple as lines; any other may be a function of the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from coop.communities.model import Profile
from coop.members.messages.model import Content, Words
from coop.members.messages.register_words import REGISTER_WORDS
from coop.web.language import N_, gettext, translate
from coop.web.writing import money, speak_value

_PLACE = re.compile(r"%\((\w+)\)s")


WORDS: Final[Mapping[str, Words]] = {
    "invitation": Words(
        N_("Your account at %(coop)s"),
        (
            N_(
                "You can now see your own bills, your energy and the decisions of %(coop)s on our pages,"
                " and vote there."
            ),
            N_("Choose a password of your own at the address below. It works once, until %(until)s."),
            N_("The address is for you alone: give it to nobody, not even to us."),
        ),
        N_("Choose a password"),
    ),
    "reset": Words(
        N_("A new password for %(coop)s"),
        (
            N_("A new password was asked for your account."),
            N_("Choose it at the address below. It works once, until %(until)s."),
            N_("Was it not you who asked? Then you need to do nothing: your password stays as it is."),
        ),
        N_("Choose a new password"),
    ),
    "confirm-address": Words(
        N_("Confirm your mail address for %(coop)s"),
        (
            N_("Somebody wants to sign in at %(coop)s with this mail address from now on."),
            N_("Was it you? Then confirm it at the address below. It works once, until %(until)s."),
            N_("Was it not you? Then you need to do nothing."),
        ),
        N_("Confirm this address"),
    ),
    "confirm-move": Words(
        N_("Another mail address for your account at %(coop)s"),
        (
            N_("The co-operative was asked to let you sign in with %(email)s from now on."),
            N_("Is that right? Then confirm it at the address below. It works once, until %(until)s."),
            N_("Is it not right? Then do nothing, and everything stays as it is. Please tell us."),
        ),
        N_("Confirm the change"),
    ),
    "address-changed": Words(
        N_("Your mail address at %(coop)s is changed"),
        (
            N_("Since %(at)s you sign in with %(email)s."),
            N_("Was it not you who changed this? Then tell us at once: answer this message."),
        ),
    ),
    "told-of-change": Words(
        N_("Something changed in your account at %(coop)s"),
        (
            N_("On %(at)s this was changed in your account: %(change)s."),
            N_("It was done by %(by)s."),
            N_("Is this not right? Then tell us at once: answer this message."),
        ),
        N_("Your account"),
    ),
    "bill-ready": Words(
        N_("Your bill %(number)s of %(coop)s"),
        (
            N_("Your bill %(number)s over %(first)s to %(last)s is there."),
            N_("It is for %(supplied)s, which you pay for."),
            N_("It corrects bill %(corrects)s."),
            N_("You pay %(pay_cents)s."),
            N_("We have to have it on %(due_on)s at the latest. Name the reference of the bill with your payment."),
            N_("You get %(receive_cents)s back."),
            N_("For bill %(unpaid)s you pay nothing now; it says why."),
            N_("You can walk back every line of it: to the meter reading, the tariff and the vote behind it."),
        ),
        N_("See the bill"),
    ),
    "meeting-notice": Words(
        N_("Members' meeting of %(coop)s on %(held_on)s"),
        (
            N_("The board invites you to the members' meeting on %(held_on)s."),
            N_("It begins at %(begins_at)s."),
            N_("It is held here: %(place)s."),
            N_("On the agenda:\n%(agenda)s"),
            N_("You find these documents with it:\n%(papers)s"),
            N_("You can vote beforehand on our pages, from %(vote_from)s."),
            N_("On the day of the meeting you can vote on our pages until %(votes_until)s."),
            N_(
                "You find the proposals with all their figures at the address below."
                " Nothing in them can change any more."
            ),
        ),
        N_("See the agenda"),
    ),
    "meeting-withdrawn": Words(
        N_("The members' meeting of %(coop)s on %(held_on)s is not held"),
        (
            N_("The members' meeting of %(held_on)s is not held. The reason: %(reason)s"),
            N_("If you voted for it already, that vote does not count."),
            N_("It is held on %(held_anew_on)s instead. You get a notice of its own, and can vote anew."),
        ),
        N_("To the meeting"),
    ),
    "point-withdrawn": Words(
        N_("%(coop)s: a point is taken off the agenda of %(held_on)s"),
        (
            N_("On %(held_on)s the members' meeting does not decide on this: %(subject)s."),
            N_("The reason: %(reason)s"),
            N_("If you voted on it already, that vote does not count. The meeting is held, and its other points stay."),
        ),
        N_("To the meeting"),
    ),
    "paper-added": Words(
        N_("%(coop)s: a document was added for the meeting of %(held_on)s"),
        (
            N_("After the notice of the members' meeting of %(held_on)s the board added a document: %(paper)s."),
            N_("It belongs to this point: %(subject)s."),
            N_(
                "What the notice proposes stays the same."
                " Did you vote already? You can change your vote while it is open."
            ),
        ),
        N_("See the point and its documents"),
    ),
    "motion-admitted": Words(
        N_("%(coop)s: a motion came on the agenda of %(held_on)s"),
        (
            N_("It is about this point of the members' meeting of %(held_on)s: %(on)s."),
            N_(
                "An amendment was handed in: %(changes)s. It is voted on first; if it is adopted, the changed proposal"
                " is decided."
            ),
            N_("Another option was put beside it: %(option)s. At most one of them is adopted."),
            N_(
                "Did you vote already on the point as it was? By %(lapses)s that vote does not count for the changed"
                " proposal: vote on the amendment and on the changed proposal as well."
            ),
            N_(
                "Did you vote already on the point as it was? By %(counts)s that vote counts for the changed proposal"
                " too, until you vote anew."
            ),
        ),
        N_("See it and vote"),
    ),
    "decision-stopped": Words(
        N_("%(coop)s: a decision of the members does not hold any more"),
        (
            N_("This decision of the members does not hold from %(from_on)s: %(subject)s."),
            N_("The reason: %(manner)s (%(paper)s)."),
            N_("If a bill of yours rested on it, you get a correction by itself."),
        ),
        N_("See the decision"),
    ),
    "decision-resumed": Words(
        N_("%(coop)s: a decision of the members holds again"),
        (
            N_("This decision of the members holds again from %(from_on)s: %(subject)s."),
            N_("The reason: %(manner)s (%(paper)s)."),
        ),
        N_("See the decision"),
    ),
    "tariff-notice": Words(
        N_("Your tariff changes on %(valid_from)s"),
        (
            N_("On %(decided_on)s the members' meeting adopted another tariff. It holds for you from %(valid_from)s."),
            N_("The prices, with VAT where the law asks for it, are:\n%(prices)s"),
            N_(
                "With this notice we tell you of the change in writing, as your contract and the law ask (Civil Code,"
                " book 2, article 59)."
            ),
        ),
        N_("See the tariff and the vote"),
    ),
    "vote-open": Words(
        N_("You can vote at %(coop)s"),
        (
            N_("From %(vote_from)s you can vote on what the members' meeting of %(held_on)s decides."),
            N_("On the agenda:\n%(agenda)s"),
            N_("You can change your vote as long as the vote is open."),
        ),
        N_("To the vote"),
    ),
    "evening-vote": Words(
        N_("A vote is open at the meeting of %(coop)s, today"),
        (
            N_("At the members' meeting of %(held_on)s a vote was opened. It ends with its count, today."),
            N_("It is on this point: %(subject)s."),
            N_("%(why)s"),
        ),
        N_("To the vote"),
    ),
    "vote-closing": Words(
        N_("The vote at %(coop)s ends on %(held_on)s"),
        (
            N_("You can vote until the members' meeting on %(held_on)s."),
            N_("On that day you can vote on our pages until %(votes_until)s."),
            N_("Have you voted already? Then you need to do nothing."),
        ),
        N_("To the vote"),
    ),
    "ballot-entered": Words(
        N_("%(coop)s: a ballot was entered for you"),
        (
            N_("For the meeting of %(held_on)s one person entered a ballot for you, and another confirmed it."),
            N_("Did you hand in a ballot in the room, on paper, by letter or by proxy? Then you need to do nothing."),
            N_("If it is not yours, say so on your page of that meeting, until %(until)s."),
        ),
        N_("To the meeting"),
    ),
    "request-entered": Words(
        N_("%(coop)s: it was entered that you ask for a referendum"),
        (
            N_("One person entered from a paper that you ask for a referendum, and another confirmed it."),
            N_("Did you ask for it on paper? Then you need to do nothing."),
            N_("If that paper is not yours, say so on the page of the referendum, until %(until)s."),
        ),
        N_("To the referendum"),
    ),
    "mandate-held": Words(
        N_("%(coop)s: a mandate for the meeting of %(held_on)s"),
        (
            N_("%(who)s: %(what)s."),
            N_("On your page of that meeting you see for whom you vote."),
        ),
        N_("To the mandates"),
    ),
    "mandate-of-yours": Words(
        N_("%(coop)s: your mandate for the meeting of %(held_on)s"),
        (
            N_("%(who)s: %(what)s."),
            N_("Did you not do this yourself? Take the mandate back on your page of that meeting, and tell the board."),
        ),
        N_("To the mandate"),
    ),
    "suspended": Words(
        N_("%(coop)s: the board has suspended you"),
        (
            N_("The board decided to suspend you as a member from %(from_on)s. Two people put that on file."),
            N_(
                "Until %(ends_on)s you have no vote, and you vote for nobody else (%(article)s). It ends by itself:"
                " from that day you vote again."
            ),
            N_(
                "You may come to the meeting that treats your suspension, and speak about it there (Civil Code, book 2,"
                " article 38). Your heat, your contract and your bills do not change."
            ),
            N_("Is this not right, or do you not know why? Answer this message."),
        ),
        N_("To the meetings"),
    ),
    "suspension-lifted": Words(
        N_("%(coop)s: your suspension is lifted"),
        (
            N_("From %(lifted_on)s you are no longer suspended, and you have your rights as a member back."),
            N_("Was the voting list of a meeting made before that day? Then you have no vote at that meeting yet."),
        ),
        N_("To the meetings"),
    ),
    "expelled": Words(
        N_("%(coop)s: the board ends your membership"),
        (
            N_("The board decided on %(decided_on)s: %(way)s (%(article)s). Two people put that on file."),
            N_("The reason: %(reason)s"),
            N_("If this stands, your membership ends on %(ends_on)s or later."),
            N_(
                "Do you disagree? You can appeal to the members' meeting until %(until)s: on the page below, or by a"
                " letter to the board."
            ),
            N_(
                "%(meanwhile)s You may come to the meeting that treats your appeal, and speak about it (Civil Code,"
                " book 2, article 38). Until then your heat, your contract and your bills go on."
            ),
        ),
        N_("To the decision and your appeal"),
    ),
    "expulsion-fell": Words(
        N_("%(coop)s: you stay a member"),
        (
            N_("The members' meeting did not confirm that your membership ends. You stay a member."),
            N_("Was the voting list of a meeting made before today? Then you have no vote at that meeting yet."),
        ),
        N_("To the decision"),
    ),
    "entry-dropped": Words(
        N_("%(coop)s: what you entered was left out"),
        (
            N_("You entered this from a paper: %(paper)s. Somebody left it out, so it does not hold."),
            N_("The reason they gave: %(reason)s"),
            N_("Is that not right? Enter it again, and speak about it with the board."),
        ),
        N_("To the decisions"),
    ),
    "entry-about-you-dropped": Words(
        N_("%(coop)s: something about you was entered and left out"),
        (
            N_("Somebody of the board entered something about you: %(paper)s. It was left out before it held."),
            N_("The reason that was given: %(reason)s"),
            N_("Nothing changes for you. Do you have a question about it? Answer this message."),
        ),
        N_("To the decisions"),
    ),
    "reading-changed": Words(
        N_("%(coop)s: a reading of your meter was changed"),
        (
            N_("Meter %(meter)s, its reading of %(at)s: %(what)s."),
            N_("Two people saw to it, and why they did is on record. What was read before is kept too."),
            N_("Is it not right? Look at your meter's page, and answer this message."),
        ),
        N_("To your meter"),
    ),
    "plan-of-month": Words(
        N_("%(coop)s: what comes in %(month)s"),
        (N_("Next month:\n%(plan)s"),),
        N_("To your pages"),
    ),
    **REGISTER_WORDS,
}


def word(
    kind: str, profile: Profile, community: str, name: str, lang: str, values: Mapping[str, object], own: str = ""
) -> Content:
    """Say a message of a kind to somebody of a name; ``own`` is a paragraph of the co-operative's own at its end."""
    words = WORDS[kind]
    spoken = {"coop": profile.site_name, "name": name} | {
        place: _speak(lang, place, value) for place, value in values.items() if value is not None
    }
    paragraphs = [
        gettext(lang, text) % spoken for text in words.paragraphs if set(_PLACE.findall(text)) <= spoken.keys()
    ]
    return Content(
        kind=kind,
        language=lang,
        community=community,
        host=profile.hosts[0] if profile.hosts else "",
        sender=profile.mail_sender,
        sender_name=" ".join(profile.site_name.split()),
        reply_to=profile.email,
        subject=" ".join((gettext(lang, words.subject) % spoken).split()),
        paragraphs=(
            translate(lang, "Dear %(name)s,", name=name),
            *paragraphs,
            *([own] if own else []),
            _sign(lang, profile),
        ),
        link=str(spoken.get("link", "")),
        link_text=gettext(lang, words.link_text) if words.link_text and "link" in spoken else "",
        footer=_name_contact(lang, profile),
    )


def _speak(lang: str, place: str, value: object) -> str:
    if callable(value):
        value = value(lang)
    if place.endswith("_cents") and isinstance(value, int):
        return money(lang, value)
    if isinstance(value, tuple):
        return "\n".join(f"- {speak_value(lang, line)}" for line in value)
    return str(speak_value(lang, value))


def _sign(lang: str, profile: Profile) -> str:
    return translate(lang, "With kind regards,") + f"\n{profile.name or profile.site_name}"


def _name_contact(lang: str, profile: Profile) -> str:
    """Name where a reader can turn to, as far as it is known."""
    if profile.email and profile.phone:
        return translate(
            lang, "Questions? Write to %(email)s or call %(phone)s.", email=profile.email, phone=profile.phone
        )
    return translate(lang, "Questions? Write to %(email)s.", email=profile.email) if profile.email else ""
