/* Scripts of the developer pages: one language for all examples, what folds, and where the reader is. */
"use strict";

const CHOSEN = "docs-language";

function choose(language) {
  document.querySelectorAll(`.example input[value="${language}"]`).forEach((input) => { input.checked = true; });
}

document.addEventListener("change", (event) => {
  if (!event.target.matches(".example input")) return;
  const before = event.target.getBoundingClientRect().top;
  choose(event.target.value);
  scrollBy(0, event.target.getBoundingClientRect().top - before);
  try { localStorage.setItem(CHOSEN, event.target.value); } catch { /* then it applies to this page only */ }
});

try {
  const language = localStorage.getItem(CHOSEN);
  if (/^[a-z]+$/.test(language ?? "")) choose(language);
} catch { /* without storage, show the first language */ }

// Without a script, all that folds is open. With one, it folds on screens where it would be in the way.
const folding = document.querySelectorAll("details[data-folds]");
folding.forEach((part) => {
  const small = matchMedia(part.dataset.folds);
  const fold = () => { part.open = !small.matches; };
  fold();
  small.addEventListener("change", fold);
});

function unfoldTarget() {
  const target = document.getElementById(location.hash.slice(1));
  target?.closest("section")?.querySelectorAll("details[data-folds]").forEach((part) => { part.open = true; });
}
unfoldTarget();
addEventListener("hashchange", unfoldTarget);

const entries = new Map([...document.querySelectorAll(".docs-index a")].map((link) => [link.hash.slice(1), link]));
const reading = new IntersectionObserver((changes) => {
  const heading = changes.find((change) => change.isIntersecting)?.target;
  if (!heading) return;
  document.querySelector(".docs-index [aria-current]")?.removeAttribute("aria-current");
  entries.get(heading.id).setAttribute("aria-current", "location");
}, { rootMargin: "0px 0px -70%" });
entries.forEach((link, id) => reading.observe(document.getElementById(id)));
