/** The page at `/`: what a person needs to sign in, see where they are signed in, and sign out. `nonce` is that of the reply's
 * content security policy. Whatever comes from the server or the user gets into it as text, never as markup. */
export function page(nonce: string): string {
  return PAGE.replaceAll("NONCE", nonce);
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · Latchkey</title>
<link rel="icon" href="data:,">
<style nonce="NONCE">
  :root { --ink: #1c2430; --soft: #5b6675; --line: #c9d0d9; --paper: #fff; --back: #f3f5f8; --key: #1f5fbf; --bad: #a61b1b; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e8ecf2; --soft: #a3afbf; --line: #4a5666; --paper: #1b222c; --back: #11161d; --key: #7db0ff; --bad: #ff9b93; }
  }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  body { margin: 0; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: calc(100% - 2rem); max-width: 27rem; margin: 8vh auto 2rem; padding: 1.5rem; background: var(--paper); border: 1px solid var(--line);
    border-radius: .75rem; }
  h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.2; }
  h1:focus { outline: none; }
  h2 { margin: 1.75rem 0 .25rem; font-size: 1.1rem; }
  p { margin: .5rem 0; overflow-wrap: anywhere; }
  label { display: block; margin-bottom: .25rem; font-weight: 600; }
  input { width: 100%; min-height: 2.9rem; padding: .5rem .75rem; font: inherit; color: inherit; background: var(--back);
    border: 1px solid var(--soft); border-radius: .5rem; }
  #code { font-size: 1.5rem; letter-spacing: .25em; font-variant-numeric: tabular-nums; }
  button { min-height: 2.9rem; padding: .5rem 1rem; font: inherit; font-weight: 600; color: var(--key); cursor: pointer;
    background: none; border: 1px solid currentColor; border-radius: .5rem; }
  button.main { width: 100%; margin-top: 1rem; color: var(--paper); background: var(--key); border-color: var(--key); }
  button:disabled { color: var(--soft); cursor: default; }
  button:focus-visible, input:focus-visible { outline: 3px solid var(--key); outline-offset: 2px; }
  .row { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1rem; }
  .soft { color: var(--soft); font-size: .9rem; }
  #error { color: var(--bad); font-weight: 600; }
  ul { margin: 0; padding: 0; list-style: none; }
  li { display: flex; gap: 1rem; align-items: center; justify-content: space-between; padding: .75rem 0;
    border-bottom: 1px solid var(--line); }
  li strong { color: var(--key); }
</style>
</head>
<body>
<main>
  <h1 id="title" tabindex="-1">Sign in</h1>
  <p id="status" role="status" aria-live="polite"></p>
  <p id="error" role="alert"></p>
  <noscript><p>This page needs JavaScript.</p></noscript>

  <form id="ask" hidden novalidate>
    <label for="email">E-mail address</label>
    <input id="email" type="email" name="email" autocomplete="email" autocapitalize="none" spellcheck="false" required
      aria-describedby="error">
    <button class="main">Send me a code</button>
  </form>

  <form id="answer" hidden novalidate>
    <label for="code">Code</label>
    <input id="code" name="code" autocomplete="one-time-code" inputmode="numeric" maxlength="32" spellcheck="false" required
      aria-describedby="error">
    <button class="main">Sign in</button>
    <div class="row">
      <button type="button" id="resend">Send another code</button>
      <button type="button" id="restart">Another address</button>
    </div>
  </form>

  <section id="account" aria-labelledby="title" hidden>
    <p>You are <strong id="who"></strong>.</p>
    <h2 id="where">Where you are signed in</h2>
    <ul id="sessions" aria-labelledby="where"></ul>
    <div class="row">
      <button type="button" id="out">Sign out</button>
      <button type="button" id="others">End all others</button>
    </div>
  </section>
</main>
<script nonce="NONCE">
"use strict";
const by = (id) => document.getElementById(id);
const KEPT = "latchkey-step"; // a phone may reload the page while its owner is reading mail
let step = JSON.parse(sessionStorage.getItem(KEPT));
let mine = null;

async function call(address, body) {
  const [method, path] = address.split(" ");
  const sent = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch("/auth" + path, { method, ...sent });
  const reply = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw reply;
  return reply;
}

function words({ code, message, details }) {
  if (code === undefined) return "The server does not answer. Try again in a moment.";
  if (code === "origin_forbidden") return "Open this page at the address that the server printed when it started.";
  if (code === "input_invalid") return details.issues.map(({ path, message }) => path + " " + message).join("; ") + ".";
  if (code !== "code_invalid") return message;
  const left = details.attemptsLeft;
  if (left === 0) return "The code is wrong, and that was the last attempt. Ask for another one with your address.";
  return "The code is wrong or has expired. " + left + (left === 1 ? " attempt" : " attempts") + " left.";
}

