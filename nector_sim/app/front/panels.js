// The panels of the first tabs: each slider, single orders, the setting's pictures, how sure, what to type in.
import { element, button, formatter } from "./dom.js";
import { leverChart, curves, bars } from "./charts.js";

const MEASURES = { margin: "Margin a month", cost: "Cost a month", reach: "Orders that use coins, %" };
let measure = "margin";

function leverPanel(found, page) {
  const choose = element("div", { class: "bar", role: "group", "aria-label": "Measure" }, Object.entries(MEASURES).map(([key, text]) =>
    button(text, () => { measure = key; page.again(); }, { "aria-pressed": String(key === measure) })));
  const money = page.money;
  return [choose, element("div", { class: "pictures three" }, found.map((lever) => {
    const writeX = lever.unit === "money" ? (value) => money.exact(value) : (value) => `${value} %`;
    const isShare = measure === "reach";
    return leverChart({
      title: lever.label, points: lever.points, end: lever.end, key: measure, now: lever.now, today: lever.today, writeX,
      writeY: isShare ? (value) => `${value} %` : (value) => money.short(value), writeFull: isShare ? (value) => `${value.toFixed(1)} %` : (value) => money.exact(Math.round(value)),
      label: MEASURES[measure], use: (value) => page.act({ do: "type", form: "proposal", values: { [lever.path]: String(value) } }),
    });
  })), element("p", { class: "legend" }, element("span", { class: "key now", text: "proposal" }), element("span", { class: "key today", text: "current setting" }),
    measure === "reach" ? null : element("span", { class: "key band", text: page.state.ranges.sure, title: page.state.ranges.why }), " Click on a picture to move the slider.")];
}

function settingPanel(found, page) {
  const money = formatter(found.currency);
  const lines = [{ ...found.curves.now, name: "proposal", kind: "now" }];
  if (!page.state.same) lines.push({ ...found.curves.today, name: "current setting", kind: "today" });
  const full = (value) => money.exact(value);
  return [element("div", { class: "pictures two" },
    curves({ title: "Discount by cart size, with coins enough", lines, average: found.average, writeX: full, writeFull: full }),
    bars({ title: "What limits the discount, % of orders", rows: found.limits.map((one) => ({ name: one.name, value: one.now, before: page.state.same ? null : one.today })), write: (value) => `${value.toFixed(1)} %` }),
    bars({ title: "From sales to margin", rows: found.steps.map(([name, value]) => ({ name, value })), write: (value) => money.exact(Math.round(value)) }),
    element("figure", { class: "picture" }, element("figcaption", { text: "What this setting is" }), element("ul", {}, found.facts.map((text) => element("li", { text })))))];
}

function typePanel(found) {
  return [element("h3", { text: "Type this into Nector" }), element("p", { text: "Log in to Nector and open Third Party Checkouts → GoKwik. The fields are in the order of its screens." }),
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Fields to type in" }, element("table", {}, element("thead", {}, element("tr", {}, ["Screen", "Field", "Value"].map((text) => element("th", { scope: "col", text })))),
      element("tbody", {}, found.screens.map((row) => element("tr", {}, row.map((text) => element("td", { text }))))))),
    found.aside.map((text) => element("p", { class: "warn", text: `Nector's screens have no field for this, so it cannot be typed in: ${text}` }))].flat();
}

let wanted = "", explained = 0;
function ordersPanel(found, page) {
  const input = element("input", { type: "search", id: "find", value: wanted, class: "text" });
  const look = element("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); wanted = input.value.trim(); explained = 0; page.again(); } }, element("label", { for: "find", text: "Order number" }), input, element("button", { text: "Find" }));
  if (!found.rows.length) return [look, element("p", { text: wanted ? `There is no order ${wanted} among those that count.` : "There are no orders." })];
  explained = Math.min(explained, found.rows.length - 1);
  const words = element("div", { id: "explained", "aria-live": "polite" });
  const pick = (at) => {
    explained = at;
    for (const [index, one] of [...body.querySelectorAll("button")].entries()) one.setAttribute("aria-pressed", String(index === at));
    words.replaceChildren(element("p", { class: "strong", text: `Order ${found.rows[at].id}: ${found.rows[at].sentence}` }), element("details", {}, element("summary", { text: "Step by step" }), element("pre", { text: found.rows[at].steps, tabindex: "0" })));
  };
  const body = element("tbody", {}, found.rows.map((row, at) => element("tr", {}, element("th", { scope: "row" }, button(row.cells[0], () => pick(at), { "aria-label": `Explain order ${row.id}` })), row.cells.slice(1).map((text) => element("td", { class: "amount", text })))));
  pick(explained);
  return [look, element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Orders" }, element("table", {}, element("thead", {}, element("tr", {}, found.columns.map((text, at) => element("th", { scope: "col", class: at ? "amount" : false, text })))), body)), words];
}

function surePanel(found, page) {
  const money = formatter(found.currency), percent = (value) => (value == null ? "never" : `${(100 * value).toFixed(1)}`);
  const [value, low, high] = found.break_even;
  return [found.period ? element("p", { class: "note", text: found.period }) : null, element("ul", {}, found.lines.map((text) => element("li", { text }))),
    element("p", { class: "strong", text: `Pays off from ${percent(value)} extra orders per 100${low === undefined ? "" : `; ${page.state.ranges.sure} between ${percent(low)} and ${percent(high)}`}.` }),
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "What changes the margin most" }, element("table", {}, element("caption", { text: `What changes the margin most, against ${found.against} (${money.exact(Math.round(found.likely))})` }),
      element("thead", {}, element("tr", {}, ["About your shop", "If it is", "the margin changes by", "If it is", "the margin changes by"].map((text, at) => element("th", { scope: "col", class: at ? "amount" : false, text })))),
      element("tbody", {}, found.tornado.map((row) => element("tr", {}, element("th", { scope: "row", text: row.name }), element("td", { class: "amount", text: row.low.toFixed(1) }), element("td", { class: "amount", text: money.exact(Math.round(row.answer_at_low)) }), element("td", { class: "amount", text: row.high.toFixed(1) }), element("td", { class: "amount", text: money.exact(Math.round(row.answer_at_high)) }))))))];
}

export const levers = { name: "levers", text: "Each slider", what: "levers", show: leverPanel };
export const orders = { name: "orders", text: "Orders", what: "examples", query: () => `&order=${encodeURIComponent(wanted)}`, show: ordersPanel };
export const setting = { name: "setting", text: "This setting", what: "pictures", show: settingPanel };
export const sure = { name: "sure", text: "How sure", what: "sure", show: surePanel };
export const type = { name: "type", text: "Type this into Nector", what: "pictures", show: typePanel };
