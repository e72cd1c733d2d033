import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { logIn, Refused, sentence } from "./api";
import { Mark } from "./parts";

export function Login(): JSX.Element {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    setBusy(true);
    setFault("");
    logIn(String(fields.get("login")), String(fields.get("password")))
      .catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        setFault(sentence(error.message));
        form.querySelector<HTMLInputElement>("[name=password]")?.select();
      })
      .finally(() => setBusy(false));
  };

  return (
    <main class="login">
      <form class="card" onSubmit={submit} aria-label="Log in">
        <div class="brand">
          <Mark />
          <span>fsorch</span>
        </div>
        <h1>Welcome</h1>
        <p class="soft">Log in to your desk or your board.</p>
        <label>
          Login
          <input name="login" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="fault" role="alert">
          {fault}
        </p>
        <button class="button primary wide" type="submit" aria-busy={busy} disabled={busy}>
          {busy ? "Checking…" : "Log in"}
        </button>
      </form>
    </main>
  );
}
