// What pages do beyond HTML: the local time on hover, the token of forms, where errors are.
"use strict";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function tellLocalTimes(root) {
  for (const it of root.querySelectorAll("time[datetime]")) {
    it.title = local.format(new Date(it.dateTime));
  }
}

// Requests by htmx that change something bring the token that forms bring.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=csrf_token]");
  if (token) event.detail.headers["X-CSRFToken"] = token.value;
});
document.addEventListener("htmx:load", (event) => tellLocalTimes(event.detail.elt));

// A button that is pressed twice does its work once.
const PRESSED_TWICE_MS = 5000;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (Date.now() - Number(form.dataset.sentAt || 0) < PRESSED_TWICE_MS) event.preventDefault();
  else form.dataset.sentAt = Date.now();
});

tellLocalTimes(document);
// Whoever cannot see the page hears first what is wrong with the form.
document.querySelector("[role=alert]")?.focus();
