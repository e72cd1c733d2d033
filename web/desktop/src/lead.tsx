// The lead of a campaign in front of the agent: who it is, what to say, and how the call was.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, sentence } from "./api";
import { CallbackTime, inHours, useCallbackTime } from "./callback_time";
import { Earlier } from "./earlier";
import { isShortcut, keyed, onMac } from "./keys";
import { isLong, phone, straight } from "./names";
import { Action, Icon, Since } from "./parts";
import { clock, serverNow, useNow } from "./time";
import type { Agent, Ask, Lead, Place, Word } from "./types";

// How the last call ended, where the word of the records is none of this page.
const OUTCOMES: Record<string, string> = {
  live: "talked",
  hung_up: "hung up at once",
  noanswer: "no answer",
  invalid: "no such number",
  drop: "nobody was free",
  lost: "nobody saw its end",
};

// A request needs so long at most, on a line that is not the best.
const AHEAD_MS = 1500;

// A lead to look at: it is called, or skipped.
export function Preview({ agent, lead }: { agent: Agent; lead: Lead }): JSX.Element {
  const [number, setNumber] = useState(lead.number);
  const [skipping, setSkipping] = useState(false);
  // Beside the state: a key right after the choice must not be quicker than the page.
  const choice = useRef(lead.number);
  // What the agent saw when they pressed: another lead may have come in that moment.
  const seen = { lead: lead.lead };
  const show = useRef("");
  const dial = () =>
    ask("dial", {
      ...seen,
      ...(choice.current === lead.number ? {} : { number: choice.current }),
      ...(show.current ? { caller_id: show.current } : {}),
    });
  // Here and not with the other shortcuts: the number that is chosen is known here.
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.code !== "KeyA" || !isShortcut(event, onMac)) return;
      event.preventDefault();
      void dial();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [lead.number]);
  // When the time is over the server calls the number that it knows of; one that was chosen here is asked for before.
  useEffect(() => {
    if (!lead.until || lead.on_timeout !== "dial" || number === lead.number) return;
    const wait = setTimeout(() => void dial(), Math.max(0, lead.until / 1000 - serverNow() - AHEAD_MS));
    return () => clearTimeout(wait);
  }, [number, lead.until]);
  return (
    <article class="call lead" aria-label="Lead" data-test="preview">
      <header>
        <p class="kicker">{lead.campaign_title}: look, then call</p>
        {lead.until > 0 ? <Left lead={lead} number={number} /> : <Since at={lead.since} class="phase-clock" />}
      </header>
      <NotCalled words={agent.not_called} />
      <Who lead={lead} />
      {lead.numbers.length > 1 && (
        <fieldset class="numbers">
          <legend>Number</legend>
          {lead.numbers.map((one) => (
            <label key={one.number} class="tick">
              <input type="radio" name="number" checked={one.number === number} onChange={() => {
                  choice.current = one.number;
                  setNumber(one.number);
                }} />
              <span>
                <span class="nowrap">{phone(one.number)}</span> <bdi class="soft">{[one.kind, one.note].filter(Boolean).join(": ")}</bdi>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {lead.caller_ids.length > 1 && (
        <label class="shown-number">
          <span class="soft small">They see</span>
          <select
            aria-label="The number that they see"
            data-test="caller-id"
            onChange={(event) => {
              show.current = event.currentTarget.value;
            }}
          >
            {lead.caller_ids.map((one, n) => (
              <option key={one} value={n === 0 ? "" : one}>
                {phone(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <Script lead={lead} />
      <footer>
        <Action kind="good" keys="Alt+A" focus test="dial" run={dial}>
          <Icon name="phone" /> Call
        </Action>
        {lead.skip_allowed && (
          <Action
            kind="plain"
            test="skip"
            {...(lead.skip_reasons.length ? { expanded: skipping } : {})}
            run={async () => (lead.skip_reasons.length ? setSkipping(!skipping) : ask("skip", seen))}
          >
            {lead.skip_reasons.length ? "Skip…" : "Skip"}
          </Action>
        )}
      </footer>
      {skipping && <Reasons lead={lead} close={() => setSkipping(false)} />}
    </article>
  );
}

// Why the lead that was to be called before is not called: it went away, and somebody else's name stands here.
export function NotCalled({ words }: { words: string }): JSX.Element | null {
  if (!words) return null;
  return (
    <p class="why warn" data-test="not-called">
      <span>The one before</span> {sentence(words)}
    </p>
  );
}

// How long one may look, and what is done then.
function Left({ lead, number }: { lead: Lead; number: string }): JSX.Element {
  const now = useNow();
  const then = lead.on_timeout === "dial" ? `then ${phone(number)} is called` : "then it goes back";
  return (
    <span class="left">
      <span class="clock phase-clock" role="timer" aria-live="off" data-test="preview-left">
        {clock(Math.max(0, Math.ceil(lead.until / 1e6 - now / 1000)))}
      </span>
      {lead.on_timeout && (
        <span class="soft small" data-test="preview-then">
          {then}
        </span>
      )}
    </span>
  );
}

// Asked for by "Skip": the first reason has the focus, Escape takes the question back.
function Reasons({ lead, close }: { lead: Lead; close: () => void }): JSX.Element {
  const group = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => group.current?.querySelector("button")?.focus(), []);
  return (
    <div
      ref={group}
      class="acts flat reasons"
      role="group"
      aria-label="Why it is skipped"
      data-test="skip-reasons"
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <span class="soft small">Why?</span>
      {lead.skip_reasons.map((reason) => (
        <Action key={reason} kind="chip" run={() => ask("skip", { lead: lead.lead, reason })}>
          {reason}
        </Action>
      ))}
    </div>
  );
}

// What may stand between the digits of a number, and what a number is without it.
const BETWEEN = /[\s()/.-]/g;
const NUMBER = /^\+\d{5,15}$/;

// A number that the agent calls for a campaign, by hand. It stands beside what comes and goes, so that nothing takes the
// digits out of an agent's hands.
export function ByHand({ campaigns, agent }: { campaigns: Place[]; agent: Agent }): JSX.Element | null {
  const [number, setNumber] = useState("");
  const [campaign, setCampaign] = useState("");
  const [fault, setFault] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const chosen = campaigns.some((one) => one.id === campaign) ? campaign : (campaigns[0]?.id ?? "");
  if (!chosen || agent.status !== "available") return null;
  const call = async (): Promise<unknown> => {
    if (agent.state !== "idle") return setFault("When this is over.");
    if (!NUMBER.test(number.replace(BETWEEN, ""))) return setFault("A number begins with + and the code of its country.");
    setFault("");
    if (!(await ask("dial-number", { campaign: chosen, number: number.trim() }))) return;
    setNumber("");
    // What is pressed next is meant for the call: a key of a word, say.
    field.current?.blur();
  };
  const says = fault || sentence(agent.not_called);
  return (
    <form
      class="by-hand"
      data-test="by-hand"
      aria-label="Call a number"
      onSubmit={(event) => {
        event.preventDefault();
        void call();
      }}
    >
      <h3>Call a number</h3>
      {campaigns.length > 1 && (
        <select value={chosen} aria-label="For which campaign" onChange={(event) => setCampaign(event.currentTarget.value)}>
          {campaigns.map((one) => (
            <option key={one.id} value={one.id}>
              {one.title}
            </option>
          ))}
        </select>
      )}
      <span class="line">
        <input
          ref={field}
          type="tel"
          value={number}
          placeholder="+49 30 1234567"
          autocomplete="off"
          maxLength={40}
          aria-label={`A number to call${campaigns.length > 1 ? "" : ` for ${campaigns[0]?.title ?? ""}`}`}
          aria-invalid={fault !== ""}
          aria-describedby="by-hand-says"
          data-test="by-hand-number"
          onInput={(event) => {
            setNumber(event.currentTarget.value);
            setFault("");
          }}
        />
        <button class="button plain" type="submit" aria-label="Call the number" data-test="by-hand-call">
          <Icon name="phone" />
        </button>
      </span>
      <p id="by-hand-says" class="fault" role="status" data-test="by-hand-says">
        {says === "." ? "" : says}
      </p>
    </form>
  );
}

// The lead's phone rings for this agent alone; before it does the agent's own, where it is no standing line.
export function Dialling({ lead, since, rings }: { lead: Lead; since: number; rings: boolean }): JSX.Element {
  return (
    <article class="call lead ringing" aria-label="Lead" data-test="dialling">
      <header>
        <p class="kicker">{lead.campaign_title}: {lead.placed ? "calling" : "your phone rings first"}</p>
        <Since at={since} class="phase-clock" />
      </header>
      <Who lead={lead} />
      <Script lead={lead} />
      <footer>
        {rings && !lead.placed && (
          <Action kind="good" keys="Alt+A" focus test="answer" run={() => ask("answer")}>
            <Icon name="phone" /> Answer
          </Action>
        )}
        <Action kind="danger" keys="Alt+X" test="hangup" run={() => ask("hangup")}>
          <Icon name="hangup" /> Give up
        </Action>
      </footer>
    </article>
  );
}

// Beside the call, and after it until the agent has said how it was.
export function LeadPanel({ lead, over = false }: { lead: Lead; over?: boolean }): JSX.Element {
  return (
    <article class="call lead beside" aria-label="Lead" data-test="lead">
      <header>
        <p class="kicker">{lead.campaign_title}</p>
      </header>
      <Who lead={lead} named={lead.phase === "talking"} />
      {/* After the call there is nothing more to read out: how it was comes first. */}
      {!over && <Script lead={lead} />}
      {(lead.phase === "talking" || lead.phase === "closing") && lead.words.length > 0 && <HowItWas key={lead.attempt} lead={lead} over={over} />}
      {over && <Script lead={lead} />}
    </article>
  );
}

// Where the call's own card says already who it is (`named`), only the rest.
function Who({ lead, named = false }: { lead: Lead; named?: boolean }): JSX.Element {
  const fields = Object.entries(lead.fields).filter(([, value]) => value);
  // Once it is over the call itself is among the attempts, and nobody asks for it.
  const before = lead.phase === "closing" ? 0 : lead.attempts;
  return (
    <>
      {!named && (
        <div class="caller">
          <h1 dir="auto" class={isLong(lead.name) ? "long" : ""} data-test="lead-name">
            {straight(lead.name) || phone(lead.number)}
          </h1>
          {lead.name && <p class="number">{phone(lead.number)}</p>}
        </div>
      )}
      {lead.astray && (
        <p class="why warn" data-test="astray">
          <span>Which clock?</span> {sentence(lead.astray.replaceAll("_", " "))}
        </p>
      )}
      {lead.callback_note && (
        <p class="why" data-test="callback-note">
          <span>Promised</span> <bdi>{lead.callback_note}</bdi>
        </p>
      )}
      {(fields.length > 0 || before > 0) && (
        <dl class="facts" data-test="lead-fields">
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt dir="auto">{straight(name)}</dt>
              <dd dir="auto">{straight(value)}</dd>
            </div>
          ))}
          {before > 0 && (
            <div>
              <dt>Called before</dt>
              <dd>
                {before === 1 ? "once" : `${before} times`}
                {lead.last_outcome && `, last: ${OUTCOMES[lead.last_outcome] ?? lead.last_outcome}`}
              </dd>
            </div>
          )}
        </dl>
      )}
      {before > 0 && <Earlier lead={lead.lead} />}
    </>
  );
}

function Script({ lead }: { lead: Lead }): JSX.Element | null {
  const text = useRef<HTMLElement>(null);
  const [long, setLong] = useState(false);
  // What scrolls can be reached and scrolled by the keyboard.
  useLayoutEffect(() => setLong(text.current !== null && text.current.scrollHeight > text.current.clientHeight), [lead.script]);
  if (!lead.script) return null;
  return (
    <section ref={text} class="script" aria-label="What to say" data-test="script" {...(long ? { tabIndex: 0 } : {})}>
      {lead.script.split(/\n{2,}/).map((part, n) => (
        <p key={n} dir="auto">
          {part}
        </p>
      ))}
    </section>
  );
}

// A word is chosen by its key or by a click; where it asks for a time or a note, that comes first.
function HowItWas({ lead, over }: { lead: Lead; over: boolean }): JSX.Element {
  const section = useRef<HTMLElement>(null);
  const wanted = over && lead.word_needed && !lead.said;
  // The next thing to do has the focus, as elsewhere; none of the words has it, for one key must not say one by chance.
  useLayoutEffect(() => {
    if (wanted && document.activeElement === document.body) section.current?.focus();
  }, [wanted]);
  const [chosen, setChosen] = useState<Word | null>(null);
  // The heading whose words are shown. Their keys count all the same.
  const [open, setOpen] = useState("");
  const headings = [...new Set(lead.words.map((one) => one.under).filter(Boolean))];
  const said = lead.words.find((one) => one.id === (chosen?.id ?? lead.said));
  // What has been chosen is shown, also where it was chosen by its key.
  useEffect(() => {
    if (said?.under) setOpen(said.under);
  }, [said?.id]);
  // What nobody at a desk can take back is never done by one key.
  const asksFirst = (word: Word) => word.note || word.asks.length > 0 || word.then === "callback" || word.then === "dnc";
  const choose = async (word: Word): Promise<unknown> =>
    asksFirst(word) ? setChosen(word) : ask("dispose", { disposition: word.id, attempt: lead.attempt });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = keyed(event, lead.words.map((one) => one.key).filter(Boolean));
      const word = lead.words.find((one) => key !== "" && one.key === key);
      if (!word) return;
      event.preventDefault();
      void choose(word);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [lead.attempt, lead.words.length]);
  return (
    <section ref={section} class="said" aria-label="How the call was" tabIndex={-1} data-test="dispositions">
      <h2 class="minor">
        How was it?{lead.word_needed && !lead.said && <span class="soft small"> It is needed before the next call.</span>}
      </h2>
      <div class="acts flat">
        <Words words={lead.words.filter((one) => one.under === "")} said={said} choose={choose} />
        {headings.map((one) => (
          <Action key={one} kind="chip" test={`under-${one}`} expanded={open === one} run={async () => setOpen(open === one ? "" : one)}>
            {one}…
          </Action>
        ))}
      </div>
      {open && (
        <div class="acts flat under" role="group" aria-label={open}>
          <Words words={lead.words.filter((one) => one.under === open)} said={said} choose={choose} />
        </div>
      )}
      {chosen && <More key={chosen.id} lead={lead} word={chosen} close={() => setChosen(null)} />}
    </section>
  );
}

function Words(props: { words: Word[]; said: Word | undefined; choose: (word: Word) => Promise<unknown> }): JSX.Element {
  return (
    <>
      {props.words.map((word) => (
        <Action
          key={word.id}
          kind="chip"
          test={`said-${word.id}`}
          pressed={props.said === word}
          run={() => props.choose(word)}
          {...(word.key ? { keys: word.key.toUpperCase() } : {})}
        >
          {word.title}
        </Action>
      ))}
    </>
  );
}

// A callback's time, by the customer's own clock where it is known, and a note.
function More({ lead, word, close }: { lead: Lead; word: Word; close: () => void }): JSX.Element {
  const [note, setNote] = useState("");
  const time = useCallbackTime(() => inHours(1), lead.zone, lead.callback_days);
  const [own, setOwn] = useState(true);
  const [early, setEarly] = useState("");
  const [answers, setAnswers] = useState<Record<string, string>>({});
  const form = useRef<HTMLFormElement>(null);
  // The key that chose the word must not be written into the field.
  const plain = word.then === "dnc" && !word.note && word.asks.length === 0;
  const first = plain ? "button[type=submit]" : "input, select, textarea";
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>(first)?.focus(), []);
  const callback = word.then === "callback";
  const lacking = word.asks.find((one) => one.needed && !answers[one.id]?.trim());
  const odd = word.asks.find((one) => one.kind === "number" && !isNumber(answers[one.id] ?? ""));
  const said = word.note && !note.trim() ? "Say it in a few words." : "";
  const fault = (callback && time.fault) || (lacking ? `Needed: ${lacking.title}.` : odd ? `${odd.title}: a number.` : said);
  const save = async (): Promise<unknown> => {
    if (fault) {
      // The first field that wants something is where one writes next.
      form.current?.querySelector<HTMLElement>(":invalid, [aria-invalid=true]")?.focus();
      return setEarly(fault);
    }
    const promise = callback ? { callback_at: time.moment * 1000, callback_own: own } : {};
    return (await ask("dispose", { disposition: word.id, note, attempt: lead.attempt, answers, ...promise })) && close();
  };
  return (
    <form
      ref={form}
      class="more"
      data-test="more"
      aria-label={word.title}
      noValidate
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {word.then === "dnc" && (
        <p class="strong" data-test="said-bars">
          This number goes onto the no-call list. Only a supervisor can take it off again.
        </p>
      )}
      {callback && (
        <>
          <CallbackTime chosen={time} zone={lead.zone} days={lead.callback_days} hours="my-lead/hours" />
          <label class="tick">
            <input type="checkbox" checked={own} onChange={(event) => setOwn(event.currentTarget.checked)} />
            By me alone
          </label>
        </>
      )}
      {word.asks.map((one) => (
        <Answer
          key={one.id}
          asked={one}
          wrong={early !== "" && (one === odd || (one.needed && !answers[one.id]?.trim()))}
          tell={(text) => setAnswers({ ...answers, [one.id]: text })}
        />
      ))}
      <label>
        {word.note ? "Note" : "Note, if you like"}
        <textarea value={note} required={word.note} aria-invalid={early !== "" && said !== ""} maxLength={2000} rows={2} data-test="said-note" onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      {!callback && early && fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <div class="acts flat">
        <button type="submit" class="button primary" data-test="said-save">
          {word.title}
        </button>
        <Action kind="quiet" run={async () => close()}>
          Cancel
        </Action>
      </div>
    </form>
  );
}

// As the server reads numbers; what is empty is none that is wrong.
function isNumber(text: string): boolean {
  return /^\s*([-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)?\s*$/i.test(text);
}

// One thing that is filled in.
function Answer({ asked, wrong, tell }: { asked: Ask; wrong: boolean; tell: (text: string) => void }): JSX.Element {
  const title = asked.needed ? asked.title : `${asked.title}, if you like`;
  const test = `answer-${asked.id}`;
  const filled = {
    required: asked.needed,
    "aria-invalid": wrong,
    maxLength: 500,
    "data-test": test,
    onInput: (event: { currentTarget: HTMLInputElement }) => tell(event.currentTarget.value),
  };
  const choices = asked.kind === "choice" ? asked.choices : asked.kind === "yes_no" ? ["yes", "no"] : [];
  return (
    <label>
      {title}
      {choices.length > 0 ? (
        <select required={asked.needed} aria-invalid={wrong} data-test={test} onChange={(event) => tell(event.currentTarget.value)}>
          <option value="">…</option>
          {choices.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      ) : asked.kind === "day" ? (
        <input {...filled} type="date" />
      ) : (
        <input {...filled} type="text" inputMode={asked.kind === "number" ? "decimal" : "text"} />
      )}
    </label>
  );
}
