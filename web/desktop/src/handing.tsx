// Handing a call on: keys, mute, transfer, consult, conference.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask } from "./api";
import { Action } from "./parts";
import type { Agent, Contact, Party, Place } from "./types";

const SAYS: Record<string, string> = {
  ringing: "Calling",
  consulting: "Talking to",
  pending: "Waiting for",
  completing: "Handing over to",
  returning: "Coming back from",
  taking: "Going to",
};

export function Handing({ agent, contact, places }: { agent: Agent; contact: Contact; places: Place[] }): JSX.Element {
  const [open, setOpen] = useState<"" | "transfer" | "keys" | "add">("");
  if (contact.transfer) return <UnderWay agent={agent} contact={contact} />;
  if (contact.parties.length > 0) return <Conference agent={agent} contact={contact} places={places} />;
  return (
    <div class="handing">
      <div class="acts flat">
        <Action kind="chip" pressed={contact.muted} test="mute" run={() => ask("mute", { on: !contact.muted })}>
          {contact.muted ? "Unmute" : "Mute"}
        </Action>
        <Toggle name="Keypad" on={open === "keys"} test="keypad" set={(on) => setOpen(on ? "keys" : "")} />
        <Toggle name="Transfer…" on={open === "transfer"} test="transfer-open" set={(on) => setOpen(on ? "transfer" : "")} />
        <Toggle name="Add…" on={open === "add"} test="add-open" set={(on) => setOpen(on ? "add" : "")} />
      </div>
      {open === "keys" && <Keys />}
      {open === "transfer" && <Where places={places} />}
      {open === "add" && <Where places={places} add />}
    </div>
  );
}

function Toggle(props: { name: string; on: boolean; test: string; set: (on: boolean) => void }): JSX.Element {
  return (
    <button type="button" class="button chip" aria-expanded={props.on} data-test={props.test} onClick={() => props.set(!props.on)}>
      {props.name}
    </button>
  );
}

function Keys(): JSX.Element {
  return (
    <div class="keys" role="group" aria-label="Keypad" data-test="keys">
      {[..."123456789*0#"].map((digit) => (
        <Action key={digit} kind="chip" run={() => ask("keys", { digits: digit })}>
          {digit}
        </Action>
      ))}
    </div>
  );
}

// Who is in the talk or called into it; each can be asked out, and whoever is inside can leave.
function Conference({ agent, contact, places }: { agent: Agent; contact: Contact; places: Place[] }): JSX.Element {
  const [adding, setAdding] = useState(false);
  const others = contact.parties.filter((party) => party.agent !== agent.id);
  const inside = contact.parties.filter((party) => party.state === "inside").length > 1;
  return (
    <div class="handing" data-test="conference">
      <p class="soft" role="status">
        {others.map(said).join(", ")}
      </p>
      <div class="acts flat">
        {others.map((party) => (
          <Action key={party.name} kind="chip" test="drop" run={() => ask("drop-party", { party: party.name })}>
            {`Without ${party.name}`}
          </Action>
        ))}
        <Toggle name="Add…" on={adding} test="add-open" set={setAdding} />
        {inside && (
          <Action kind="plain" test="leave" run={() => ask("hangup")}>
            Leave them
          </Action>
        )}
      </div>
      {adding && <Where places={places} add />}
    </div>
  );
}

function said(party: Party): string {
  return party.state === "inside" ? `With ${party.name}` : `Calling ${party.name}`;
}

function Where({ places, add }: { places: Place[]; add?: boolean }): JSX.Element {
  const [chosen, setChosen] = useState("");
  const [number, setNumber] = useState("");
  const [priority, setPriority] = useState("");
  const [kind, id] = chosen.split(":", 2);
  const to = number ? { number } : kind === "queue" ? { queue: id, ...(priority && !add ? { priority: Number(priority) } : {}) } : { to: id };
  const ready = number !== "" || chosen !== "";
  return (
    <div class="where" data-test="where">
      <label>
        To
        <select value={chosen} data-test="transfer-to" onChange={(event) => setChosen(event.currentTarget.value)}>
          <option value="">Choose…</option>
          <Group title="Free colleagues" kind="agent" places={places} />
          <Group title="Queues" kind="queue" places={places} />
        </select>
      </label>
      <label>
        or a number
        <input inputMode="tel" value={number} onInput={(event) => setNumber(event.currentTarget.value.trim())} />
      </label>
      {kind === "queue" && !number && !add && (
        <label>
          with priority (the same, if empty)
          <input type="number" min={0} max={999} step={1} value={priority} data-test="transfer-priority" onInput={(event) => setPriority(event.currentTarget.value)} />
        </label>
      )}
      {add ? (
        <Action kind="primary" test="add" disabled={!ready} run={() => ask("add-party", to)}>
          Call into the talk
        </Action>
      ) : (
        <div class="acts flat">
          <Action kind="plain" test="consult" disabled={!ready} run={() => ask("transfer", { ...to, consult: true })}>
            Ask first
          </Action>
          <Action kind="primary" test="transfer" disabled={!ready} run={() => ask("transfer", to)}>
            Transfer now
          </Action>
        </div>
      )}
    </div>
  );
}

function Group(props: { title: string; kind: Place["kind"]; places: Place[] }): JSX.Element | null {
  const mine = props.places.filter((place) => place.kind === props.kind);
  if (mine.length === 0) return null;
  return (
    <optgroup label={props.title}>
      {mine.map((place) => (
        <option key={place.id} value={`${place.kind}:${place.id}`}>
          {place.title || place.id}
        </option>
      ))}
    </optgroup>
  );
}

function UnderWay({ agent, contact }: { agent: Agent; contact: Contact }): JSX.Element {
  const mine = contact.transfer_by === agent.id;
  const consulted = contact.transfer === "consulting";
  const words = mine ? `${SAYS[contact.transfer]} ${contact.transfer_to}` : `${contact.transfer_by} asks you about this call`;
  return (
    <div class="handing" data-test="handing" data-state={contact.transfer}>
      <p class="soft" role="status">
        {words}
      </p>
      {mine && (
        <div class="acts flat">
          {(consulted || contact.transfer === "ringing") && (
            <Action kind="primary" test="complete" run={() => ask("transfer-complete")}>
              Hand over
            </Action>
          )}
          {consulted && (
            <Action kind="plain" test="confer" run={() => ask("confer")}>
              Conference
            </Action>
          )}
          {contact.transfer !== "returning" && contact.transfer !== "completing" && (
            <Action kind="plain" test="cancel" run={() => ask("transfer-cancel")}>
              Back to the caller
            </Action>
          )}
        </div>
      )}
    </div>
  );
}
