// Shows the next comment at once: it is fetched while the moderator reads the one before.
// Everything works without this file, only slower.
"use strict";

(() => {
  const headers = { "X-Ghirbal-Fragment": "1" };
  let ahead = null; // the part of the page that comes next, if it is here already
  let sending = Promise.resolve(true); // the last decision on its way; false if it was lost
  let busy = false;
  let shownAt = -Infinity;
  const DOUBLE_MS = 400;

  const find = (selector) => document.querySelector(selector);

  function tell(message) {
    const line = document.createElement("p");
    line.className = "problem";
    line.textContent = message;
    find("#head .told").replaceChildren(line);
  }

  function show(desk) {
    find("#desk").replaceWith(desk);
    shownAt = performance.now();
    window.scrollTo(0, 0);
    window.history.replaceState(null, "", desk.dataset.address || "/review");
    const heading = desk.querySelector("#by, h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  // What an answer brings replaces what is there; a comment for later is kept.
  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    find("#head").replaceWith(page.getElementById("head"));
    const desk = page.getElementById("desk");
    if (desk && "ahead" in desk.dataset) {
      ahead = desk;
      ahead.removeAttribute("data-ahead");
    } else if (desk) {
      ahead = null;
      show(desk);
      look();
    }
  }

  // A whole page has a new token, or asks to sign in; it brings the comment back and tells what was lost.
  function leave(status, back) {
    const signIn = `/sign-in?next=${encodeURIComponent(back)}`;
    window.location.assign(status === 401 ? signIn : back);
    return new Promise(() => {}); // nothing more is sent from here
  }

  async function ask(address, options = {}, back = window.location.pathname) {
    const answer = await fetch(address, { ...options, headers, redirect: "error" });
    if (answer.ok) return answer.text();
    // A database that is away may come back.
    if (answer.status === 401 || (answer.status < 500 && options.method)) {
      return leave(answer.status, back);
    }
    throw new Error(answer.status);
  }

  async function look() {
    const shown = find("#desk").dataset;
    if (!("open" in shown)) return;
    try {
      const text = await ask(`${shown.address}/ahead`);
      const now = find("#desk").dataset;
      if (now.comment === shown.comment && !ahead) {
        const told = find("#head .told");
        take(text);
        find("#head .told").replaceWith(told);
      }
    } catch {
      // The decision itself will say what is wrong.
    }
  }

  async function load(address, options, back) {
    if (busy) return;
    busy = true;
    try {
      if (await sending) take(await ask(address, options, back));
    } catch {
      tell(document.body.dataset.lost);
    } finally {
      busy = false;
    }
  }

  async function decide(form, submitter) {
    if (busy) return;
    const body = new FormData(form, submitter);
    const options = { method: "POST", body, keepalive: true };
    const before = find("#desk");
    const back = before.dataset.address;
    if (!ahead) {
      await load(form.action, options, back);
      return;
    }
    const earlier = sending;
    body.set("shown", ahead.dataset.comment);
    show(ahead);
    ahead = null;
    sending = (async () => {
      if (!(await earlier)) return false;
      try {
        take(await ask(form.action, options, back));
        return true;
      } catch {
        show(before);
        ahead = null;
        tell(document.body.dataset.lost);
        // What follows may be tried again from here.
        window.setTimeout(() => (sending = Promise.resolve(true)));
        return false;
      }
    })();
  }

  // The next comment's button comes under the pointer: the second click of two is not meant for it,
  // nor is one that comes before anybody can have read it. A key's click has no detail.
  document.addEventListener(
    "click",
    (event) => {
      if (!event.detail || !event.target.closest("[data-decides] button")) return;
      if (event.detail === 1 && event.timeStamp - shownAt > DOUBLE_MS) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-desk")) return;
    event.preventDefault();
    if (form.hasAttribute("data-decides")) decide(form, event.submitter);
    else load(form.action, { method: "POST", body: new FormData(form, event.submitter) });
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-desk]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    load(link.href, {});
  });

  if (find("#desk")) look();
})();
