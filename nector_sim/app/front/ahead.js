// Next months: what coins will cost, what is owed and what expires, beside the last months again. What is owed today
// comes first, in a second or two; the months ahead take longer, and say how far they are.
import { element, svg, button } from "./dom.js";
import { fitting, frame, path, tip } from "./charts.js";

let months = 3;

function show(owed, page) {
  const next = element("div", { id: "next" });
  page.fill(next, "ahead", (found) => monthsAhead(found, page, next));
  return [next, element("div", { id: "owed" }, owedNow(owed))];
}

function monthsAhead(found, page, place) {
  const again = () => { place.replaceChildren(...monthsAhead(found, page, place)); document.getElementById(`months-${months}`).focus(); };
  return [element("p", { class: "strong", id: "next-sentence", text: found.sentence }), table(found, again),
    element("div", { class: "pictures two" }, found.pictures.map((picture) => fan(picture, page))),
    element("p", { class: "legend" }, element("span", { class: "key dot", text: "what was" }), found.pictures[0]?.lines.map((line) => element("span", { class: `key ${line.kind}`, text: line.name })), element("span", { class: "key band", text: page.state.ranges.sure })),
    found.notes.map((text) => element("p", { class: "small", text }))].flat();
}

function table(found, again) {
  const shown = found.tables.find((one) => one.months === months) ?? found.tables[0];
  const choose = element("div", { class: "bar", role: "group", "aria-label": "How many months" }, found.tables.map((one) =>
    button(one.name, () => { months = one.months; again(); }, { id: `months-${one.months}`, "aria-pressed": String(one === shown) })));
  const cell = (value) => (Array.isArray(value)
    ? element("td", { class: "amount" }, value[0], element("br"), element("span", { class: "range", text: `${value[1]} to ${value[2]}` }))
    : element("td", { class: "amount", text: value }));
  return element("div", {}, choose, element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": shown.name }, element("table", {},
    element("caption", { class: "unseen", text: shown.name }),
    element("thead", {}, element("tr", {}, shown.columns.map((text, at) => element("th", { scope: "col", class: at ? "amount" : false, text: text || shown.name })))),
    element("tbody", {}, shown.rows.map(([name, ...cells]) => element("tr", {}, element("th", { scope: "row", text: name }), cells.map(cell)))))));
}

// Months that were, as dots; months ahead as a line in its range.
function fan(picture, page) {
  const write = picture.money ? (value) => page.money.short(value) : (value) => Math.round(value).toLocaleString("en-IN");
  const full = picture.money ? (value) => page.money.exact(Math.round(value)) : write;
  const ahead = picture.lines.flatMap((line) => line.points), all = [...picture.past, ...ahead];
  const most = Math.max(...all.map((one) => one.high ?? one.y)), last = picture.past.at(-1);
  const words = (name, one) => `${name}, month to ${one.at}: ${full(one.y)}${one.low === undefined ? "" : ` (${full(one.low)} to ${full(one.high)})`}`;
  const said = [...picture.past.map((one) => words("what was", one)), ...picture.lines.flatMap((line) => line.points.map((one) => words(line.name, one)))];
  const plot = fitting((width) => {
    const height = 220, names = new Map(all.map((one) => [one.x, one.at]));
    const { root, x, y } = frame(width, height, { xs: [Math.min(...names.keys()), Math.max(...names.keys())], ys: [0, most * 1.08 || 1], writeX: (at) => names.get(at) ?? "", writeY: write, label: `${picture.title}. ${said.join("; ")}` });
    for (const line of picture.lines) {
      root.append(svg("path", { class: `band ${line.kind}`, d: `${path(line.points.map((one) => [x(one.x), y(one.high)]))}${path([...line.points].reverse().map((one) => [x(one.x), y(one.low)])).replace("M", "L")}Z` }));
      root.append(svg("path", { class: `curve ${line.kind}`, d: path([...(last ? [last] : []), ...line.points].map((one) => [x(one.x), y(one.y)])) }));
    }
    for (const one of picture.past) root.append(svg("circle", { class: "dot", cx: x(one.x), cy: y(one.y), r: 4 }));
    const say = tip(root, width, height);
    root.addEventListener("pointermove", (event) => {
      const where = event.clientX - root.getBoundingClientRect().left;
      const near = all.reduce((best, one) => (Math.abs(x(one.x) - where) < Math.abs(x(best.x) - where) ? one : best));
      const line = picture.lines.filter((one) => one.points.some((point) => point.x === near.x));
      say(x(near.x), line.length ? line.map((one) => `${one.name} ${full(one.points.find((point) => point.x === near.x).y)}`).join(", ") : `${near.at}: ${full(near.y)}`);
    });
    root.addEventListener("pointerleave", () => say(0, ""));
    return root;
  });
  const rows = [...picture.past.map((one) => ["what was", one]), ...picture.lines.flatMap((line) => line.points.map((one) => [line.name, one]))];
  const asTable = element("details", { class: "as-table" }, element("summary", { text: `${picture.title}: as a table` }), element("table", {}, element("tbody", {},
    rows.map(([name, one]) => element("tr", {}, element("th", { scope: "row", text: `month to ${one.at}` }), element("td", { text: name }), element("td", { class: "amount", text: full(one.y) }), element("td", { class: "amount", text: one.low === undefined ? "" : `${full(one.low)} to ${full(one.high)}` }))))));
  return element("figure", { class: "picture" }, element("figcaption", { text: picture.title }), plot, asTable);
}

function owedNow(owed) {
  return [element("h3", { text: "What you owe customers today, with your current setting" }), element("p", { text: `${owed.line} ${owed.why_not}`.trim() }),
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "What is owed, by month of expiry" }, element("table", { class: "rows" },
      element("thead", {}, element("tr", {}, owed.columns.map((text, at) => element("th", { scope: "col", class: at ? "amount" : false, text })))),
      element("tbody", {}, owed.rows.map(([month, ...cells]) => element("tr", {}, element("th", { scope: "row", text: month }), cells.map((text) => element("td", { class: "amount", text })))))))];
}

export const ahead = { name: "ahead", text: "Next months", what: "owed", show };
