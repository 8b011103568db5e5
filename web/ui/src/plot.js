// Charts that can be read closely: the drawing of the server makes place for one with a cursor, which all charts of the
// page share, and into which one zooms by dragging (a double click goes back). The figures stand in the page; what
// happened is taken over from the drawing. Who runs no scripts keeps the drawing, and so does everybody in print.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const words = {
  percent: (v) => (100 * v).toFixed(v > 0.9 && v < 1 ? 4 : 1).replace(/\.?0+$/, "") + " %",
  times: (v) => (v < 10 ? v.toFixed(1) : Math.round(v)) + "×",
  events: (v) => Math.round(v).toLocaleString("en-US"),
};

// setting says a setting in its own words where it is at an end of its range.
const setting = (ends, texts) => (v) => (v === ends[0] ? texts[0] : v === ends[1] ? texts[1] : (+v.toPrecision(4) + " " + texts[2]).trim());

const labels = { ideal: "evenly", bad: "bad", short: "short window", limit: "limit" };

// reach is how far the figures of a kind of chart reach, given the lowest and the highest.
const reach = {
  left: (low) => [Math.min(0, low), 1],
  events: (_, high) => [0, high || 1],
  burn: (_, high) => [0, 1.1 * high],
  sli: (low) => [low, 1],
};

let plots = [];
let zoom = null; // the time that is looked at closely

draw();
document.addEventListener("htmx:after:swap", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(() => plots.forEach((p) => p.setSize({ width: p.root.parentNode.clientWidth, height: p.height }))).observe(document.documentElement);

function draw() {
  plots.forEach((p) => p.destroy());
  plots = []; // none of those is told of what the new ones begin with
  plots = [...document.querySelectorAll("figure[data-values]")].map(plot);
}

function plot(figure) {
  const { times, values, unit, limit, more } = figure.dataset;
  const ends = figure.dataset.ends?.split(",").map(Number);
  const word = ends ? setting(ends, figure.dataset.words.split("|")) : words[unit];
  const numbers = (text) => text.split(",").map((v) => (v === "" ? null : Number(v)));
  const data = [numbers(times), numbers(values)];
  const others = (more || "").split(";").filter(Boolean).map((line) => line.split("="));
  if (limit) others.push(["limit", data[0].map(() => limit).join()]);
  const css = getComputedStyle(figure);
  const colour = (name) => css.getPropertyValue(name).trim();
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false }, font: "11px " + css.fontFamily };
  figure.classList.add("plotted");
  const size = { width: figure.clientWidth, height: figure.classList.contains("left") ? 170 : 140 };
  const zone = figure.closest("[data-zone]")?.dataset.zone || "UTC";
  const clock = (t, options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(new Date(1000 * t));
  const say = (_, v) => (v === null || v === undefined ? "not known" : word(v));
  const series = [{ value: (_, t) => (t ? clock(t, { dateStyle: "medium", timeStyle: "short" }) : "") }, { label: "value", stroke: colour(ends ? "--blue" : "--ink"), width: 1.5, dash: figure.classList.contains("simulated") ? [6, 4] : [], value: say, ...(ends && { paths: uPlot.paths.stepped({ align: 1 }) }) }];
  for (const [name, line] of others) {
    data.push(numbers(line));
    series.push({ label: labels[name], value: say, ...looks(name, colour) });
  }
  const chart = new uPlot(
    {
      ...size,
      tzDate: (t) => uPlot.tzDate(new Date(1000 * t), zone),
      cursor: { sync: { key: "page" }, drag: { x: true, y: false } },
      scales: { x: { min: (zoom ?? whole(figure))[0], max: (zoom ?? whole(figure))[1] }, y: ends ? { range: [Math.min(...ends), Math.max(...ends)], dir: ends[1] < ends[0] ? -1 : 1 } : { range: (_, low, high) => reach[figure.classList[1]]?.(low, high) ?? [low, high] } },
      axes: [{ ...axis, values: (_, all, i, space, step) => all.map((t) => clock(t, step < 86400 ? { hour: "2-digit", minute: "2-digit", ...(step < 60 && { second: "2-digit" }) } : { day: "numeric", month: "short" })) }, { ...axis, size: 64, ...(ends && { splits: ends }), values: (_, all) => all.map((v) => word(v)) }],
      series,
      hooks: { setCursor: [(u) => u.root.classList.toggle("read", u.cursor.idx !== null)], draw: [(u) => happened(u, figure, colour)], setScale: [(u, key) => key === "x" && zoomed(u)] },
    },
    data,
    figure,
  );
  chart.root.setAttribute("aria-hidden", "true"); // the drawing says it in words
  return chart;
}

function looks(name, colour) {
  if (name === "bad") return { stroke: colour("--bad-fill"), width: 1.5 };
  return { stroke: colour(name === "limit" ? "--warn-fill" : "--soft"), width: 1, dash: name === "short" ? [] : [4, 3] };
}

// whole is the time of a chart, which those of a page share.
function whole(figure) {
  return [Number(figure.dataset.from), Number(figure.dataset.to)];
}

// zoomed has all charts look at the same time. A double click has uPlot go back to where the figures begin and end: then
// it is all of the time.
function zoomed(u) {
  const { min, max } = u.scales.x;
  const all = u.data[0];
  const back = min === all[0] && max === all[all.length - 1];
  const full = whole(u.root.closest("figure"));
  const next = back || String([min, max]) === String(full) ? null : [min, max];
  if (String(next) === String(zoom) && !back) return;
  zoom = next;
  for (const p of plots) {
    const [from, to] = zoom ?? full;
    if (p.scales.x.min !== from || p.scales.x.max !== to) p.setScale("x", { min: from, max: to });
  }
}

// happened draws a line where the server's drawing has a mark, and an area where it has a band.
function happened(u, figure, colour) {
  const [from, to] = [Number(figure.dataset.from), Number(figure.dataset.to)];
  const x = (percent) => u.valToPos(from + ((to - from) * parseFloat(percent)) / 100, "x", true);
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.15;
  ctx.fillStyle = colour("--blue");
  for (const b of figure.querySelectorAll("rect.band")) ctx.fillRect(x(b.getAttribute("x")), bbox.top, x(parseFloat(b.getAttribute("x")) + parseFloat(b.getAttribute("width"))) - x(b.getAttribute("x")), bbox.height);
  ctx.globalAlpha = 0.8;
  for (const m of figure.querySelectorAll("svg.event")) {
    ctx.fillStyle = colour(m.classList.contains("order") ? "--warn-fill" : m.matches(".release, .deploy, .note") ? "--ink" : "--blue");
    ctx.fillRect(x(m.getAttribute("x")), bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.restore();
}
