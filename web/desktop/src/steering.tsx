// What a supervisor does: into a talk, and with who waits.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { steer } from "./api";
import { Action } from "./parts";
import type { Board, Contact } from "./types";

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
export function Steering({ contact, board }: { contact: Contact; board: Board }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const owed = isOwed(contact);
  const act = (choice: string) => {
    const [verb, id] = choice.split(":", 2);
    const of = { contact: contact.id };
    setBusy(true);
    const asked =
      verb === "first"
        ? steer("contact/priority", { ...of, priority: highest(board, contact) + 1 })
        : verb === "now" || verb === "cancel" || verb === "done"
          ? steer(OWED[verb], of)
          : verb === "queue"
          ? steer("contact/move", { ...of, queue: id })
          : steer("contact/give", { ...of, agent: id });
    void asked.finally(() => setBusy(false));
  };
  return (
    <select
      class="steer"
      aria-label={`Steer the call of ${contact.number}`}
      data-test="steer"
      disabled={busy}
      value=""
      onChange={(event) => {
        if (event.currentTarget.value) act(event.currentTarget.value);
        event.currentTarget.value = "";
      }}
    >
      <option value="">Move…</option>
      {!owed && contact.medium !== "voicemail" && <option value="first">To the front</option>}
      {owed && <option value="now">Call back next</option>}
      {owed && <option value="cancel">Cancel the callback</option>}
      {contact.medium === "voicemail" && <option value="done">Done with the message</option>}
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
    </select>
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

function highest(board: Board, contact: Contact): number {
  return Math.min(998, Math.max(...board.contacts.filter((one) => one.queue === contact.queue).map((one) => one.priority)));
}
