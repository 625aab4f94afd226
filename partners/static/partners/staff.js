/* Scripts of the staff pages: times of the reader, copy buttons, keeping a secret on its page, not sending a form twice,
   folding filters on a phone, selecting all. */
"use strict";

const readersTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
document.querySelectorAll("time[datetime]").forEach((time) => {
  time.title = `${readersTime.format(new Date(time.dateTime))}, your time`;
});

const announced = document.createElement("p");
announced.className = "visually-hidden";
announced.setAttribute("role", "status");
document.body.append(announced);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy], button[data-text]");
  if (!button) return;
  const { copy, text } = button.dataset;
  const source = copy ? document.getElementById(copy) : button.previousElementSibling;
  const status = document.getElementById(`${copy}-copied`) ?? announced;
  document.querySelectorAll("button.copied").forEach((other) => other.classList.remove("copied"));
  try {
    await navigator.clipboard.writeText((text ?? source.value ?? source.innerText).trim());
    status.textContent = text ? `Copied ${text}.` : "Copied.";
    button.classList.add("copied");
  } catch {
    getSelection().selectAllChildren(source);
    if (source.select) source.select();
    status.textContent = "Selected. Press Ctrl+C to copy.";
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-download]");
  if (!button) return;
  const text = document.getElementById(button.dataset.download).innerText;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text.trim()}\n`], { type: "text/plain" }));
  link.download = button.dataset.filename;
  link.click();
  URL.revokeObjectURL(link.href);
});

// A page that shows a secret once can't be shown again: its links open in a new tab, and leaving it asks first.
if (document.querySelector("[data-shown-once]")) {
  let saved = false;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]:not([href^='#'], [target])");
    if (event.target.closest("[data-saved]")) saved = true;
    else if (link) link.target = "_blank";
  });
  addEventListener("beforeunload", (event) => {
    if (!saved) event.preventDefault();
  });
}

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

// On a phone, filters fold unless they are in use. Without a script they are open.
const narrow = matchMedia("(max-width: 767px)");
const fold = () => document.querySelectorAll("details.fold:not([data-used])").forEach((filters) => {
  filters.open = !narrow.matches;
});
narrow.addEventListener("change", fold);
fold();

// One box selects all of a page, and the form says how many are selected. Without a script both are hidden.
document.querySelectorAll("input[data-all]").forEach((all) => {
  const boxes = [...all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)];
  const number = all.form.querySelector("[data-selected]");
  const count = () => boxes.filter((box) => box.checked).length;
  const show = () => {
    all.checked = count() === boxes.length;
    all.indeterminate = count() > 0 && !all.checked;
    number.textContent = count() ? ` (${count()})` : "";
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    show();
  });
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
});
