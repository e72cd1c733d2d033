// Small parts used all over the page.

import { Component, h, type ComponentChildren, type FunctionComponent, type JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clock, everySecond, serverNow, useNow } from "./time";
import { onBreaks, WEIGHTS, type Tone } from "./names";
import type { Agent, Weight } from "./types";

// Time since a moment (UTC microseconds), counting up by the server's clock.
// A board has hundreds of them: each second only their digits are written, and nothing is rendered.
export function Since({ at, class: name = "" }: { at: number; class?: string }): JSX.Element {
  const digits = useRef<HTMLSpanElement>(null);
  const text = () => (at ? clock(serverNow() / 1000 - at / 1e6) : "–");
  useEffect(
    () =>
      everySecond(() => {
        const shown = digits.current?.firstChild;
        const now = text();
        // The node stays the one that Preact knows.
        if (shown && shown.nodeValue !== now) shown.nodeValue = now;
      }),
    [at],
  );
  return (
    <span ref={digits} class={`clock ${name}`} role="timer" aria-live="off">
      {text()}
    </span>
  );
}

// A part that is rendered again only when one of its properties is another.
export function still<Props extends object>(part: (props: Props) => JSX.Element): (props: Props & { key?: string }) => JSX.Element {
  class Still extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const before = this.props as Record<string, unknown>;
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }
    override render(): JSX.Element {
      return h(part as unknown as FunctionComponent<object>, this.props);
    }
  }
  return Still as unknown as (props: Props & { key?: string }) => JSX.Element;
}

// What a break counts as, where that says something.
export function WeightWord({ weight }: { weight: Weight }): JSX.Element | null {
  return weight === "neutral" ? null : <span class={`weight ${weight}`}>{weight}</span>;
}

// How long an agent was on breaks, by their weight; the present one counts up.
export function BreakTimes({ agent }: { agent: Agent }): JSX.Element | null {
  const now = useNow();
  const spent = WEIGHTS.map((weight) => [weight, onBreaks(agent, weight, now)] as const).filter(([, us]) => us > 0);
  if (!spent.length) return null;
  return (
    <>
      {spent.map(([weight, us]) => (
        <div key={weight} data-test={`breaks-${weight}`}>
          <dt>{weight === "neutral" ? "Breaks" : `Breaks, ${weight}`}</dt>
          <dd>{clock(us / 1e6)}</dd>
        </div>
      ))}
    </>
  );
}

// For a field that somebody has just asked for: it has the focus from the beginning.
export function useFocus(): { current: HTMLInputElement | null } {
  const field = useRef<HTMLInputElement>(null);
  // Before the page is painted: words typed right after the click that opened the field must not be lost.
  useLayoutEffect(() => field.current?.focus(), []);
  return field;
}

// A button that asks the server for something: it rests until there is an answer.
export function Action(props: {
  children: ComponentChildren;
  run: () => Promise<unknown>;
  kind?: "plain" | "primary" | "good" | "danger" | "quiet" | "chip";
  disabled?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  keys?: string;
  label?: string;
  focus?: boolean;
  test?: string;
}): JSX.Element {
  const [busy, setBusy] = useState(false);
  const alive = useRef(true);
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    // Only where nobody is writing: a call must not take the words out of an agent's hands.
    if (props.focus && document.activeElement === document.body) button.current?.focus();
    return () => {
      alive.current = false;
    };
  }, []);
  const act = () => {
    if (busy) return;
    setBusy(true);
    void props.run().finally(() => {
      if (alive.current) setBusy(false);
    });
  };
  return (
    <button
      ref={button}
      type="button"
      class={`button ${props.kind ?? "plain"}`}
      disabled={props.disabled ?? false}
      aria-busy={busy}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-keyshortcuts={props.keys}
      aria-label={props.label}
      data-test={props.test}
      onClick={act}
    >
      {props.children}
      {props.keys && <kbd aria-hidden="true">{props.keys.replace("+", " ")}</kbd>}
    </button>
  );
}

// A word with the colour of a state. The word says it, the colour helps.
export function Pill({ tone, children }: { tone: Tone; children: ComponentChildren }): JSX.Element {
  return (
    <span class={`pill ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

const PATHS = {
  phone:
    "M6.6 3.500c.6 0 1 .3 1.200.9l1 2.700c.2.5 0 1-.3 1.400L7.300 9.700a11 11 0 0 0 7 7l1.200-1.200c.4-.4.9-.5 1.400-.3l2.700 1c.6.2.9.6.9 1.200v2.100c0 .8-.7 1.500-1.500 1.400C10.600 20.300 3.700 13.400 3.100 5c0-.8.600-1.500 1.400-1.500z",
  hangup:
    "M12 9.500c3.700 0 6.900 1.200 9 3.300.5.500.6 1.200.2 1.800l-1.300 1.700c-.3.4-.9.600-1.400.3l-2.700-1.300c-.5-.2-.7-.7-.7-1.200v-1.300a10.500 10.500 0 0 0-6.200 0v1.300c0 .5-.2 1-.7 1.200l-2.700 1.300c-.5.3-1.100.1-1.400-.3l-1.300-1.700c-.4-.6-.3-1.300.2-1.800 2.100-2.100 5.300-3.300 9-3.300z",
  hold: "M8.500 5v14M15.500 5v14",
  resume: "M8 5.500v13l10.500-6.500z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  ear: "M7 9a5 5 0 1 1 10 0c0 4-4 4-4 8a3 3 0 0 1-5 2M10 9a2 2 0 1 1 4 0c0 2-2 2-2 4",
  cup: "M5 8h12v6a5 5 0 0 1-5 5h-2a5 5 0 0 1-5-5zM17 9.500h1.500a2.500 2.500 0 0 1 0 5H17M8 5V3.500M11 5V3.500M14 5V3.500",
  door: "M14 4H6v16h8M11 12h9.500M17.500 8.500L21 12l-3.500 3.500",
  close: "M6 6l12 12M18 6L6 18",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  const filled = name === "phone" || name === "hangup" || name === "resume";
  return (
    <svg class={`icon ${filled ? "filled" : ""}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

// fsorch's mark: two lines that cross and find each other.
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 10h6c4 0 4 12 8 12h2M8 22h6c1.200 0 2-1 2.700-2.400M18.500 12.300C19.300 10.900 20.300 10 22 10h2" />
    </svg>
  );
}
