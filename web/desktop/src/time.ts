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

// The server's time, renewed every second. One timer serves the whole page.
export function useNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const listener = () => setNow(serverNow());
    listener();
    ticking.add(listener);
    if (ticking.size === 1) tick();
    return () => {
      ticking.delete(listener);
      if (ticking.size === 0) clearTimeout(timer);
    };
  }, []);
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
