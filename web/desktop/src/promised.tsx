// The calls that the agent has promised to make alone: callers who wait for one, and leads: when, to whom, what about.
// Those to leads they may move and take back.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { change, peek } from "./api";
import { CallbackTime, inHours, useCallbackTime } from "./callback_time";
import { phone } from "./names";
import { Action } from "./parts";
import { useNow, wallAt, when } from "./time";
import type { Agent, OwedCaller, Promised } from "./types";

const AGAIN_MS = 60_000;
// What has been promised in a call is in the records a moment after it is over.
const WRITTEN_MS = 3_000;
const MOST = 5;
// As many as the server gives at once.
const PAGE = 500;

export function MyCallbacks({ agent }: { agent: Agent }): JSX.Element | null {
  const [calls, setCalls] = useState<Promised[]>([]);
  const [callers, setCallers] = useState<OwedCaller[]>([]);
  const [whole, setWhole] = useState(false);
  // How often one was changed here: then they are looked for anew.
  const [changed, setChanged] = useState(0);
  const now = useNow();
  // Anew when a call is over: another may have been promised in it.
  useEffect(() => {
    let gone = false;
    const look = async () => {
      const found = await peek<Promised[]>("my-callbacks");
      if (!gone && found) setCalls(found);
    };
    void look();
    const written = setTimeout(() => void look(), WRITTEN_MS);
    const again = setInterval(() => void look(), AGAIN_MS);
    return () => {
      gone = true;
      clearTimeout(written);
      clearInterval(again);
    };
  }, [agent.state === "idle", changed]);
  useEffect(() => {
    let gone = false;
    const look = async () => {
      const found = agent.calls_owed ? await peek<OwedCaller[]>("my-callers") : [];
      if (!gone && found) setCallers(found);
    };
    void look();
    return () => {
      gone = true;
    };
  }, [agent.calls_owed, agent.status, agent.state === "idle"]);
  if (calls.length === 0 && callers.length === 0) return null;
  const due = calls.filter((one) => one.at / 1000 <= now).length;
  return (
    <section class="promised" aria-label="Your callbacks" data-test="my-callbacks">
      <h3>Your callbacks</h3>
      <p class={due ? "fault" : "soft small"} role="status" data-test="callbacks-due">
        {due ? `${due} due${agent.status === "available" ? "" : ": be available, and they come"}.` : ""}
      </p>
      <ul>
        {callers.map((one) => (
          <li key={one.contact} class="due" data-test="caller-owed">
            <strong class="nowrap">{agent.status === "available" ? "When you are free" : "When you are available"}</strong>{" "}
            <span dir="auto">{one.name || phone(one.number)}</span>
            <span class="soft small two-lines">
              {one.queue}, waiting since {shown(one.since / 1000, now)}
            </span>
          </li>
        ))}
        {calls.slice(0, whole ? calls.length : MOST).map((one) => (
          <Call key={one.lead} call={one} now={now} changed={() => setChanged((before) => before + 1)} />
        ))}
      </ul>
      {calls.length > MOST && (
        <button type="button" class="button quiet" aria-expanded={whole} data-test="callbacks-all" onClick={() => setWhole(!whole)}>
          {whole ? "Fewer" : calls.length === PAGE ? `All, ${PAGE} or more` : `All ${calls.length}`}
        </button>
      )}
    </section>
  );
}

function Call({ call, now, changed }: { call: Promised; now: number; changed: () => void }): JSX.Element {
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    toggle.current?.focus();
  };
  return (
    <li class={call.at / 1000 <= now ? "due" : ""}>
      <div class="between">
        <span>
          <strong class="nowrap">{shown(call.at / 1000, now)}</strong> <span dir="auto">{call.name || phone(call.number)}</span>
        </span>
        <button
          ref={toggle}
          type="button"
          class="button chip"
          aria-expanded={open}
          aria-label={`Change the callback to ${call.name || phone(call.number)}`}
          data-test={`change-callback-${call.lead}`}
          onClick={() => setOpen(!open)}
        >
          Change
        </button>
      </div>
      {call.note && (
        <span class="soft small two-lines" dir="auto" title={call.note}>
          {call.note}
        </span>
      )}
      {open && <Change call={call} close={close} changed={changed} />}
    </li>
  );
}

// Another time, or no promise any more: then anybody may call, or nobody does.
function Change({ call, close, changed }: { call: Promised; close: () => void; changed: () => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  // How far ahead it may be the server knows.
  const time = useCallbackTime(() => Math.max(call.at / 1000, inHours(1)), call.zone, 0);
  const path = `my-callbacks/${call.lead}`;
  const send = async (verb: "move" | "cancel", body: object): Promise<void> => {
    if (!(await change("POST", `${path}/${verb}`, body))) return;
    close();
    changed();
  };
  const move = async (): Promise<void> => {
    if (time.fault) return form.current?.querySelector("input")?.focus();
    await send("move", { at: new Date(time.moment).toISOString() });
  };
  return (
    <form
      ref={form}
      class="more"
      aria-label="Another time"
      noValidate
      data-test="change-callback"
      onKeyDown={(event) => event.key === "Escape" && close()}
      onSubmit={(event) => {
        event.preventDefault();
        void move();
      }}
    >
      <CallbackTime chosen={time} zone={call.zone} days={0} hours={`${path}/hours`} />
      <div class="acts flat">
        <button type="submit" class="button primary" data-test="callback-move">
          Call then
        </button>
        <Action kind="chip" test="callback-anyone" run={() => send("cancel", {})}>
          Not promised: anyone may call
        </Action>
        <Action kind="chip" test="callback-done" run={() => send("cancel", { done: true })}>
          Done: nobody calls
        </Action>
      </div>
    </form>
  );
}

// By the agent's clock: the time, and the day unless it is today.
function shown(at: number, now: number): string {
  const day = (moment: number) => wallAt(moment, "").split("T")[0];
  return day(at) === day(now) ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : when(at);
}
