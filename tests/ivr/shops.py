"""A flow with every kind of node, and the centre it is in."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from fsorch.flows import FlowSpec, FlowWorld, decode_flow

SHOP: dict[str, Any] = yaml.safe_load(
    """
    id: shop
    title: A shop
    languages: [en, de]
    start: again
    person: reception
    prompts:
      welcome: {en: "Welcome.", de: "Willkommen."}
      main: {en: "For orders press 1.", de: "1 fuer Bestellungen."}
      account: {en: "Your customer number, please.", de: "Ihre Kundennummer bitte."}
      right: {en: "You entered {account:digits}. Right: 1, wrong: 2.", de: "{account:digits}. Richtig: 1, falsch: 2."}
      pin: {en: "Your PIN.", de: "Ihre PIN."}
      balance: {en: "You owe {balance:money,currency=EUR}.", de: "Offen sind {balance:money,currency=EUR}."}
      happy: {en: "Were we of help, from 1 to 5?", de: "Waren wir hilfreich, von 1 bis 5?"}
      say_it: {en: "Tell us more.", de: "Erzaehlen Sie."}
      bye: {en: "Good bye.", de: "Auf Wiederhoeren."}
    nodes:
      again: {kind: branch, cases: [{if: contact.again, then: person}], else: hours}
      hours: {kind: hours, calendar: office, open: speak, closed: message}
      speak: {kind: language, by: 'default(customer.language, "en")', next: welcome}
      welcome: {kind: say, prompt: welcome, next: main}
      main:
        kind: menu
        prompt: main
        options: {"1": account, "2": survey, "3": record, "4": german, "0": person, "*": main, "#": call, "5": outside}
        no_key: sales
      german: {kind: language, to: de, next: main}
      account:
        kind: collect
        prompt: account
        into: account
        min: 4
        max: 8
        pattern: "[1-9][0-9]*"
        confirm: {prompt: right}
        options: {"0": person}
        next: pin
      pin: {kind: collect, prompt: pin, into: pin, min: 4, max: 4, masked: true, next: ask}
      ask:
        kind: lookup
        http:
          url: "https://shop.example/customers/{vars.account}"
          method: POST
          headers: {X-Caller: "{contact.number}"}
          json: {pin: vars.pin, caller: contact.number}
        into: {balance: {path: account.balance, type: number}, name: {path: account.name, optional: true}}
        next: owes
        default: person
        not_found: stock
      stock:
        kind: lookup
        sql: {source: erp, query: "select count(*) n from orders where customer = :who", values: {who: vars.account}}
        into: {orders: first.n}
        next: mine
      mine: {kind: lookup, own: {of: tickets}, into: {tickets: count}, next: set, default: set}
      owes: {kind: say, prompt: balance, next: set}
      set: {kind: set, values: {seen: true, twice: "default(vars.balance, 0) * 2"}, next: tag}
      tag: {kind: tag, tags: [orders], next: stop}
      stop: {kind: opt_out, next: note}
      note: {kind: note, text: "owes {vars.balance}, orders {vars.orders}", next: sms}
      sms: {kind: message, text: {en: "You owe {vars.balance}.", de: "Offen: {vars.balance}."}, next: sub}
      sub: {kind: flow, flow: goodbye, next: end}
      survey:
        kind: survey
        questions: [{id: happy, prompt: happy}]
        comment: {prompt: say_it}
        next: end
        low: person
      record: {kind: record, prompt: say_it, into: said, next: end, failed: person}
      message: {kind: voicemail, queue: sales}
      call: {kind: callback, queue: sales}
      sales: {kind: queue, queue: sales, priority: 5, skills: {german: 3}}
      outside: {kind: transfer, number: '"+493012345"'}
      end: {kind: hangup, prompt: bye, reason: served}
    """
)
GOODBYE: dict[str, Any] = {
    "id": "goodbye",
    "languages": ["en"],
    "start": "say",
    "prompts": {"thanks": "Thank you."},
    "nodes": {"say": {"kind": "say", "prompt": "thanks", "next": "return"}},
}


def shop(**nodes: Any) -> FlowSpec:
    """The shop, with these nodes instead of its own."""
    data = copy.deepcopy(SHOP)
    data["nodes"] |= nodes
    return decode_flow(data, where="shop.yaml")


def goodbye() -> FlowSpec:
    """What the shop calls at its end."""
    return decode_flow(GOODBYE, where="goodbye.yaml")


def world(*flows: FlowSpec) -> FlowWorld:
    """Everything that the shop needs."""
    return FlowWorld(
        queues=frozenset({"sales", "reception"}),
        calendars=frozenset({"office"}),
        skills=frozenset({"german"}),
        prompts={"invalid": "invalid.wav"},
        sources=frozenset({"erp"}),
        ways=frozenset({"outside", "voicemail", "callback"}),
        flows={flow.id: flow for flow in (*flows, goodbye())},
    )
