// What the server says, in the words of fsorch/engine/views.py. Times are UTC microseconds; 0 means never.

export type Status = "available" | "break" | "logged_out";
export type AgentState = "idle" | "reserved" | "ringing" | "talking" | "wrap_up";

export interface KeyedAnswer {
  prompt: string;
  digits: string;
  means: string;
}

export interface Contact {
  id: string;
  switch: string;
  state: "flow" | "waiting" | "offered" | "talking" | "held" | "aside";
  number: string;
  name: string;
  destination: string;
  answers: KeyedAnswer[];
  queue: string;
  queue_title: string;
  position: number;
  agent: string;
  began_at: number;
  enqueued_at: number;
  offered_at: number;
  answered_at: number;
  held: boolean;
  muted: boolean;
  transfer: "" | "ringing" | "consulting" | "pending" | "completing" | "returning" | "taking";
  transfer_by: string;
  transfer_to: string;
  parties: Party[];
  priority: number;
  why: string;
  medium: string;
  direction: "inbound" | "outbound";
  callback: string;
  message_us: number;
}

// Somebody beside the caller in a conference; of a queue that is called the name is the queue's.
export interface Party {
  name: string;
  agent: string;
  state: "inside" | "called";
}

export interface Agent {
  id: string;
  name: string;
  status: Status;
  reason: string;
  state: AgentState;
  status_since: number;
  state_since: number;
  asked: string;
  queues: string[];
  phone: string;
  contact: Contact | null;
  wrap_up_until: number;
  wrap_up_may_end: boolean;
  wrap_up_more_s: number;
  answered: number;
  missed: number;
  unready: string;
  rule: string;
  on_demand: boolean;
  next_wanted: boolean;
  break_until: number;
  overrun: boolean;
  break_weight: "" | Weight;
  breaks_us: Partial<Record<Weight, number>>;
  listeners: Listener[];
  lead: Lead | null;
  not_called: string;
  calls_owed: number;
}

// How a call of a campaign may be said to have ended.
export interface Word {
  id: string;
  title: string;
  key: string;
  category: string;
  then: "retry" | "callback" | "dnc" | "finish";
  under: string;
  note: boolean;
  asks: Ask[];
}

// A call that an agent has promised to make alone, at a moment in microseconds.
export interface Promised {
  lead: string;
  name: string;
  number: string;
  campaign: string;
  at: number;
  note: string;
  zone: string;
}

// What somebody said of an earlier call to a lead.
export interface EarlierCall {
  at: number;
  agent: string;
  word: string;
  note: string;
}

// A caller who waits to be called by the agent who looks, and why that is not now.
export interface OwedCaller {
  contact: string;
  number: string;
  name: string;
  queue: string;
  since: number;
  why: string;
}

// What the law of the place says of a promised moment (microseconds): the first from it on at which a call is within the
// permitted hours there; 0 where there is none.
export interface PromiseHours {
  at: number;
  first: number;
}

// Something that is filled in about a call.
export interface Ask {
  id: string;
  title: string;
  kind: "text" | "number" | "day" | "yes_no" | "choice";
  choices: string[];
  needed: boolean;
}

// The lead of a campaign in front of an agent.
export interface Lead {
  phase: "shown" | "dialling" | "talking" | "closing";
  attempt: string;
  placed: boolean;
  answered: boolean;
  campaign: string;
  campaign_title: string;
  lead: string;
  name: string;
  number: string;
  numbers: { number: string; kind: string; note: string }[];
  astray: string;
  caller_ids: string[];
  word_needed: boolean;
  fields: Record<string, string>;
  script: string;
  attempts: number;
  last_outcome: string;
  last_at: number;
  callback_note: string;
  since: number;
  until: number;
  on_timeout: "" | "dial" | "give_back";
  skip_allowed: boolean;
  skip_reasons: string[];
  words: Word[];
  said: string;
  note: string;
  callback_days: number;
  zone: string;
}

