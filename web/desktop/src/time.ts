// The server's time on this page, and how times are written.

import { useEffect, useState } from "preact/hooks";

let offset: number | null = null;

// `at`: the server's clock (UTC microseconds) when it wrote a message that has just come. The way here only ever makes it
// look too early, so the latest reading is the best; a small loss each time lets it follow a clock that drifts.
export function heard(at: number): void {
  const reading = at / 1000 - Date.now();
  offset = offset === null || reading < offset - 2000 ? reading : Math.max(offset - 2, reading);
}

// Milliseconds since 1970 by the server's clock.
export function serverNow(): number {
  return Date.now() + (offset ?? 0);
}

const ticking = new Set<() => void>();
let timer = 0;

function tick(): void {
  for (const listener of [...ticking]) listener();
  timer = window.setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
}

// Call `listener` now, and every second as the server's clock turns, until the function that this gives is called. One
// timer serves the whole page.
export function everySecond(listener: () => void): () => void {
  listener();
  ticking.add(listener);
  if (ticking.size === 1) tick();
  return () => {
    ticking.delete(listener);
    if (ticking.size === 0) clearTimeout(timer);
  };
}

// The server's time, renewed every second.
export function useNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => everySecond(() => setNow(serverNow())), []);
  return now;
}

// Seconds as 0:07, 12:40 or 1:02:03.
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, "0");
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

// Seconds for the ear: "42 seconds", "3 minutes".
export function spoken(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} second${whole === 1 ? "" : "s"}`;
  const minutes = Math.round(whole / 60);
  return `${minutes} minute${minutes === 1 ? "" : "s"}`;
}

// What the clock on the wall of a zone shows at a moment (milliseconds), as a field wants it: 2027-01-31T09:00. An empty
// zone is this desk's own.
export function wallAt(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    ...(zone ? { timeZone: zone } : {}),
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

const DAY_MS = 86_400_000;

// The moment (milliseconds) at which the clock there shows that; NaN for what is no time. Of a time that comes twice it is
// the first; one that a change of the clocks leaves out is taken as if they had not been changed yet.
export function momentOf(wall: string, zone: string): number {
  const plain = Date.parse(`${wall}Z`);
  if (Number.isNaN(plain)) return NaN;
  const ahead = (at: number) => Date.parse(`${wallAt(at, zone)}Z`) - Math.floor(at / 60_000) * 60_000;
  const before = plain - ahead(plain - DAY_MS);
  const after = plain - ahead(plain + DAY_MS);
  const shows = [before, after].filter((at) => plain === at + ahead(at));
  return shows.length ? Math.min(...shows) : before;
}

// Whether a change of the clocks there leaves that time out.
export function isSkipped(wall: string, zone: string): boolean {
  const at = momentOf(wall, zone);
  return !Number.isNaN(at) && wallAt(at, zone) !== wall.slice(0, 16);
}

// A moment (milliseconds) by this desk's clock, with its day.
export function when(at: number): string {
  return new Date(at).toLocaleString([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}
