// Keeps the page up to date. The server says over /events that there is something new; then the page is read again and
// put in the place of the old one, so that whoever is typing or has opened something keeps it. While the connection is
// lost the page says since when.
import htmx from "htmx.org";

const patience = 3000; // ms without a connection before the page says so

let source, lost, since;

connect();
addEventListener("online", connect);
document.addEventListener("visibilitychange", () => document.hidden || catchUp());
document.addEventListener("click", (e) => e.target.closest("#news button") && refresh());

function connect() {
  source?.close();
  source = new EventSource("/events");
  source.addEventListener("news", heard);
  source.onopen = found;
  source.onerror = () => {
    since ??= new Date();
    lost ??= setTimeout(say, patience);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, patience);
  };
}

// heard takes in what the server knows now. Also after it was away: then the first thing that it says may be older
// than what the page shows, or newer, and both are something else.
function heard(event) {
  found();
  document.documentElement.dataset.known = event.data;
  if (!document.hidden) catchUp();
}

function catchUp() {
  const known = document.documentElement.dataset.known;
  if (!known || known === page()?.dataset.seen) return;
  if (busy()) document.querySelector("#news").hidden = false;
  else refresh();
}

// busy is true while somebody fills in a form of the page.
function busy() {
  const field = document.activeElement?.closest("main input, main select, main textarea");
  return Boolean(field && field.form?.method === "post") || [...document.querySelectorAll("main form[method=post]")].some(changed);
}

function changed(form) {
  return [...form.elements].some((e) => (e.type === "checkbox" ? e.checked !== e.defaultChecked : e.defaultValue !== undefined && e.type !== "hidden" && e.value !== e.defaultValue));
}

function refresh() {
  document.querySelector("#news").hidden = true;
  const url = new URL(location.href);
  url.hash = "";
  return htmx.ajax("GET", url.href, { target: "#page", select: "#page", swap: "outerMorph" });
}

// What a reader has opened or closed stays so when the page is put in the place of the old one. It is known again by its
// words, without the figures in them.
let folds = new Map();

document.addEventListener("htmx:before:swap", () => (folds = new Map(folded().map(([name, e]) => [name, e.open]))));
document.addEventListener("htmx:after:swap", () => folded().forEach(([name, e]) => folds.has(name) && (e.open = folds.get(name))));

function folded() {
  const seen = {};
  return [...document.querySelectorAll("main details")].map((e) => {
    const words = e.className + " " + e.querySelector("summary").textContent.replace(/\d+/g, "");
    seen[words] = (seen[words] || 0) + 1;
    return [words + " " + seen[words], e];
  });
}

function found() {
  clearTimeout(lost);
  lost = since = undefined;
  document.querySelector("#offline").hidden = true;
}

function say() {
  const banner = document.querySelector("#offline");
  banner.querySelector("time").textContent = since.toISOString().slice(11, 19) + " UTC";
  banner.hidden = false;
}

function page() {
  return document.querySelector("#page");
}
