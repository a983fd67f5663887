// Asks what to expect of the thresholds while they are typed.
// Without this file a button asks.
"use strict";

(() => {
  const form = document.getElementById("policy");
  let timer;
  let last;

  async function foresee() {
    last?.abort();
    last = new AbortController();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Ghirbal-Fragment": "1" },
        signal: last.signal,
      });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("foresight").replaceWith(page.getElementById("foresight"));
    } catch {
      // The next change or the button asks again.
    }
  }

  form.addEventListener("input", (event) => {
    if (!event.target.closest(".thresholds")) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(foresee, 200);
  });
})();
