// The agent's desk: on the left who I am and what I chose, on the right the one thing that matters now.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "./api";
import { CallCard, WrapUp } from "./call";
import { ByHand, Dialling, LeadPanel, NotCalled, Preview } from "./lead";
import { isShortcut, onMac } from "./keys";
import { breaksOf, breakTitle, dialString, initials, isOnItsWay, phoneName, queueTitle, tone, toneLabel, toneSince, wish } from "./names";
import { MyCallbacks } from "./promised";
import { Action, BreakTimes, Icon, Pill, Since, useFocus, WeightWord } from "./parts";
import { get, useKnown } from "./store";
import { announcement } from "./spoken";
import { serverNow } from "./time";
import type { Agent, Desk } from "./types";

export function DeskView(): JSX.Element {
  const desk = useKnown((known) => known.desk);
  useShortcuts();
  if (!desk) return <Empty title="Setting the table…" text="Your desk comes with the first message of the server." />;
  if (!desk.agent)
    return (
      <Empty
        title="No agent goes with your login"
        text="Your login names an agent this centre does not have. A supervisor can mend that in the centre's file."
      />
    );
  return (
    <div class="desk">
      <Rail desk={desk} agent={desk.agent} />
      <main class="stage">
        <Announce agent={desk.agent} />
        <Stage desk={desk} agent={desk.agent} />
      </main>
    </div>
  );
}

function Stage({ desk, agent }: { desk: Desk; agent: Agent }): JSX.Element {
  const lead = agent.lead;
  if (lead && isOnItsWay(agent)) return <Dialling lead={lead} since={agent.state_since} rings={agent.state === "ringing"} />;
  if (agent.contact)
    return (
      <>
        <CallCard agent={agent} contact={agent.contact} places={desk.places} />
        {lead && <LeadPanel lead={lead} />}
      </>
    );
  if (agent.state === "wrap_up")
    return (
      <>
        <WrapUp agent={agent} breaks={desk.breaks} />
        {lead && <LeadPanel lead={lead} over />}
      </>
    );
  if (lead?.phase === "shown") return <Preview key={lead.lead} agent={agent} lead={lead} />;
  // It has been answered, and is about to be theirs.
  if (lead?.phase === "dialling") return <Dialling lead={lead} since={agent.state_since} rings={false} />;
  if (agent.state !== "idle") return <Quiet tone="ringing" title="A call is on its way" since={agent.state_since} />;
  if (agent.status === "logged_out") return <Start agent={agent} />;
  if (agent.status === "break") return <OnBreak desk={desk} agent={agent} />;
  return <Idle desk={desk} agent={agent} />;
}

function Rail({ desk, agent }: { desk: Desk; agent: Agent }): JSX.Element {
  return (
    <aside class="rail" aria-label="You">
      <section class="me">
        <span class={`avatar ${tone(agent)}`} aria-hidden="true">
          {initials(agent.name || agent.id)}
        </span>
        <div>
          <h2>{agent.name || agent.id}</h2>
          <p class="soft small" title={agent.phone}>
            Phone {phoneName(agent.phone)}
          </p>
        </div>
        <p class="now" data-test="state">
          <span aria-live="polite">
            <Pill tone={tone(agent)}>{toneLabel(agent, desk.breaks)}</Pill>
          </span>
          <Since at={toneSince(agent)} />
        </p>
      </section>
      <Hindrance agent={agent} />
      {agent.status !== "logged_out" && <Choices desk={desk} agent={agent} />}
      <ByHand campaigns={desk.by_hand} agent={agent} />
      {agent.status !== "logged_out" && <MyCallbacks agent={agent} />}
      {desk.queues.length > 0 && <MyQueues desk={desk} />}
      <dl class="today" aria-label="Since the start">
        <div>
          <dt>Answered</dt>
          <dd data-test="answered">{agent.answered}</dd>
        </div>
        <div>
          <dt>Missed</dt>
          <dd class={agent.missed ? "warn" : ""}>{agent.missed}</dd>
        </div>
        <BreakTimes agent={agent} />
      </dl>
    </aside>
  );
}

