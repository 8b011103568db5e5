// The page by keyboard: what each key does stands in the dialog that ? opens, which the server writes.
const places = { o: "/", d: "/decisions", g: "/gate", c: "/control", r: "/reports", t: "/capacity", h: "/health" };

let going = false; // g was pressed

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
  const go = going && places[e.key];
  going = !going && e.key === "g";
  if (go) location.assign(go);
  else if (e.key === "/") focus(document.querySelector("main input[type=search]"), e);
  else if (e.key === "?") help();
  else if (e.key === "j") move(1);
  else if (e.key === "k") move(-1);
});

document.addEventListener("click", (e) => e.target.closest("[data-help]") && (e.preventDefault(), help()));

function typing(target) {
  return target.closest("input:not([type=checkbox]), select, textarea, dialog[open]");
}

function focus(field, e) {
  if (!field) return;
  e.preventDefault();
  field.focus();
  field.select();
}

// move goes from one row of the page to the next.
function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next]?.focus();
}

function help() {
  document.querySelector("#keys").showModal();
}
