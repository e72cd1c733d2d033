// The calls that the agent has promised to make alone: callers who wait for one, and leads: when, to whom, what about.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { peek } from "./api";
import { phone } from "./names";
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
  }, [agent.state === "idle"]);
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
          <li key={one.lead} class={one.at / 1000 <= now ? "due" : ""}>
            <strong class="nowrap">{shown(one.at / 1000, now)}</strong>{" "}
            <span dir="auto">{one.name || phone(one.number)}</span>
            {one.note && (
              <span class="soft small two-lines" dir="auto" title={one.note}>
                {one.note}
              </span>
            )}
          </li>
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

// By the agent's clock: the time, and the day unless it is today.
function shown(at: number, now: number): string {
  const day = (moment: number) => wallAt(moment, "").split("T")[0];
  return day(at) === day(now) ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : when(at);
}