// Why no calls come although the agent is available, or why a rule has overruled the choice.
function Hindrance({ agent }: { agent: Agent }): JSX.Element | null {
  const asks = agent.status === "available" && agent.on_demand && !agent.next_wanted;
  const words = agent.rule
    ? `By rule: ${agent.rule}.`
    : agent.overrun
      ? "The break is longer than it should be."
      : agent.unready
        ? `No calls: ${agent.unready}.`
        : "";
  if (!words && !asks) return null;
  return (
    <div class="wish" role="status" data-test="hindrance">
      <span>{words || "You ask for each call."}</span>
      {asks && (
        <Action kind="quiet" test="next" run={() => ask("next")}>
          Next call
        </Action>
      )}
    </div>
  );
}

// What the agent may choose. In a call the choice is kept for afterwards, and can be taken back until then.
function Choices({ desk, agent }: { desk: Desk; agent: Agent }): JSX.Element {
  const busy = agent.state !== "idle";
  const after = agent.state === "wrap_up" ? "after the wrap-up" : "after this call";
  const reasons = breaksOf(desk.breaks, agent);
  const chosen = (status: string, reason = "") => agent.status === status && agent.reason === reason;
  return (
    <section class="choices" aria-label="Status">
      {agent.asked && (
        <div class="wish" role="status" data-test="wish">
          <span>
            <strong>{wish(agent.asked, desk.breaks)}</strong> {after}
          </span>
          <Action
            kind="quiet"
            label="Take the wish back"
            test="wish-cancel"
            run={() => ask("status", { status: agent.status, reason: agent.reason })}
          >
            Cancel
          </Action>
        </div>
      )}
      <h3>{busy ? `Next, ${after}` : "Status"}</h3>
      {!busy && (
        <Action
          kind="chip"
          pressed={chosen("available") && !agent.on_demand}
          test="available"
          run={() => ask("status", { status: "available", reason: "" })}
        >
          <Icon name="check" /> Available
        </Action>
      )}
      {!busy && (
        <Action
          kind="chip"
          pressed={chosen("available") && agent.on_demand}
          test="on-demand"
          run={() => ask("status", { status: "available", reason: "", on_demand: true })}
        >
          <Icon name="check" /> Available, one call at a time
        </Action>
      )}
      {busy && agent.status === "break" && (
        <Action kind="chip" pressed={agent.asked === "available"} run={() => ask("status", { status: "available", reason: "" })}>
          <Icon name="check" /> Available
        </Action>
      )}
      {reasons.map(({ id, title, weight }) => (
        <Action
          key={id}
          kind="chip"
          test={`break-${id}`}
          pressed={busy ? agent.asked === (id ? `break:${id}` : "break") : chosen("break", id)}
          run={() => ask("status", { status: "break", reason: id })}
        >
          <Icon name="cup" /> {title || id} <WeightWord weight={weight} />
        </Action>
      ))}
      <Action kind="chip" pressed={agent.asked === "logged_out"} test="log-out" run={() => ask("logout")}>
        <Icon name="door" /> Stop taking calls
      </Action>
    </section>
  );
}

