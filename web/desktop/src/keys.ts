// What a key means: by its place on the board where that is what people know, and never what they are writing.

export interface Pressed {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  target: EventTarget | null;
}

// Alt with a letter, by the key's place, so that it is the same on every keyboard. Where the page is on a Mac, such a key
// writes a letter (Option and X is ź in Polish), and in a text it is nothing else.
export function isShortcut(event: Pressed, mac: boolean): boolean {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return false;
  return !(mac && writes(event.target));
}

export const onMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

// Whether somebody writes there.
export function writes(target: EventTarget | null): boolean {
  return /^(INPUT|TEXTAREA|SELECT)$/.test((target as HTMLElement | null)?.tagName ?? "");
}

// Which of these keys is meant by a key without Alt and the like: the one that it writes; where none is, and it writes no
// letter or digit of theirs (Cyrillic, or the upper row of a French keyboard), the one at its place.
export function keyed(event: Pressed, keys: readonly string[]): string {
  if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || writes(event.target)) return "";
  const written = event.key.toLowerCase();
  if (keys.includes(written)) return written;
  if (/^[a-z0-9]$/.test(written) || [...event.key].length !== 1) return "";
  const place = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(event.code);
  const there = (place?.[1] ?? place?.[2] ?? "").toLowerCase();
  return there && keys.includes(there) ? there : "";
}
