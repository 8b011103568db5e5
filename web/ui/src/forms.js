// Forms that ask for a view answer as soon as something is chosen; while a word is typed, after a moment.
import htmx from "htmx.org";

let soon;

document.addEventListener("change", (e) => e.target.form?.matches("[data-auto]") && show(e.target.form));
document.addEventListener("input", (e) => {
  if (e.target.type !== "search" || !e.target.form?.matches("[data-auto]")) return;
  clearTimeout(soon);
  soon = setTimeout(show, 150, e.target.form);
});

function show(form) {
  const url = new URL(form.action);
  url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  history.replaceState(null, "", url);
  htmx.ajax("GET", url.href, { target: "#page", select: "#page", swap: "outerMorph" });
}