function MyQueues({ desk }: { desk: Desk }): JSX.Element {
  return (
    <section class="my-queues" aria-label="Your queues">
      <h3>Your queues</h3>
      <ul>
        {desk.queues.map((queue) => (
          <li key={queue.id}>
            <span>{queue.title || queue.id}</span>
            {queue.waiting ? (
              <span class="waiting">
                {queue.waiting} waiting, <Since at={queue.oldest_enqueued_at} />
              </span>
            ) : (
              <span class="soft">nobody waits</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Start({ agent }: { agent: Agent }): JSX.Element {
  const [phone, setPhone] = useState("");
  const [other, setOther] = useState(false);
  return (
    <section class="quiet out">
      <h1>{greeting()}, {(agent.name || agent.id).split(" ")[0]}</h1>
      <p class="soft">You are not taking calls yet. They will ring at {agent.phone ? `phone ${phoneName(agent.phone)}` : "your phone"}.</p>
      {other && <OtherPhone value={phone} own={agent.phone} set={setPhone} />}
      <div class="row">
        <Action kind="primary" focus test="start" run={() => ask("login", phone.trim() ? { phone: dialString(phone.trim(), agent.phone) } : {})}>
          Start taking calls
        </Action>
        {!other && (
          <Action kind="quiet" test="other" run={async () => setOther(true)}>
            Use another phone
          </Action>
        )}
      </div>
    </section>
  );
}

function OtherPhone({ value, own, set }: { value: string; own: string; set: (phone: string) => void }): JSX.Element {
  const field = useFocus();
  return (
    <label class="phone-field">
      Extension, or a number outside such as +49 30 1234, for this session
      <input
        ref={field}
        value={value}
        data-test="other-phone"
        placeholder={phoneName(own)}
        spellcheck={false}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
}

function OnBreak({ desk, agent }: { desk: Desk; agent: Agent }): JSX.Element {
  return (
    <section class="quiet break">
      <p class="kicker">On break</p>
      <h1>{breakTitle(desk.breaks, agent.reason)}</h1>
      <Since at={agent.status_since} class="big" />
      <p class="soft">No calls reach you until you are back.</p>
      <Action kind="primary" focus test="back" run={() => ask("status", { status: "available", reason: "" })}>
        I am back
      </Action>
    </section>
  );
}

function Idle({ desk, agent }: { desk: Desk; agent: Agent }): JSX.Element {
  const titles = agent.queues.map((id) => queueTitle(desk, id));
  return (
    <section class="quiet idle">
      <p class="kicker">Available</p>
      <h1>{agent.unready ? "No calls for now" : "Ready for the next call"}</h1>
      <Since at={toneSince(agent)} class="big" />
      <NotCalled words={agent.not_called} />
      <p class="soft">
        {titles.length ? `You take calls of ${list(titles)}.` : "You serve no queue: a supervisor can give you one."}
      </p>
    </section>
  );
}

function Quiet({ tone, title, since }: { tone: string; title: string; since: number }): JSX.Element {
  return (
    <section class={`quiet ${tone}`}>
      <h1>{title}</h1>
      <Since at={since} class="big" />
    </section>
  );
}

export function Empty({ title, text }: { title: string; text: string }): JSX.Element {
  return (
    <main class="stage">
      <section class="quiet out">
        <h1>{title}</h1>
        <p class="soft">{text}</p>
      </section>
    </main>
  );
}

// For the ear: an incoming call is said at once, everything else when there is a pause.
function Announce({ agent }: { agent: Agent }): JSX.Element {
  const [words, setWords] = useState("");
  const before = useRef(agent.contact?.id ?? "");
  const shown = agent.lead?.phase === "shown" ? agent.lead.lead : "";
  useEffect(() => {
    setWords(announcement(agent, before.current, serverNow()));
    before.current = agent.contact?.id ?? "";
  }, [agent.state, agent.contact?.id, shown, agent.lead?.placed]);
  return (
    <p class="unseen" role="alert" aria-live="assertive">
      {words}
    </p>
  );
}

function useShortcuts(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!isShortcut(event, onMac)) return;
      const agent = get().desk?.agent;
      if (!agent) return;
      const act = shortcut(agent, event.code);
      if (!act) return;
      event.preventDefault();
      void act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

function shortcut(agent: Agent, code: string): (() => Promise<boolean>) | null {
  const { state } = agent;
  if (code === "KeyX" && agent.lead?.phase === "dialling") return () => ask("hangup");
  if (code === "KeyA" && state === "ringing" && !(isOnItsWay(agent) && agent.lead?.placed)) return () => ask("answer");
  if (code === "KeyX" && (state === "ringing" || state === "talking")) return () => ask("hangup");
  if (code === "KeyH" && state === "talking") return () => ask("hold", { on: !agent.contact?.held });
  if (code === "KeyR" && state === "wrap_up" && agent.wrap_up_may_end) return () => ask("wrapup-end");
  return null;
}

function greeting(): string {
  const hour = new Date().getHours();
  return hour < 5 ? "Good night" : hour < 12 ? "Good morning" : hour < 18 ? "Good afternoon" : "Good evening";
}

function list(words: string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1] ?? ""}`;
}
