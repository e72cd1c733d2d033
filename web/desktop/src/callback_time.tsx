// When a call is promised: by the customer's own clock where it is known, within the hours in which they may be called.

import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { peek } from "./api";
import { isSkipped, momentOf, serverNow, wallAt, when } from "./time";
import type { PromiseHours } from "./types";

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const PAUSE_MS = 300;

// What is chosen: `moment` in milliseconds, and what speaks against it.
export interface Chosen {
  at: string;
  setAt: (at: string) => void;
  moment: number;
  fault: string;
}

// `first`: the moment (milliseconds) that is chosen at first; `days`: how far ahead it may be, 0 where only the server knows.
export function useCallbackTime(first: () => number, zone: string, days: number): Chosen {
  const [at, setAt] = useState(() => wallAt(first(), zone));
  const moment = momentOf(at, zone);
  const skipped = isSkipped(at, zone) ? "The clocks are put forward then: there is no such time." : "";
  return { at, setAt, moment, fault: unfit(moment, days) || skipped };
}

// In so many hours, at the next quarter.
export function inHours(hours: number): number {
  return Math.ceil((serverNow() + hours * 3_600_000) / QUARTER_MS) * QUARTER_MS;
}

// `hours`: where the server tells when they may be called.
export function CallbackTime(props: { chosen: Chosen; zone: string; days: number; hours: string }): JSX.Element {
  const { zone, days } = props;
  const { at, setAt, moment, fault } = props.chosen;
  const says = useId();
  const hours = usePromiseHours(moment, props.hours);
  // Their first hour that is permitted, where the one that is chosen is not.
  const better = hours !== null && hours.first / 1000 !== moment ? hours.first / 1000 : NaN;
  return (
    <>
      <label>
        {zone ? `When, by their clock (${city(zone)})` : "When, by your clock: theirs is not known"}
        <input
          type="datetime-local"
          value={at}
          min={wallAt(serverNow(), zone)}
          {...(days ? { max: wallAt(serverNow() + days * DAY_MS, zone) } : {})}
          aria-invalid={fault !== ""}
          aria-describedby={says}
          data-test="callback-at"
          onInput={(event) => setAt(event.currentTarget.value)}
        />
      </label>
      <p id={says} class={fault ? "fault" : "soft small"} role="status" data-test="callback-here">
        {fault || `${when(moment)} here`}
      </p>
      <p class="hours" role="status" data-test="callback-hours">
        {!fault && !Number.isNaN(better) && outside(better, zone)}
        {!fault && better > 0 && (
          <button type="button" class="button chip" data-test="callback-first" onClick={() => setAt(wallAt(better, zone))}>
            Take that
          </button>
        )}
      </p>
      <div class="acts flat">
        {([["In 1 hour", 1], ["In 4 hours", 4], ["Tomorrow", 24]] as const).map(([name, ahead]) => (
          <button key={name} type="button" class="button chip" onClick={() => setAt(wallAt(inHours(ahead), zone))}>
            {name}
          </button>
        ))}
      </div>
    </>
  );
}

// What the law says of a moment (milliseconds) that is about to be promised; null where it says nothing, or nobody knows.
function usePromiseHours(moment: number, path: string): PromiseHours | null {
  const [known, setKnown] = useState<PromiseHours | null>(null);
  const sound = moment > serverNow();
  useEffect(() => {
    if (!sound) return;
    let gone = false;
    const look = async () => {
      const found = await peek<PromiseHours>(`${path}?at=${moment * 1000}`);
      if (!gone) setKnown(found);
    };
    const wait = setTimeout(() => void look(), PAUSE_MS);
    return () => {
      gone = true;
      clearTimeout(wait);
    };
  }, [sound, moment, path]);
  return known?.at === moment * 1000 ? known : null;
}

function outside(better: number, zone: string): string {
  if (!better) return "Nobody may be called there at that time. ";
  const day = new Date(better).toLocaleString([], {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...(zone ? { timeZone: zone } : {}),
  });
  return `Outside of the hours in which they may be called: it would be ${day} ${zone ? "there" : "here"}. `;
}

// What speaks against a callback at this moment (milliseconds).
function unfit(at: number, days: number): string {
  if (Number.isNaN(at)) return "Choose a day and a time.";
  if (at <= serverNow()) return "That time is over.";
  return days && at > serverNow() + days * DAY_MS ? `At most ${days} days ahead.` : "";
}

// "America/New_York" as people say it.
function city(zone: string): string {
  return (zone.split("/").pop() ?? zone).replaceAll("_", " ");
}
