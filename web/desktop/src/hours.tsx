// When the centre is open, and the switch that closes it at once.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { change, fetchJson } from "./api";
import { Action, Pill, useFocus } from "./parts";
import type { Calendar } from "./types";

// Somebody else may use the switch as well.
const LOOK_AGAIN_MS = 20_000;
const SPANS: [string, number][] = [
  ["Until somebody opens it", 0],
  ["For 30 minutes", 30],
  ["For an hour", 60],
  ["For two hours", 120],
  ["For eight hours", 480],
];

export function Hours({ may }: { may: boolean }): JSX.Element | null {
  const [calendars, setCalendars] = useState<Calendar[]>([]);
  const look = async () => setCalendars((await fetchJson<Calendar[]>("calendars")) ?? []);
  useEffect(() => {
    void look();
    const again = setInterval(() => void look(), LOOK_AGAIN_MS);
    return () => clearInterval(again);
  }, []);
  if (calendars.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="hours">
      <h2 id="hours">Opening hours</h2>
      <ul class="rows" data-test="calendars">
        {calendars.map((calendar) => (
          <Row key={calendar.id} calendar={calendar} may={may} done={look} />
        ))}
      </ul>
    </section>
  );
}

function Row({ calendar, may, done }: { calendar: Calendar; may: boolean; done: () => Promise<void> }): JSX.Element {
  const [asking, setAsking] = useState(false);
  const closed = isClosed(calendar);
  const path = `calendars/${encodeURIComponent(calendar.id)}/emergency`;
  const open = async () => {
    await change("POST", path, { on: false });
    await done();
  };
  return (
    <li data-test={`calendar-${calendar.id}`}>
      <div class="line">
        <strong>{calendar.id}</strong>
        {closed ? <Pill tone="waiting">Closed now</Pill> : <Pill tone="out">By its hours</Pill>}
        <span class="soft small grow">{closed ? because(calendar) : calendar.zone}</span>
        {may && closed && (
          <Action kind="chip" test="emergency-off" run={open}>
            Open again
          </Action>
        )}
        {may && !closed && (
          <button
            type="button"
            class="button chip"
            aria-expanded={asking}
            data-test="emergency-ask"
            onClick={() => setAsking(!asking)}
          >
            Close now…
          </button>
        )}
      </div>
      {asking && !closed && (
        <Closing
          path={path}
          done={async () => {
            setAsking(false);
            await done();
          }}
        />
      )}
    </li>
  );
}

function Closing({ path, done }: { path: string; done: () => Promise<void> }): JSX.Element {
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState(0);
  const field = useFocus();
  const close = async () => {
    const until = minutes ? new Date(Date.now() + minutes * 60_000).toISOString() : null;
    if (await change("POST", path, { on: true, reason, until })) await done();
  };
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void close();
      }}
    >
      <label>
        Why
        <input ref={field} maxLength={200} value={reason} data-test="emergency-reason" onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      <label>
        How long
        <select value={String(minutes)} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
          {SPANS.map(([title, span]) => (
            <option key={span} value={String(span)}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <Action kind="danger" test="emergency-on" run={close}>
        Close now
      </Action>
    </form>
  );
}

function isClosed(calendar: Calendar): boolean {
  const until = calendar.emergency_until ? Date.parse(calendar.emergency_until) : Infinity;
  return Boolean(calendar.emergency) && Date.now() < until;
}

function because(calendar: Calendar): string {
  if (!calendar.emergency_until) return calendar.emergency ?? "";
  const until = new Date(calendar.emergency_until);
  const today = until.toDateString() === new Date().toDateString();
  const at = until.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" });
  return `${calendar.emergency ?? ""}, until ${at}`;
}
