// Lets single keys press buttons, and tells of a marked word beside the word.
// Everything works without this file: with the pointer, and with a line at the foot of the page.
"use strict";

(() => {
  document.documentElement.classList.add("scripted");

  function typing(target) {
    return target.closest("input:not([type=radio], [type=checkbox]), textarea, select") !== null;
  }

  // In a list, J and K go from comment to comment; the other keys press what is in its line.
  function lineOf(element) {
    return element.closest(".list > li");
  }

  function leaf(code) {
    const lines = [...document.querySelectorAll(".list > li")];
    const step = { KeyJ: 1, KeyK: -1 }[code];
    if (!step || !lines.length) return false;
    const at = lines.indexOf(lineOf(document.activeElement));
    const line = lines[at < 0 ? 0 : Math.min(Math.max(at + step, 0), lines.length - 1)];
    line.focus();
    line.scrollIntoView({ block: "nearest" });
    return true;
  }

  function button(code) {
    const selector = `[data-key="${CSS.escape(code)}"]`;
    const line = lineOf(document.activeElement);
    return (line && line.querySelector(selector)) || document.querySelector(`main ${selector}:not(.list > li *)`);
  }

  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.keys !== "on" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.repeat || event.isComposing || typing(event.target)) return;
    // By place on the keyboard: on an Arabic layout the key of "a" types "ش".
    const place = event.code.replace("Numpad", "Digit");
    // A question mark asks for help wherever it is on the keyboard.
    const shifted = event.shiftKey ? `Shift+${place}` : place;
    const code = "?؟".includes(event.key) ? "Shift+Slash" : shifted;
    const help = document.querySelector("#keys-help:popover-open");
    // Whoever reads what a key does may try it: it shall decide nothing behind the list.
    const pressed = help && code !== "Shift+Slash" ? null : button(code);
    if (!pressed) {
      if (!help && leaf(code)) event.preventDefault();
      return;
    }
    event.preventDefault();
    if (pressed.matches("input:not([type=checkbox])")) pressed.focus();
    else pressed.click();
  });

  // What htmx asks for and does not get is told, as on the pages that ask themselves. What was
  // refused says why in the page that came instead; a server that is away says nothing.
  function refusal(answer) {
    if (!answer || answer.status >= 500) return null;
    return new DOMParser().parseFromString(answer.responseText, "text/html").querySelector("main p");
  }

  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(name, (event) => {
      const said = name === "htmx:sendError" ? null : refusal(event.detail.xhr);
      const line = document.createElement("p");
      line.className = "problem";
      line.textContent = said ? said.textContent : document.body.dataset.lost;
      document.querySelector("#head .told").replaceChildren(line);
    });
  }

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);

  function tell(mark) {
    tip.textContent = mark.getAttribute("aria-description");
    tip.hidden = false;
    const place = mark.getBoundingClientRect();
    const left = document.dir === "rtl" ? place.right - tip.offsetWidth : place.left;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(left, room))}px`;
    const below = place.bottom + 4;
    const fits = below + tip.offsetHeight < window.innerHeight;
    tip.style.top = `${fits ? below : place.top - tip.offsetHeight - 4}px`;
  }

  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const mark = event.target.closest("mark");
      if (mark) tell(mark);
      else if (event.target !== tip) tip.hidden = true;
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    tip.hidden = true;
    // Out of a field, back to the keys that decide.
    if (typing(event.target)) event.target.blur();
  });
  document.addEventListener("scroll", () => (tip.hidden = true), { passive: true });
})();
