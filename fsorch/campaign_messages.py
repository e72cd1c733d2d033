"""What a campaign without agents says by itself: a message and the keys after it, as the flow that it is.

Whoever answers a call is in a flow then, like every caller: its steps are recorded, it is found again after a restart,
and ends in a queue by the same way. The id of such a flow is none that a centre could give one.
"""

from __future__ import annotations

from fsorch.campaigns import CampaignSpec, MessageSpec
from fsorch.flow_nodes import Hangup, Menu, Node, OptOut, QueueNode, Say
from fsorch.flows import FlowSpec
from fsorch.prompts import PromptSpec

__all__ = ["message_flow"]

# So long we wait for a key after the last word.
KEY_S = 4.0


def message_flow(spec: CampaignSpec, prompt: str | PromptSpec | None, language: str) -> FlowSpec | None:
    """The flow of a campaign that has a message; None: it has none. ``prompt`` is what the centre has under its name,
    in whose languages it is spoken, after the centre's own ``language``: who speaks another hears that one."""
    message = spec.message
    if message is None:
        return None
    texts = tuple(prompt.text) if isinstance(prompt, PromptSpec) else ()
    # The first is spoken to all who speak none of them.
    languages = tuple(dict.fromkeys((language, *texts) if language in texts or not texts else texts))
    return FlowSpec(
        id=spec.flow_id,
        title=spec.title or spec.id,
        tenant=spec.tenant,
        languages=languages,
        start="message",
        person=spec.queue,
        again_s=0.0,
        nodes=_nodes(spec, message),
    )


def _nodes(spec: CampaignSpec, message: MessageSpec) -> dict[str, Node]:
    bye = Hangup(prompt=message.bye, reason="told")
    options, nodes = {}, dict[str, Node]()
    if spec.queue and message.person_key:
        options[message.person_key] = "wanted"
        nodes["wanted"] = QueueNode(queue=spec.queue)
    if message.opt_out_key:
        options[message.opt_out_key] = "out"
        nodes |= {"out": OptOut(next="gone"), "gone": Hangup(prompt="not_called_again", reason="opted out")}
    if not options:
        return {"message": Say(prompt=message.prompt, next="bye"), "bye": bye}
    asks = Menu(
        prompt=message.prompt,
        options=options,
        timeout_s=KEY_S,
        tries=message.tries,
        no_key="bye",
        wrong_key="bye",
    )
    return {"message": asks, **nodes, "bye": bye}
