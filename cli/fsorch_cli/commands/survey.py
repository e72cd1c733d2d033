"""``fsorch survey``: what callers said when they were asked how it was."""

from __future__ import annotations

import click

from fsorch_cli.app import App
from fsorch_cli.console import first_rows, note, print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.live import local_time
from fsorch_cli.options import AS_JSON, limited


@click.group("survey", cls=Group)
def command() -> None:
    """Surveys: what callers said after their talk."""


@command.command("list")
@click.option("--survey", default="", metavar="FLOW", help="Only of this survey, which is a flow.")
@click.option("--agent", default="", help="Only about this agent.")
@limited(200)
@AS_JSON
@click.pass_obj
def list_answers(app: App, survey: str, agent: str, limit: int, as_json: bool) -> None:
    """The answers, the newest first, and the mean of the scores among them."""
    with app.store() as store:
        found = store.customers.survey_answers(survey=survey, agent=agent, limit=limit + 1)
    answers = first_rows(found, limit)
    if as_json:
        print_json(answers)
        return
    rows = [
        (local_time(one.at), one.survey, one.question, one.score or "", one.agent, one.number, one.comment, one.contact)
        for one in answers
    ]
    heads = ("said", "survey", "question", "score>", "agent", "number", "comment", "contact")
    print_table(heads, rows, empty="Nobody has said anything.")
    scores = [one.score for one in answers if one.score]
    if scores:
        note(f"{len(scores)} scores, {sum(scores) / len(scores):.2f} in the mean")
