"""What the leg of a called party carries: whose call it is, for whoever finds it after a restart, and what the switch
does with it by itself."""

from __future__ import annotations

from math import ceil

from fsorch.campaign_words import Identity
from fsorch.campaigns import Mode
from fsorch.engine.away_notes import NOTE_IT
from fsorch.engine.core import Core
from fsorch.engine.dialling_said import Said
from fsorch.engine.dialling_state import Dial
from fsorch.engine.elsewhere import STAY_HERE
from fsorch.engine.guards import ANSWERED_S, CALLED_S
from fsorch.engine.music import Music
from fsorch.engine.sounds import sound
from fsorch.engine.tones import EARLY_SIT
from fsorch.esl.quoting import Pairs, display, shown_name

__all__ = ["LegMarks"]

# As sofia_cid_name2type of mod_sofia names them.
CID_TYPES = {Identity.ASSERTED: "pid", Identity.REMOTE_PARTY: "rpid", Identity.NONE: "none"}


class LegMarks:
    """Makes the variables of each leg; ``said`` knows what a message is."""

    def __init__(self, core: Core, music: Music, said: Said) -> None:
        self.core = core
        self.music = music
        self.said = said

    def of(self, dial: Dial) -> Pairs:
        """The variables that the called party's leg is given."""
        campaign = dial.campaign
        hears_tones = campaign.amd is not None and campaign.amd.sit
        return (
            # The network's own announcements are no answer, nor is its ringing. To be listened to they must be read.
            ("ignore_early_media", "consume" if hears_tones else "true"),
            *NOTE_IT,
            *(() if dial.follows else STAY_HERE),
            *(EARLY_SIT if hears_tones else ()),
            # 1.10.12, switch_ivr_originate.c: until it rings, is answered or is heard; its end is PROGRESS_TIMEOUT.
            *((("leg_progress_timeout", str(ceil(dial.silent_s))),) if dial.silent_s > 0 else ()),
            ("fsorch_contact", dial.id),
            ("fsorch_role", "customer"),
            ("fsorch_attempt", dial.id),
            ("fsorch_campaign", campaign.id),
            ("fsorch_lead", dial.lead.id),
            ("fsorch_number", dial.number),
            ("fsorch_gateway", dial.gateway),
            ("fsorch_queue", campaign.queue),
            *((("fsorch_flow", campaign.flow_id),) if campaign.mode is Mode.AGENTLESS else ()),
            *self._alone(dial),
            ("presence_data", f"fsorch:{dial.id}:customer"),
            ("origination_caller_id_number", display(dial.caller_id) or "anonymous"),
            *((("origination_caller_id_name", shown_name(dial.caller_name)),) if dial.caller_name else ()),
            *_identity(dial),
        )

    def _alone(self, dial: Dial) -> Pairs:
        """What the switch does by itself some seconds after the answer, unless it hears of us: it says who called, or
        the campaign's own message."""
        if self.core.centre.unserved_s <= 0:
            return ()
        spec = dial.campaign.message or dial.campaign.drop
        words = self.said.words(dial.campaign, spec.prompt, dial.switch, self.said.language(dial))
        said = sound(words, lambda file: self.music.prompt(dial.switch, file.name, file.language), None)
        amd = dial.campaign.amd
        listened = amd is not None and (amd.timing or amd.decide_s > ANSWERED_S / 2)
        seconds = CALLED_S if listened else min(CALLED_S, max(ANSWERED_S, dial.drop_s + ANSWERED_S / 2))
        left = f"sched_transfer +{ceil(seconds)} fsorch_left XML fsorch"
        key = ("fsorch_drop_key", spec.opt_out_key or "-")
        return (("execute_on_answer", left), ("fsorch_drop_sound", said.file or "silence_stream://10"), key)


def _identity(dial: Dial) -> Pairs:
    """Where the INVITE says who calls. Both headers say that the number is ours to show and may be shown (``Privacy:
    none``, ``screen=yes;privacy=off``: mod_sofia.c of 1.10.12, sofia_glue_do_invite); without a number there is nothing
    to say so of."""
    kind = dial.identity if dial.caller_id else Identity.NONE
    return (("sip_cid_type", CID_TYPES[kind]),) if kind is not Identity.PROFILE else ()
