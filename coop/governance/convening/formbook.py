"""The convening form read: fields of an agenda, by the kind of each point, back into a notice; every mistake by its
field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from coop.governance.convening.past import Minutes
from coop.governance.dates import FIRST_DAY, LAST_DAY
from coop.governance.decisions import tariff_form
from coop.governance.kinds import Known, find_kind
from coop.governance.model import WINS, Count, Meeting, Programme, Resolution
from coop.governance.texts import UNPRINTABLE
from coop.values import BadInput, Problem, read_digits, say

VOTES: Final = ("votes_for", "votes_against", "votes_blank", "votes_entitled")
"""Fields of the count of a point, as minutes say it."""

CLASSES: Final = 6
"""Classes of members whose votes a form has room for."""

_TEXTS: Final = ("subject_nl", "subject_en", "explanation_nl", "explanation_en")

Form = Mapping[str, str]


def list_points(form: Form) -> list[tuple[str, str]]:
    """The points of a filled form, in order: the mark that its fields begin with, and its kind."""
    numbered = {read_digits(name.removesuffix(".kind")): kind for name, kind in form.items() if name.endswith(".kind")}
    return [(f"{number}.", numbered[number]) for number in sorted(number for number in numbered if number is not None)]


def edit_form(form: Form, act: str, known: Known) -> dict[str, str] | None:
    """The form after one of its buttons: a point or a component added or left out, a notice taken back; None where the
    button asks for something else."""
    verb, _, mark = act.partition(" ")
    match verb:
        case "add":
            return add_point(form, form.get("add_kind", ""), known)
        case "drop":
            return drop_point(form, mark)
        case "add-component":
            return tariff_form.add_row(form, mark)
        case "drop-component":
            return tariff_form.drop_row(form, mark)
        case "mend":
            return dict(form)
    return None


def name_fields(form: Form) -> list[str]:
    """Every field of an agenda that shows its own mistakes."""
    return [name for name in form if not name.endswith(".kind")]


def add_point(form: Form, kind: str, known: Known) -> dict[str, str]:
    """The form with one point more, filled in as far as its kind tells: a tariff from that in force, a change of the
    statutes from the articles that are on file."""
    mark = f"{max((int(mark[:-1]) for mark, _ in list_points(form)), default=0) + 1}."
    chosen = find_kind(kind)
    filled = chosen.fill(known) if chosen.fill is not None else {}
    return {**form, f"{mark}kind": chosen.name, **{f"{mark}{name}": text for name, text in filled.items()}}


def drop_point(form: Form, mark: str) -> dict[str, str]:
    """The form without one of its points."""
    return {name: value for name, value in form.items() if not name.startswith(mark)}


def add_paper(form: Form, mark: str, paper_id: str) -> dict[str, str]:
    """The form with a document chosen for one of its points."""
    chosen = form.get(f"{mark}papers", "").split()
    return {**form, f"{mark}papers": "\n".join(dict.fromkeys([*chosen, paper_id]))}


def list_papers(form: Form) -> list[list[str]]:
    """The ids of the documents that were chosen for each point, in the order of the agenda."""
    return [form.get(f"{mark}papers", "").split() for mark, _ in list_points(form)]


def read_notice(
    form: Form, programmes: Sequence[Programme], today: date, taken: frozenset[str] = frozenset()
) -> Meeting:
    """The notice that a filled form makes, which goes out today.

    Ids follow from the date of the meeting, so that sending the form again is the same notice; ``taken`` are those of
    meetings that were withdrawn.

    Raises:
        BadInput: with every field that is wrong.
    """
    problems: list[Problem] = []
    held_on = _read_day(form, "held_on", problems)
    meeting = _read_agenda(form, programmes, held_on, today, problems, taken)
    if problems:
        raise BadInput(problems, "bad-agenda")
    return meeting


def name_meeting(held_on: date, taken: frozenset[str]) -> str:
    """Make the id of a meeting from its day; ``taken`` are ids of meetings that were withdrawn.

    >>> name_meeting(date(2026, 6, 12), frozenset({"alv-2026-06-12"}))
    'alv-2026-06-12-again-2'
    """
    meeting_id, again = f"alv-{held_on}", 2
    while meeting_id in taken:
        meeting_id, again = f"alv-{held_on}-again-{again}", again + 1
    return meeting_id


def fill_point(point: Resolution, known: Known) -> dict[str, str]:
    """A form of one point, filled in with what it puts to the vote."""
    kind = find_kind(point.kind)
    plain = {name: str(value) for name, value in point.parameters.items() if isinstance(value, str | int)}
    plain |= {each.name: each.write(point.parameters[each.name]) for each in kind.fields if each.name in plain}
    filled = {**(kind.fill(known) if kind.fill is not None else {}), **plain}
    # English that says the Dutch was left out: who changes one of the two would leave the other as it was.
    said = {"explanation_nl": point.explanation_nl}
    said["explanation_en"] = "" if point.explanation_en == point.explanation_nl else point.explanation_en
    return {"1.kind": point.kind, **{f"1.{name}": text for name, text in {**filled, **said}.items()}}


def read_point(form: Form, programmes: Sequence[Programme]) -> Resolution:
    """The one point that a filled form makes.

    Raises:
        BadInput: with every field that is wrong.
    """
    problems: list[Problem] = []
    meeting = _read_agenda(form, programmes, FIRST_DAY, FIRST_DAY, problems)
    if problems:
        raise BadInput(problems, "bad-agenda")
    return meeting.resolutions[0]


def read_minutes(form: Form, programmes: Sequence[Programme]) -> Minutes:
    """The meeting of the past that a filled form makes, with the count of each point.

    Raises:
        BadInput: with every field that is wrong.
    """
    problems: list[Problem] = []
    held_on, convened_on = (_read_day(form, name, problems) for name in ("held_on", "convened_on"))
    meeting = _read_agenda(form, programmes, held_on, convened_on, problems)
    counts = tuple(
        replace(_read_count(form, mark, problems), classes=_read_classes(form, mark, problems))
        for mark, _ in list_points(form)
    )
    paper = form.get("paper", "").strip()
    if not 0 < len(paper) <= 300:
        problems.append(Problem(say("say on which paper this stands, in at most 300 characters"), "paper"))
    if problems:
        raise BadInput(problems, "bad-agenda")
    return Minutes(meeting, counts, paper)


def _read_classes(form: Form, mark: str, problems: list[Problem]) -> tuple[tuple[str, Count], ...]:
    """Votes of each class of members that a form names and somebody filled in."""
    read = []
    for number in range(CLASSES):
        own = f"{mark}classes.{number}."
        name = form.get(f"{own}name", "").strip()
        if name and any(form.get(f"{own}{votes}", "").strip() for votes in VOTES):
            counted = _read_count(form, own, problems)
            there, every = counted.votes_present, counted.votes_entitled
            read.append((name, replace(counted, members_present=there, members_entitled=every)))
    return tuple(sorted(read, key=lambda each: each[0]))


def _read_count(form: Form, mark: str, problems: list[Problem]) -> Count:
    votes_for, against, blank, entitled = (_read_votes(form, f"{mark}{name}", problems) for name in VOTES)
    return Count(votes_for, against, blank, entitled)


def _read_votes(form: Form, name: str, problems: list[Problem]) -> int:
    number = read_digits(form.get(name, "").strip())
    if number is None:
        problems.append(Problem(say("give a whole number of votes"), name))
    return number or 0


def _read_agenda(
    form: Form,
    programmes: Sequence[Programme],
    held_on: date,
    convened_on: date,
    problems: list[Problem],
    taken: frozenset[str] = frozenset(),
) -> Meeting:
    meeting_id = name_meeting(held_on, taken)
    points: list[Resolution] = []
    for number, (mark, kind) in enumerate(list_points(form), start=1):
        texts = {name: form.get(f"{mark}{name}", "").strip() for name in _TEXTS}
        if not texts["subject_nl"]:
            problems.append(Problem(say("say what is decided"), f"{mark}subject_nl"))
        for name, longest in (("subject_nl", 200), ("subject_en", 200), ("explanation_nl", 20_000)):
            if len(texts[name]) > longest:
                problems.append(Problem(say("is longer than %(most)s characters", most=longest), f"{mark}{name}"))
        texts |= {"subject_en": texts["subject_en"] or texts["subject_nl"]}
        texts |= {"explanation_en": texts["explanation_en"] or texts["explanation_nl"]}
        parameters = _read_parameters(form, mark, kind, programmes, problems)
        subject_nl, subject_en, explanation_nl, explanation_en = (texts[name] for name in _TEXTS)
        said = (subject_nl, subject_en, explanation_nl, explanation_en)
        point = Resolution(f"{meeting_id}-{number}", kind, *said, parameters)
        points = _add_option(points, point, form.get(f"{mark}wins", ""))
    if not points:
        problems.append(Problem(say("a meeting needs something to decide: add a point"), "add"))
    problems += [
        Problem(say("holds a character that no text may hold"), name)
        for name, text in form.items()
        if UNPRINTABLE.search(text)
    ]
    return Meeting(
        meeting_id,
        held_on,
        convened_on,
        form.get("place", "").strip()[:200],
        tuple(points),
        begins_at=form.get("begins_at", "").strip()[:20],
        votes_until=form.get("votes_until", "").strip()[:20],
    )


def _add_option(points: list[Resolution], point: Resolution, wins: str) -> list[Resolution]:
    """The points with one more; where it says which one ``wins`` it is an option beside the point before it."""
    if wins not in WINS or not points:
        return [*points, point]
    before = points[-1]
    option_of = before.option_of or before.resolution_id
    joined = before if before.option_of else replace(before, option_of=option_of, wins=wins)
    return [*points[:-1], joined, replace(point, option_of=option_of, wins=wins)]


def place_problems(form: Form, meeting: Meeting, problems: Sequence[Problem]) -> list[Problem]:
    """Problems that the rules named by resolution and parameter, at the fields of the form."""
    marks = {point.resolution_id: mark for point, (mark, _) in zip(meeting.resolutions, list_points(form), strict=True)}
    placed = []
    for problem in problems:
        resolution_id, _, rest = problem.field.partition(".")
        name = tariff_form.place_field(rest.removeprefix("parameters.").removeprefix("count."))
        place = f"{marks[resolution_id]}{name}" if resolution_id in marks else problem.field
        placed.append(Problem(problem.reason, place, problem.line))
    return placed


def _read_parameters(
    form: Form, mark: str, kind: str, programmes: Sequence[Programme], problems: list[Problem]
) -> dict[str, Any]:
    own = {name.removeprefix(mark): text for name, text in form.items() if name.startswith(mark)}
    parameters, wrong = find_kind(kind).read_form(own, Known(programmes))
    problems += [Problem(problem.reason, f"{mark}{problem.field}") for problem in wrong]
    return parameters


def _read_day(form: Form, name: str, problems: list[Problem]) -> date:
    try:
        day = date.fromisoformat(form.get(name, ""))
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        problems.append(Problem(say("give a day"), name))
    return day
