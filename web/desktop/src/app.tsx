import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, logOut, me } from "./api";
import { BoardView } from "./board";
import { DeskView } from "./desk";
import { FlowsView } from "./flows";
import { HistoryView } from "./history";
import { connect, disconnect, retry } from "./live";
import { Login } from "./login";
import { Action, Icon, Mark } from "./parts";
import { pageTitle } from "./spoken";
import { set, useKnown } from "./store";
import { clock } from "./time";
import type { User } from "./types";

export function App(): JSX.Element {
  const user = useKnown((known) => known.user);

  useEffect(() => {
    const look = () => me().catch(() => setTimeout(look, 2000));
    void look();
  }, []);
  useEffect(() => {
    if (user === undefined) return;
    const path = user ? "/" : "/login";
    if (location.pathname !== path) history.replaceState(null, "", path + (user ? location.hash : ""));
    // The line belongs to whom it was opened for.
    disconnect();
    if (user) connect();
  }, [user?.login]);
  useTitle();

  if (user === undefined) return <Loading />;
  return (
    <>
      {user ? <Workplace key={user.login} user={user} /> : <Login />}
      <Notice />
    </>
  );
}

function Workplace({ user }: { user: User }): JSX.Element {
  const [tab, detail] = usePlace(user);
  const centre = useKnown((known) => known.desk?.centre ?? known.board?.centre ?? "");
  const [leaving, setLeaving] = useState(false);
  const working = useKnown((known) => (known.desk?.agent ? known.desk.agent.status !== "logged_out" : false));
  const leave = async () => {
    if (working) setLeaving(true);
    else await logOut();
  };

  return (
    <div class="workplace">
      <header>
        <div class="brand">
          <Mark />
          <span>{centre || "fsorch"}</span>
        </div>
        {user.board && (
          <nav aria-label="Views">
            {user.agent && <TabLink here={tab} name="desk" title="My desk" />}
            <TabLink here={tab} name="board" title="Board" />
            <TabLink here={tab} name="calls" title="Calls" />
            {!user.bounded && <TabLink here={tab} name="flows" title="Flows" />}
          </nav>
        )}
        <div class="spread" />
        <LinkState />
        <span class="who">{user.login}</span>
        {user.bounded && <Bounds user={user} />}
        <Action kind="quiet" run={leave} test="sign-out">
          Sign out
        </Action>
      </header>
      <LinkBanner />
      {leaving && <Leaving close={() => setLeaving(false)} />}
      {tab === "desk" && <DeskView />}
      {tab === "board" && <BoardView user={user} />}
      {tab === "calls" && <HistoryView id={detail} />}
      {tab === "flows" && <FlowsView id={detail} />}
    </div>
  );
}

// Whose work this is, for who sees a part of the centre only: figures of a part must not pass for those of the whole.
function Bounds({ user }: { user: User }): JSX.Element {
  const queues = useKnown((known) => known.board?.queues);
  const client = useKnown((known) => known.board?.tenants.find((one) => one.id === user.tenant)?.title);
  const titles = user.scope.map((id) => queues?.find((queue) => queue.id === id)?.title || id).join(", ");
  const theirs = user.tenant ? client || user.tenant : titles;
  return (
    <span class="soft small clip bounds" data-test="bounds" title={`You see ${titles || theirs || "no queue"} and what belongs to it`}>
      {theirs ? `only ${theirs}` : "no queue yet"}
    </span>
  );
}

type Tab = "desk" | "board" | "calls" | "flows";

// The view, and what is open in it, stand in the address, so that a reload and a bookmark keep them.
function usePlace(user: User): [Tab, string] {
  const place = (): [Tab, string] => {
    const [tab, detail = ""] = location.hash.slice(1).split("/", 2);
    if (!user.board) return ["desk", ""];
    if (tab === "calls") return ["calls", detail];
    if (tab === "flows" && !user.bounded) return ["flows", decodeURIComponent(detail)];
    return [tab === "desk" && user.agent ? "desk" : "board", ""];
  };
  const [here, setHere] = useState(place);
  useEffect(() => {
    const follow = () => setHere(place());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return here;
}

function TabLink({ here, name, title }: { here: Tab; name: Tab; title: string }): JSX.Element {
  return (
    <a href={`#${name}`} aria-current={here === name ? "page" : undefined}>
      {title}
    </a>
  );
}

function LinkState(): JSX.Element {
  const link = useKnown((known) => known.link);
  const words = { up: "Live", connecting: "Connecting…", down: "Offline" }[link];
  return (
    <span class={`link ${link}`} data-test="link">
      <span class="dot" aria-hidden="true" />
      {words}
    </span>
  );
}

function LinkBanner(): JSX.Element | null {
  const link = useKnown((known) => known.link);
  const lostAt = useKnown((known) => known.lostAt);
  const switchesUp = useKnown((known) => (known.desk ? known.desk.switches_up : true));
  const [, again] = useState(0);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    // A blink of the line is no news.
    if (link !== "down") return setShown(false);
    const wait = setTimeout(() => setShown(true), 900);
    const count = setInterval(() => again((n) => n + 1), 1000);
    return () => {
      clearTimeout(wait);
      clearInterval(count);
    };
  }, [link]);
  if (shown)
    return (
      <div class="banner down" role="alert" data-test="banner">
        <span>
          <strong>The connection is lost.</strong> Calls go on; what you see here is{" "}
          <span class="clock">{clock((Date.now() - lostAt) / 1000)}</span> old. Trying again…
        </span>
        <Action kind="plain" run={async () => retry()}>
          Try now
        </Action>
      </div>
    );
  if (!switchesUp)
    return (
      <div class="banner warn" role="status">
        <span>
          <strong>The telephone switch is out of reach.</strong> Calls in progress go on; new ones reach you when it is back.
        </span>
      </div>
    );
  return null;
}

function Leaving({ close }: { close: () => void }): JSX.Element {
  const both = async () => {
    if (await ask("logout")) await logOut();
    close();
  };
  return (
    <div class="banner ask" role="alertdialog" aria-label="Sign out">
      <span>
        <strong>You still take calls.</strong> Your phone goes on ringing after you sign out of this page.
      </span>
      <Action kind="primary" run={both} focus test="leave-both">
        Stop taking calls and sign out
      </Action>
      <Action kind="plain" run={logOut}>
        Sign out only
      </Action>
      <Action kind="quiet" run={async () => close()}>
        Stay
      </Action>
    </div>
  );
}

function Notice(): JSX.Element {
  const notice = useKnown((known) => known.notice);
  return (
    <div class="notices" role="alert">
      {notice && (
        <div class="notice" key={notice.id} data-test="notice">
          <span>{notice.text}</span>
          <button type="button" class="bare" aria-label="Dismiss" onClick={() => set({ notice: null })}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}

function Loading(): JSX.Element {
  return (
    <main class="login" aria-busy="true">
      <p class="soft">One moment…</p>
    </main>
  );
}

function useTitle(): void {
  const title = useKnown((known) => (known.user ? pageTitle(known.desk?.agent ?? null, known.board) : "fsorch"));
  useEffect(() => {
    document.title = title;
  }, [title]);
}
