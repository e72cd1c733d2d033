// What a supervisor does: into a talk, and with who waits.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { steer } from "./api";
import { Action } from "./parts";
import { get, useKnown } from "./store";
import type { Contact } from "./types";

export function Joining({ agent }: { agent: string }): JSX.Element {
  return (
    <>
      {(["listen", "whisper", "barge"] as const).map((mode) => (
        <Action key={mode} kind="chip" test={mode} run={() => steer("talk/listen", { agent, mode })}>
          {{ listen: "Listen", whisper: "Whisper", barge: "Join in" }[mode]}
        </Action>
      ))}
      <Action kind="chip" test="listen-stop" run={() => steer("talk/listen-stop", { agent })}>
        Stop listening
      </Action>
      <Action kind="chip" test="take-over" run={() => steer("talk/take-over", { agent })}>
        Take over
      </Action>
    </>
  );
}

// One quiet list for each waiting contact: first, another queue, a free agent.
export function Steering({ contact }: { contact: Contact }): JSX.Element {
  const [busy, setBusy] = useState(false);
  // Of a hundred who wait each would have a hundred agents to choose from: they are listed where somebody is about to.
  const [near, setNear] = useState(false);
  const come = () => setNear(true);
  // Keys walk through the choices, and each step is a change: who works by keys says when they are there.
  const byKeys = useRef(false);
  const [chosen, setChosen] = useState("");
  const owed = isOwed(contact);
  const act = (choice: string) => {
    setChosen("");
    const [verb, id] = choice.split(":", 2);
    const of = { contact: contact.id };
    setBusy(true);
    const asked =
      verb === "first"
        ? steer("contact/priority", { ...of, priority: highest(contact) + 1 })
        : verb === "now" || verb === "cancel" || verb === "done"
          ? steer(OWED[verb], of)
          : verb === "queue"
          ? steer("contact/move", { ...of, queue: id })
          : steer("contact/give", { ...of, agent: id });
    void asked.finally(() => setBusy(false));
  };
  return (
    <>
      <select
        class="steer"
        aria-label={`Steer the call of ${contact.number}`}
        data-test="steer"
        disabled={busy}
        value={chosen}
        onPointerEnter={come}
        onPointerDown={() => {
          byKeys.current = false;
          come();
        }}
        onFocus={come}
        onKeyDown={(event) => {
          byKeys.current = true;
          if (event.key === "Escape") setChosen("");
          if (event.key !== "Enter" || !chosen) return;
          event.preventDefault();
          act(chosen);
        }}
        onChange={(event) => {
          const { value } = event.currentTarget;
          if (byKeys.current || !value) return setChosen(value);
          act(value);
          event.currentTarget.value = "";
        }}
      >
        <option value="">Move…</option>
        {!owed && contact.medium !== "voicemail" && <option value="first">To the front</option>}
        {owed && <option value="now">Call back next</option>}
        {owed && <option value="cancel">Cancel the callback</option>}
        {contact.medium === "voicemail" && <option value="done">Done with the message</option>}
        {near && <Ways contact={contact} />}
      </select>
      {chosen && (
        <button type="button" class="button chip" data-test="steer-do" onClick={() => act(chosen)}>
          Do it
        </button>
      )}
    </>
  );
}

function Ways({ contact }: { contact: Contact }): JSX.Element | null {
  const board = useKnown((known) => known.board);
  if (!board) return null;
  return (
    <>
      <optgroup label="Queue">
        {board.queues
          .filter((queue) => queue.id !== contact.queue)
          .map((queue) => (
            <option key={queue.id} value={`queue:${queue.id}`}>
              {queue.title || queue.id}
            </option>
          ))}
      </optgroup>
      <optgroup label="Agent">
        {board.agents
          .filter((agent) => agent.status === "available")
          .slice(0, 100)
          .map((agent) => (
            <option key={agent.id} value={`agent:${agent.id}`}>
              {agent.name || agent.id}
            </option>
          ))}
      </optgroup>
    </>
  );
}

// Whether somebody is to be called back.
export function isOwed(contact: Contact): boolean {
  return ["waiting", "calling", "resting"].includes(contact.callback);
}

const OWED = {
  now: "contact/callback-now",
  cancel: "contact/callback-cancel",
  done: "contact/message-done",
} as const;

function highest(contact: Contact): number {
  return Math.min(998, Math.max(0, ...(get().board?.contacts ?? []).filter((one) => one.queue === contact.queue).map((one) => one.priority)));
}
