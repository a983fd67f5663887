// Shows the next comment without loading the page again, and lets keys press buttons.
// Everything works without this file, only slower.
"use strict";

(() => {
  let busy = false;

  const find = (selector) => document.querySelector(selector);

  function tell(message) {
    const line = document.createElement("p");
    line.className = "problem";
    line.textContent = message;
    find(".told").replaceChildren(line);
  }

  function replace(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const desk = page.getElementById("desk");
    find("#desk").replaceWith(desk);
    window.scrollTo(0, 0);
    const heading = desk.querySelector("#by, h2");
    if (heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }

  async function load(address, options) {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(address, {
        ...options,
        headers: { "X-Ghirbal-Fragment": "1" },
        redirect: "error",
      });
      if (answer.status === 401) {
        window.location.assign("/sign-in?next=/review");
      } else if (!answer.ok) {
        // A form that is out of date or a database that is away: the page says which.
        window.location.reload();
      } else {
        replace(await answer.text());
        const shown = answer.headers.get("X-Ghirbal-Address");
        window.history.replaceState(null, "", shown || "/review");
      }
    } catch {
      tell(document.body.dataset.lost);
    } finally {
      busy = false;
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-desk")) return;
    event.preventDefault();
    load(form.action, { method: "POST", body: new FormData(form, event.submitter) });
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-desk]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    load(link.href, {});
  });

  function typing(target) {
    return target.closest("input:not([type=radio], [type=checkbox]), textarea, select") !== null;
  }

  // In the list, J and K go from comment to comment; Enter opens one.
  function leaf(code, event) {
    const links = [...document.querySelectorAll(".list .open")];
    const step = { KeyJ: 1, KeyK: -1 }[code];
    if (!step || !links.length) return;
    event.preventDefault();
    const at = links.indexOf(document.activeElement);
    links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  }

  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.keys !== "on" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.repeat || event.isComposing || typing(event.target)) return;
    // By place on the keyboard: on an Arabic layout the key of "a" types "ش".
    const code = event.code.replace("Numpad", "Digit");
    const pressed = find(`[data-key="${CSS.escape(code)}"]`);
    if (!pressed) return leaf(code, event);
    event.preventDefault();
    pressed.click();
    if (pressed.type === "radio") find('[data-key="KeyR"]').click();
  });
})();