/** Shows one part, and puts the reader there. */
function show(part, title, status, focus) {
  for (const id of ["ask", "answer", "account"]) by(id).hidden = id !== part;
  document.title = title + " · Latchkey";
  by("title").textContent = title;
  by("status").textContent = status;
  by("error").textContent = "";
  by(focus).focus();
}

function remember(next) {
  step = next;
  if (next === null) sessionStorage.removeItem(KEPT);
  else sessionStorage.setItem(KEPT, JSON.stringify(next));
}

function showAsk(status) {
  remember(null);
  show("ask", "Sign in", status, "email");
}

function showAnswer(status) {
  by("code").value = "";
  show("answer", "Enter your code", status, "code");
  tick();
}

/** The button that sends another code says from when on it does. */
function tick() {
  const wait = step === null ? 0 : Math.ceil((Date.parse(step.resendAt) - Date.now()) / 1000);
  by("resend").disabled = wait > 0;
  by("resend").textContent = wait > 0 ? "Send another code in " + wait + " s" : "Send another code";
  if (wait > 0 && !by("answer").hidden) setTimeout(tick, 1000);
}

async function showAccount(status) {
  remember(null);
  const { user, session } = await call("GET /session");
  if (user === null) return showAsk("");
  mine = session.id;
  by("who").textContent = user.name ?? user.email;
  const { items } = await call("GET /sessions");
  by("sessions").replaceChildren(...items.toReversed().map(row));
  by("others").hidden = items.length < 2;
  show("account", "You are signed in", status, "title");
}

function row({ id, userAgent, createdAt, current }) {
  const item = document.createElement("li");
  const text = document.createElement("div");
  const device = deviceOf(userAgent ?? "");
  const since = "since " + new Date(createdAt).toLocaleString();
  text.append(device, current ? ", " : "", current ? element("strong", "this one") : "", element("div", since, "soft"));
  item.append(text);
  if (current) return item;
  const end = element("button", "End");
  end.type = "button";
  end.setAttribute("aria-label", "End " + device + ", " + since);
  end.addEventListener("click", () => attempt(end, async () => {
    await call("DELETE /sessions/" + encodeURIComponent(id));
    await showAccount("That session has ended.");
  }));
  item.append(end);
  return item;
}

function element(name, text, style) {
  const made = document.createElement(name);
  made.textContent = text;
  if (style) made.className = style;
  return made;
}

function deviceOf(agent) {
  const first = (names) => names.find(([part]) => agent.includes(part))?.[1];
  const browser = first([["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]]);
  const system = first([["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"],
    ["Mac OS", "macOS"], ["Linux", "Linux"]]);
  return browser && system ? browser + " on " + system : browser ?? (agent.slice(0, 60) || "A program without a name");
}

/** Does what a button stands for, once at a time, and says what went wrong. */
async function attempt(button, work) {
  if (button.disabled) return;
  button.disabled = true;
  by("error").textContent = "";
  try {
    await work();
  } catch (problem) {
    const gone = ["unauthenticated", "session_ended", "token_invalid", "challenge_invalid"].includes(problem.code);
    if (gone || problem.details?.attemptsLeft === 0) showAsk("");
    by("error").textContent = words(problem);
    if (!by("answer").hidden) by("code").select();
  } finally {
    button.disabled = false;
    if (button.id === "resend") tick();
    if (document.activeElement === document.body) button.focus(); // a disabled button has lost it
  }
}

function onSubmit(form, work) {
  by(form).addEventListener("submit", (event) => {
    event.preventDefault();
    const field = event.target.querySelector("input");
    if (field.checkValidity()) return attempt(event.target.querySelector("button"), () => work(field.value));
    by("error").textContent = field.validationMessage;
    field.focus();
  });
}

function onClick(id, work) {
  by(id).addEventListener("click", ({ currentTarget }) => attempt(currentTarget, work));
}

onSubmit("ask", async (email) => {
  remember({ ...await call("POST /email/start", { email }), email });
  showAnswer("A code is on its way to " + email + ".");
});
onSubmit("answer", async (code) => {
  await call("POST /email/verify", { challengeId: step.challengeId, code });
  await showAccount("");
});
onClick("resend", async () => {
  remember({ ...step, ...await call("POST /challenges/resend", { challengeId: step.challengeId }) });
  showAnswer("Another code is on its way to " + step.email + ". The one before is good until it expires.");
});
onClick("restart", () => showAsk(""));
onClick("out", async () => {
  await call("POST /sign-out");
  showAsk("You are signed out.");
});
onClick("others", async () => {
  const { ended } = await call("POST /sign-out/all", { except: mine });
  await showAccount(ended === 1 ? "One other session has ended." : ended + " other sessions have ended.");
});

if (step !== null && Date.parse(step.expiresAt) > Date.now()) showAnswer("Enter the code sent to " + step.email + ".");
else showAccount("").catch((problem) => {
  showAsk("");
  by("error").textContent = words(problem);
});
</script>
</body>
</html>
`;