export interface Campaign {
  id: string;
  title: string;
  mode: string;
  state: "draft" | "scheduled" | "running" | "paused" | "draining" | "finished";
  held: string;
  stopped: string;
  queue: string;
  agents: number;
  free: number;
  lines: number;
  ringing: number;
  waiting: number;
  talking: number;
  launched: number;
  live: number;
  drops: number;
  machines: number;
  wronged: number;
  missed: number;
  drop_share: number;
  drop_target: number;
  drops_left: number;
  drops_over: boolean;
  pacing: string;
}

export interface Queue {
  id: string;
  title: string;
  waiting: number;
  oldest_enqueued_at: number;
  idle: number;
  unready: number;
  busy: number;
  on_break: number;
  queued: number;
  answered: number;
  abandoned: number;
  within: number;
  service_level_s: number;
  paused: boolean;
}

export interface SwitchView {
  name: string;
  up: boolean;
  since: number;
  legs: number;
}

export type Weight = "good" | "neutral" | "bad";

// A break reason, and for agents of which queues only it is (null: for everybody).
export interface Break {
  id: string;
  title: string;
  weight: Weight;
  queues: string[] | null;
}

// Who hears a talk, or is being called to.
export interface Listener {
  name: string;
  mode: "listen" | "whisper" | "barge";
}

export interface Board {
  centre: string;
  switches: SwitchView[];
  queues: Queue[];
  agents: Agent[];
  contacts: Contact[];
  campaigns: Campaign[];
  breaks: Break[];
  tenants: { id: string; title: string }[];
}

export interface QueueGlance {
  id: string;
  title: string;
  waiting: number;
  oldest_enqueued_at: number;
}

export interface Desk {
  centre: string;
  breaks: Break[];
  queues: QueueGlance[];
  switches_up: boolean;
  agent: Agent | null;
  places: Place[];
  by_hand: Place[];
}

// Where a call can be transferred to.
export interface Place {
  kind: "queue" | "agent" | "campaign";
  id: string;
  title: string;
}

export interface Pushed<View> {
  epoch: string;
  n: number;
  seq: number;
  at: number;
  view: View;
}

export interface User {
  login: string;
  role: string;
  agent: string;
  board: boolean;
  supervises: boolean;
  acts: boolean;
  scope: string[];
  // The client whose they are; empty for the centre's own people.
  tenant: string;
  // Whether their queues are all that they may see.
  bounded: boolean;
}

// The centre's own words, as far as the page changes them.
export interface Calendar {
  id: string;
  zone: string;
  emergency?: string;
  emergency_until?: string;
}

export interface Membership {
  queue: string;
  level?: number;
  position?: number;
}

export interface Skill {
  id: string;
}

// A contact on record; one that goes on has no outcome.
export interface Ended {
  id: string;
  number: string;
  name: string;
  queue: string;
  agent: string;
  outcome: string;
  began_at: number;
  enqueued_at: number;
  answered_at: number;
  waited_us: number;
  talked_us: number;
}

export interface Story {
  contact: Ended;
  story: { at: number; kind: string; text: string }[];
  now: string;
}

// A flow of the centre, as far as the page shows it.
export interface Flow {
  id: string;
  title?: string;
  languages?: string[];
}

export interface FlowVersion {
  version: number;
  state: string;
  in_force: boolean;
  share: number;
  made_by: string;
  published_at: number;
  published_by: string;
  reason: string;
}

export interface FlowNode {
  entered: number;
  keyed: number;
  silent: number;
  wrong: number;
  trouble: number;
  rang_off: number;
  exits: Record<string, number>;
}

export interface FlowFigures {
  entered: number;
  inside: number;
  served: number;
  person: number;
  asked_person: number;
  queue: number;
  callback: number;
  voicemail: number;
  number: number;
  rang_off: number;
  trouble: number;
  containment: number | null;
  nodes: Record<string, FlowNode>;
}
