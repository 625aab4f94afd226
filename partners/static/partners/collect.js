/* Script of the page that takes a link: it moves the token from the address bar into the form, where people see it. */
"use strict";

function takeLink() {
  const token = location.hash.slice(1);
  if (!/^[0-9A-Za-z]+$/.test(token)) return;
  document.querySelector("[data-link]").value = token;
  document.querySelector("[data-link-missing]").hidden = true;
  document.querySelector("[data-link-read]").hidden = false;
  history.replaceState(null, "", location.pathname);
  document.querySelector("button[name=step]").focus();
}
takeLink();
addEventListener("hashchange", takeLink);
