/* Scripts of the developer pages: one language for all examples, and a list of pages that folds on small screens. */
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

const pages = document.querySelector(".docs-pages details");
const narrow = matchMedia("(max-width: 767px)");
const fold = () => { pages.open = !narrow.matches; };
fold();
narrow.addEventListener("change", fold);
