// The call in front of the agent, from the first ring to the end of the wrap-up.

import type { JSX } from "preact";
import { ask, sentence } from "./api";
import { callerName, isLong, phone, wish } from "./names";
import { Action, Icon, Since } from "./parts";
import { clock, useNow } from "./time";
import { Handing } from "./handing";
import type { Agent, Break, Contact, Listener, Place } from "./types";

export function CallCard({ agent, contact, places }: { agent: Agent; contact: Contact; places: Place[] }): JSX.Element {
  const phase = agent.state === "talking" ? (contact.held ? "held" : "talking") : "ringing";
  const name = callerName(contact);
  return (
    <article class={`call ${phase}`} aria-label="Call" data-test="call" data-phase={phase}>
      <header>
        <p class="kicker">{kicker(contact, phase)}</p>
        <Since at={phase === "ringing" ? contact.offered_at || agent.state_since : contact.answered_at || agent.state_since} class="phase-clock" />
      </header>
      <div class="caller">
        <h1 dir="auto" class={isLong(name) ? "long" : ""} data-test="caller">
          {name || phone(contact.number)}
        </h1>
        {name && (
          <p class="number" data-test="number">
            {phone(contact.number)}
          </p>
        )}
      </div>
      <Listeners listeners={agent.listeners} />
      <Facts contact={contact} phase={phase} />
      {contact.direction !== "outbound" && <Answers contact={contact} />}
      {contact.why && (
        <p class="why" data-test="why">
          <span>Why you</span> {sentence(contact.why)}
        </p>
      )}
      {isMessage(contact) && phase === "talking" && (
        <div class="message">
          <audio controls src={`/api/messages/${contact.id}`} data-test="message" aria-label="The message" />
        </div>
      )}
      {phase !== "ringing" && !isMessage(contact) && <Handing agent={agent} contact={contact} places={places} />}
      <footer>{phase === "ringing" ? <Ringing agent={agent} /> : isMessage(contact) ? <Listening /> : <Talking contact={contact} />}</footer>
    </article>
  );
}

const HEARS = { listen: "listens", whisper: "whispers to you", barge: "talks with you both" };

// A supervisor in the talk is never hidden from the agent.
function Listeners({ listeners }: { listeners: Listener[] }): JSX.Element {
  const words = listeners.map(({ name, mode }) => `${name} ${HEARS[mode]}`).join(", ");
  return (
    <p class={`listeners ${words ? "on" : ""}`} role="status" data-test="listeners">
      {words && (
        <>
          <Icon name="ear" /> {words}
        </>
      )}
    </p>
  );
}

function Ringing({ agent }: { agent: Agent }): JSX.Element {
  return (
    <>
      <Action key={agent.state} kind="good" keys="Alt+A" focus test="answer" disabled={agent.state !== "ringing"} run={() => ask("answer")}>
        <Icon name="phone" /> Answer
      </Action>
      <Action kind="plain" keys="Alt+X" test="hangup" run={() => ask("hangup")}>
        <Icon name="hangup" /> Refuse
      </Action>
    </>
  );
}

function isMessage(contact: Contact): boolean {
  return contact.medium === "voicemail";
}

function kicker(contact: Contact, phase: "ringing" | "talking" | "held"): string {
  if (isMessage(contact)) return phase === "ringing" ? "A message" : "The message";
  if (contact.direction === "outbound") return { ringing: "A lead has answered", talking: "On the line", held: "On hold" }[phase];
  if (contact.callback && phase === "ringing") return "Callback";
  return { ringing: "Incoming call", talking: "On the line", held: "On hold" }[phase];
}

function Listening(): JSX.Element {
  return (
    <>
      <Action kind="primary" keys="Alt+X" test="hangup" run={() => ask("hangup")}>
        Done
      </Action>
      <Action kind="plain" test="call-back" run={() => ask("call-back")}>
        <Icon name="phone" /> Call back
      </Action>
    </>
  );
}

