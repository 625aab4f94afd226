/* Scripts of the staff pages: copy buttons, keeping a new key on the page, not sending a form twice, selecting all. */
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  const status = document.getElementById(`${button.dataset.copy}-copied`);
  try {
    await navigator.clipboard.writeText(text.trim());
    if (status) status.textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(source);
    if (source.select) source.select();
    if (status) status.textContent = "Selected. Press Ctrl+C to copy.";
  }
});

// Who leaves a page that shows a secret once finds none on coming back: its links open in a new tab.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([href^='#'], [target])");
  if (link && document.querySelector("[data-shown-once]")) link.target = "_blank";
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "true";
});

addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent);
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

// `/`, Ctrl+K and ⌘K lead to the search box, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  const box = document.querySelector("[data-search]");
  const asked = event.key === "/" ? !event.target.closest("input, textarea, select, [contenteditable]") && !event.altKey
    : event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  if (!box || !asked) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// One box selects all of a page. Without a script it is hidden.
document.querySelectorAll("input[data-all]").forEach((all) => {
  const boxes = [...all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)];
  const count = () => boxes.filter((box) => box.checked).length;
  const show = () => {
    all.checked = count() === boxes.length;
    all.indeterminate = count() > 0 && !all.checked;
  };
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
});
