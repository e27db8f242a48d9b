"""Words about runs that are being made, were stopped or were refused, and about the time that is left."""

from __future__ import annotations

from coop.billing.bills.paper_store import PapersSoFar
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.runs.works import Standing
from coop.values import Period
from coop.web.language import N_, translate, translate_counted
from coop.web.writing import period, speak

STATUSES = {
    "running": (N_("Being made"), "busy"),
    "stopped": (N_("Stopped"), "warn"),
    "refused": (N_("Refused"), "bad"),
}
"""What each status of a work is called, and its tone."""

MINUTE_S = 60


def name_work(lang: str, standing: Standing) -> str:
    """Name what a work makes."""
    work = standing.work
    if work.asked == "release":
        return translate(lang, "A held run that was released")
    return translate(lang, "Corrections") if work.name == CORRECTIONS else period(lang, Period.parse(work.name))


def time_left(lang: str, seconds: int | None) -> str:
    """About how long it still takes, in minutes where it is more than one."""
    if seconds is None:
        return translate(lang, "It is too early to say how long it still takes.")
    if seconds <= MINUTE_S:
        return translate_counted(lang, "About %(num)s second to go.", "About %(num)s seconds to go.", max(seconds, 1))
    return translate_counted(
        lang, "About %(num)s minute to go.", "About %(num)s minutes to go.", -(-seconds // MINUTE_S)
    )


def explain_stop(lang: str, standing: Standing) -> str:
    """Say of a run that stopped or was refused what became of it."""
    if standing.status == "refused":
        return translate(lang, "The run was refused: %(reason)s", reason=speak(lang, standing.work.refusal))
    reached = standing.progress
    if reached is None:
        so_far = ""
    elif reached.stage == "priced":
        so_far = translate(lang, "%(done)s of %(total)s contracts were priced.", done=reached.done, total=reached.total)
    else:
        so_far = translate(lang, "%(done)s of %(total)s bills were written.", done=reached.done, total=reached.total)
    text = translate(
        lang,
        "The program was stopped while it made these bills. None of them is issued. It makes them again by itself"
        " within five minutes of its return, or at once when you press the button.",
    )
    return f"{text} {so_far}".strip()


def papers_left(lang: str, papers: PapersSoFar) -> str:
    """Say how long putting the papers away still takes."""
    if papers.seconds_left is None:
        return translate(lang, "Papers are put away every five minutes, once the register said whom each bill is for.")
    return time_left(lang, papers.seconds_left)
