// Pictures in the page's own pixels, so that no text is smaller than 12 px; values on hover, and as a table.
import { element, svg, button } from "./dom.js";

const LEFT = 62, RIGHT = 14, TOP = 14, BOTTOM = 30;

function ticks(low, high, count) {
  const rough = (high - low || 1) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

// draw(width) makes a picture; it is made again when its place gets another width.
export function fitting(draw) {
  const place = element("div", { class: "plot" });
  let last = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (width > 40 && width !== last) place.replaceChildren(draw((last = width)));
  }).observe(place);
  return place;
}

export function frame(width, height, { xs, ys, writeX, writeY, label }) {
  const spanY = ys[1] - ys[0] || 1, spanX = xs[1] - xs[0] || 1;
  const x = (value) => LEFT + ((value - xs[0]) / spanX) * (width - LEFT - RIGHT);
  const y = (value) => height - BOTTOM - ((value - ys[0]) / spanY) * (height - TOP - BOTTOM);
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const value of ticks(ys[0], ys[1], 4)) {
    root.append(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
    root.append(svg("text", { class: "tick", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end", text: writeY(value) }));
  }
  let free = -Infinity;
  for (const value of ticks(xs[0], xs[1], Math.max(3, Math.floor(width / 70)))) {
    const text = writeX(value), half = text.length * 3.6;
    if (x(value) - half < free || x(value) + half > width) continue; // labels never touch
    free = x(value) + half + 6;
    root.append(svg("text", { class: "tick", x: x(value), y: height - BOTTOM + 18, "text-anchor": "middle", text }));
  }
  return { root, x, y };
}

export const path = (points) => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

export function tip(root, width, height) {
  const text = svg("text", { class: "tip-text" }), back = svg("rect", { class: "tip", rx: 4, height: 22 });
  const line = svg("line", { class: "cursor", y1: TOP, y2: height - BOTTOM });
  const group = svg("g", { class: "hover", visibility: "hidden" }, line, back, text);
  root.append(group);
  return (at, words) => {
    group.setAttribute("visibility", words ? "visible" : "hidden");
    if (!words) return;
    text.textContent = words;
    const size = Math.min(text.getComputedTextLength?.() || words.length * 6.6, width - 16) + 14;
    const left = Math.min(Math.max(at - size / 2, 2), width - size - 2);
    back.setAttribute("x", left);
    back.setAttribute("y", 0);
    back.setAttribute("width", size);
    text.setAttribute("x", left + 7);
    text.setAttribute("y", 15);
    line.setAttribute("x1", at);
    line.setAttribute("x2", at);
  };
}

// A measure along a lever: range, today's and the proposal marked; a click takes a value. What lies beyond the end is
// marked at it with its value, off the curve, which would else rise there as it never does.
export function leverChart({ title, points: given, end, key, now, today, writeX, writeY, writeFull, label, use }) {
  const points = given.map((point) => ({ ...point, at: end == null ? point.x : Math.min(point.x, end) }));
  const low = (point) => point[`${key}_low`] ?? point[key], high = (point) => point[`${key}_high`] ?? point[key];
  const has = key !== "reach" && points.some((point) => `${key}_low` in point);
  const least = Math.min(...points.map(low)), most = Math.max(...points.map(high));
  const room = (most - least || Math.abs(most) || 1) * 0.08;
  const xs = [points[0].at, points.at(-1).at], ys = [least - room, most + room];
  const words = (point) => `${writeX(point.x)}${point.at < point.x ? ", beyond the picture" : ""}: ${writeFull(point[key])}${has ? ` (${writeFull(low(point))} to ${writeFull(high(point))})` : ""}`;
  const nearest = (value) => points.reduce((best, point) => (Math.abs(point.x - value) < Math.abs(best.x - value) ? point : best));
  const plot = fitting((width) => {
    const height = 190;
    const { root, x, y } = frame(width, height, { xs, ys, writeX, writeY, label: `${title}. ${label}. ${points.map(words).join("; ")}` });
    const along = points.filter((one) => one.at === one.x), beyond = points.filter((one) => one.at < one.x);
    if (has) root.append(svg("path", { class: "band", d: `${path(along.map((one) => [x(one.at), y(high(one))]))}${path([...along].reverse().map((one) => [x(one.at), y(low(one))])).replace("M", "L")}Z` }));
    root.append(svg("path", { class: "curve", d: path(along.map((one) => [x(one.at), y(one[key])])) }));
    for (const one of beyond) {
      const name = svg("text", { class: "beyond", x: x(one.at) + 6, y: y(one[key]) - 12, "text-anchor": "end" });
      name.textContent = `${writeX(one.x)} →`;
      root.append(name);
    }
    for (const [value, name] of [[today, "today"], [now, "now"]]) {
      if (value == null) continue;
      const at = nearest(value);
      root.append(svg("circle", { class: `mark ${name}`, cx: x(at.at), cy: y(at[key]), r: name === "now" ? 6 : 5 }));
    }
    const say = tip(root, width, height);
    const at = (event) => {
      const where = event.clientX - root.getBoundingClientRect().left;
      return points.reduce((best, point) => (Math.abs(x(point.at) - where) < Math.abs(x(best.at) - where) ? point : best));
    };
    root.addEventListener("pointermove", (event) => say(x(at(event).at), words(at(event))));
    root.addEventListener("pointerleave", () => say(0, ""));
    root.addEventListener("click", (event) => use(at(event).x));
    root.classList.add("picks");
    return root;
  });
  const table = element("details", { class: "as-table" }, element("summary", { text: `${title}: as a table` }),
    element("table", {}, element("tbody", {}, points.map((point) => element("tr", {}, element("th", { scope: "row", text: writeX(point.x) }),
      element("td", { text: writeFull(point[key]) }), element("td", { text: has ? `${writeFull(low(point))} to ${writeFull(high(point))}` : "" }),
      element("td", {}, button("Use", () => use(point.x), { "aria-label": `Use ${writeX(point.x)}` })))))));
  return element("figure", { class: "picture" }, element("figcaption", { text: title }), plot, table);
}

// Two curves and steps over carts.
export function curves({ title, lines, average, writeX, writeFull, notes }) {
  const most = Math.max(1, ...lines.flatMap((line) => line.y), ...average.map(([, y]) => y));
  const last = lines[0].x.at(-1);
  const summary = lines.map((line) => `${line.name}: ${writeFull(line.y.at(-1))} at a cart of ${writeX(last)}`).join("; ");
  const plot = fitting((width) => {
    const height = 230;
    const { root, x, y } = frame(width, height, { xs: [0, last], ys: [0, most * 1.08], writeX, writeY: writeX, label: `${title}. ${summary}` });
    for (const line of [...lines].reverse()) root.append(svg("path", { class: `curve ${line.kind}`, d: path(line.x.map((at, index) => [x(at), y(line.y[index])])) }));
    for (const [at, value] of average) root.append(svg("circle", { class: "dot", cx: x(at), cy: y(value), r: 3 }));
    const say = tip(root, width, height);
    root.addEventListener("pointermove", (event) => {
      const where = event.clientX - root.getBoundingClientRect().left;
      const index = lines[0].x.reduce((best, at, i) => (Math.abs(x(at) - where) < Math.abs(x(lines[0].x[best]) - where) ? i : best), 0);
      say(x(lines[0].x[index]), `Cart ${writeX(lines[0].x[index])}: ${lines.map((line) => `${line.name} ${writeFull(line.y[index])}`).join(", ")}`);
    });
    root.addEventListener("pointerleave", () => say(0, ""));
    return root;
  });
  return element("figure", { class: "picture" }, element("figcaption", { text: title }), plot, element("p", { class: "legend" },
    lines.map((line) => element("span", { class: `key ${line.kind}`, text: line.name })), average.length ? element("span", { class: "key dot", text: "average of the orders" }) : null), notes);
}

// Bars as a table: a name, the bar, the value; each may have another value behind it.
export function bars({ title, rows, write, notes }) {
  const size = Math.max(1e-9, ...rows.flatMap((row) => [Math.abs(row.value), Math.abs(row.before ?? 0)]));
  return element("figure", { class: "picture" }, element("figcaption", { text: title }), element("table", { class: "bars" }, element("tbody", {}, rows.map((row) => {
    const of = (value, kind) => {
      const bar = element("span", { class: `bar ${kind} ${value < 0 ? "minus" : ""}`, title: write(value) });
      bar.style.width = `${(100 * Math.abs(value)) / size}%`;
      return bar;
    };
    return element("tr", {}, element("th", { scope: "row", text: row.name }),
      element("td", { class: "of" }, of(row.value, "now"), row.before == null ? null : of(row.before, "today")),
      element("td", { class: "amount", text: `${write(row.value)}${row.before == null ? "" : ` (today ${write(row.before)})`}` }));
  }))), notes);
}
