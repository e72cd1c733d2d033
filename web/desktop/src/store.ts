// All that the page knows. It comes from the server; a reload loses nothing.

import { useEffect, useState } from "preact/hooks";
import type { Board, Desk, User } from "./types";

export interface Notice {
  id: number;
  text: string;
}

export interface Known {
  // undefined: not asked yet; null: nobody is logged in
  user: User | null | undefined;
  link: "connecting" | "up" | "down";
  // since when the line is down; by this page's clock, in milliseconds
  lostAt: number;
  desk: Desk | null;
  board: Board | null;
  notice: Notice | null;
}

let known: Known = {
  user: undefined,
  link: "connecting",
  lostAt: 0,
  desk: null,
  board: null,
  notice: null,
};
const listeners = new Set<() => void>();

export function get(): Known {
  return known;
}

export function set(change: Partial<Known>): void {
  known = { ...known, ...change };
  for (const listener of [...listeners]) listener();
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// A part of what is known; the component renders again when that part is another.
export function useKnown<Part>(choose: (known: Known) => Part): Part {
  const [part, setPart] = useState(() => choose(known));
  useEffect(() => {
    const look = () => setPart(() => choose(known));
    look();
    return subscribe(look);
  }, []);
  return part;
}

let notices = 0;

export function tell(text: string): void {
  const id = ++notices;
  set({ notice: { id, text } });
  setTimeout(() => {
    if (known.notice?.id === id) set({ notice: null });
  }, 7000);
}