function Talking({ contact }: { contact: Contact }): JSX.Element {
  return (
    <>
      <Action kind={contact.held ? "primary" : "plain"} keys="Alt+H" pressed={contact.held} disabled={contact.transfer !== "" || contact.parties.length > 0} test="hold" run={() => ask("hold", { on: !contact.held })}>
        <Icon name={contact.held ? "resume" : "hold"} /> {contact.held ? "Take back" : "Hold"}
      </Action>
      <Action kind="danger" keys="Alt+X" test="hangup" run={() => ask("hangup")}>
        <Icon name="hangup" /> Hang up
      </Action>
    </>
  );
}

function Facts({ contact, phase }: { contact: Contact; phase: string }): JSX.Element {
  return (
    <dl class="facts">
      {contact.queue && (
        <div>
          <dt>Queue</dt>
          <dd data-test="queue">{contact.queue_title || contact.queue}</dd>
        </div>
      )}
      {contact.enqueued_at > 0 && (
        <div>
          <dt>{phase === "ringing" ? "Waiting for" : "Waited"}</dt>
          <dd data-test="waited">
            {phase === "ringing" || !contact.answered_at ? (
              <Since at={contact.enqueued_at} />
            ) : (
              <span class="clock">{clock((contact.answered_at - contact.enqueued_at) / 1e6)}</span>
            )}
          </dd>
        </div>
      )}
      {contact.destination && (
        <div>
          <dt>{contact.direction === "outbound" ? "They see" : "Dialled"}</dt>
          <dd>{phone(contact.destination)}</dd>
        </div>
      )}
    </dl>
  );
}

function Answers({ contact }: { contact: Contact }): JSX.Element {
  return (
    <section class="answers" aria-label="What the caller keyed" data-test="answers">
      <h2 class="minor">The caller keyed</h2>
      {contact.answers.length ? (
        <ol>
          {contact.answers.map((answer, n) => (
            <li key={n}>
              <kbd>{answer.digits || "–"}</kbd>
              <span dir="auto">{answer.means || "no known choice"}</span>
              <span class="soft small">{answer.prompt}</span>
            </li>
          ))}
        </ol>
      ) : (
        <p class="soft">Nothing: the caller went straight through.</p>
      )}
    </section>
  );
}

export function WrapUp({ agent, breaks }: { agent: Agent; breaks: Break[] }): JSX.Element {
  const now = useNow();
  const left = agent.wrap_up_until ? Math.max(0, agent.wrap_up_until / 1e6 - now / 1000) : 0;
  // Where the campaign asks for a word, nothing ends the wrap-up before it.
  const silent = agent.lead !== null && agent.lead.word_needed && !agent.lead.said && agent.lead.words.length > 0;
  const then = agent.asked ? `Then: ${wish(agent.asked, breaks)}.` : "Then you are available again.";
  const whole = Math.max(1, (agent.wrap_up_until - agent.state_since) / 1e6);
  return (
    <section class="quiet wrap" data-test="wrapup">
      <p class="kicker">Wrap-up</p>
      <h1>The call is over</h1>
      {agent.wrap_up_until > 0 && (
        <>
          <span class="clock big" role="timer" aria-live="off" data-test="wrapup-left">
            {clock(Math.ceil(left))}
          </span>
          <progress max={whole} value={left} aria-label="Wrap-up time left" />
        </>
      )}
      <p class="soft" data-test="wrapup-then">
        {silent ? `Say how the call was. ${then}` : then}
      </p>
      {agent.wrap_up_may_end && !silent && (
        <Action kind="primary" keys="Alt+R" focus test="ready" run={() => ask("wrapup-end")}>
          {agent.asked ? "Done" : "Ready now"}
        </Action>
      )}
      {agent.wrap_up_more_s > 0 && (
        <Action kind="quiet" test="more-time" run={() => ask("wrapup-more")}>
          {`More time (${agent.wrap_up_more_s} s)`}
        </Action>
      )}
    </section>
  );
}
