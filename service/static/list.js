// Counts what is marked, marks a whole page, and shows a range of scores while it is chosen.
// Everything works without this file.
"use strict";

(() => {
  const find = (selector) => document.querySelector(selector);
  const boxes = () => [...document.querySelectorAll(".list input[name=comment]")];
  const all = find("#all");
  const digits = new Intl.NumberFormat(document.body.dataset.locale, { useGrouping: true });
  const scores = new Intl.NumberFormat(document.body.dataset.locale, { minimumFractionDigits: 2 });

  function count() {
    const present = boxes();
    const marked = present.filter((box) => box.checked);
    const told = find("#marked");
    told.textContent = marked.length
      ? `${told.dataset.some} ${digits.format(marked.length)}`
      : told.dataset.none;
    for (const each of document.querySelectorAll(".marked button[name=move]")) {
      each.disabled = !marked.length;
    }
    all.checked = marked.length === present.length;
    all.indeterminate = marked.length > 0 && !all.checked;
    for (const box of present) box.closest("li").classList.toggle("chosen", box.checked);
  }

  if (all) {
    all.closest("label").hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
      count();
    });
    document.addEventListener("change", (event) => {
      if (event.target.matches(".list input[name=comment]")) count();
    });
    count();
  }

  // A line that is decided on goes; who works by keys goes on with the next one.
  let after = null;
  document.addEventListener(
    "submit",
    (event) => {
      const line = event.submitter?.closest(".list > li");
      if (!line) return;
      // Pressed twice, it would be told that the comment is decided on already.
      if (line.matches(".going")) event.stopImmediatePropagation();
      if (line.matches(".going")) event.preventDefault();
      line.classList.add("going");
      after = line.nextElementSibling || line.previousElementSibling;
    },
    { capture: true },
  );
  document.addEventListener("htmx:afterRequest", (event) => {
    for (const line of document.querySelectorAll(".going")) line.classList.remove("going");
    if (!event.detail.successful) return;
    if (!boxes().length) window.location.reload();
    count();
    // Not where somebody has gone elsewhere meanwhile.
    if (document.activeElement === document.body) after?.focus();
  });

  // Enter opens the line that J and K have led to.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches(".list > li")) {
      event.target.querySelector(".open").click();
    }
  });

  const [from, to] = ["score_from", "score_to"].map((name) => find(`input[name=${name}]`));

  function range(event) {
    if (Number(from.value) > Number(to.value)) {
      const other = event.target === from ? to : from;
      other.value = event.target.value;
    }
    for (const each of [from, to]) {
      each.parentElement.querySelector("output").textContent = scores.format(each.value);
    }
    for (const bar of document.querySelectorAll(".histogram rect")) {
      const start = Number(bar.dataset.from);
      const chosen = start >= Number(from.value) - 1e-9 && start < Number(to.value) - 1e-9;
      bar.classList.toggle("chosen", chosen);
    }
  }

  for (const each of [from, to]) each.addEventListener("input", range);
})();
