// The page: what the server says, shown; what a person does, asked of the server. It computes nothing.
import { element, button, call, json, formatter, Gone } from "./dom.js";
import { Form } from "./form.js";
import { Orders } from "./orders.js";
import { leverChart, curves, bars } from "./charts.js";

const $ = (id) => document.getElementById(id);
const REST = 500; // ms that a setting rests before its ranges are worked out
const LONG = 3000; // ms after which the page says what may take so long
const MEASURES = { margin: "Margin a month", cost: "Cost a month", reach: "Orders that use coins, %" };
let state = null, step = 3, tab = "levers", measure = "margin", resting = null, asking = null, waiting = null, spread = {}, sure = null;
let later = {}; // what was worked out for this version: levers, pictures, orders, sure
const levers = new Map();

// --- asking the server -------------------------------------------------------------------------------------------

async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Gone) stopped(error.message);
    else if (error.name !== "AbortError" && error.status !== 409) message(error.message);
    return null;
  }
}

// One call at a time; while it runs, later ones of the same kind take each other's place.
async function act(asked) {
  if (asking) {
    if (waiting && asked.do === "type" && waiting.asked.do === "type" && waiting.asked.form === asked.form) {
      Object.assign(waiting.asked.values, asked.values);
      return waiting.done;
    }
    if (waiting) await waiting.done;
    if (asking) {
      const entry = { asked };
      entry.done = asking.then(() => { waiting = null; return run(entry.asked); });
      waiting = entry;
      return entry.done;
    }
  }
  return run(asked);
}

function run(asked) {
  $("main").classList.add("working");
  asking = guarded(() => json("api/do", { method: "POST", body: JSON.stringify(asked), headers: { "Content-Type": "application/json" } })).then((found) => {
    asking = null;
    if (found) show(found);
    if (!waiting) $("main").classList.remove("working");
    return found;
  });
  return asking;
}

async function load() {
  const found = await guarded(() => json("api/state"));
  if (!found) return;
  if (found.ready) show(found);
  else {
    if (performance.now() > LONG && $("wait")) $("wait").textContent = "Reading the orders … The first start on a computer compiles the calculator once: that takes up to a minute.";
    setTimeout(load, 250);
  }
}

// Watches the app: a page whose app has stopped says so at once and comes back with it.
async function watch() {
  try {
    const found = await json("api/alive");
    if ($("stopped").open) {
      $("stopped").close();
      await load();
    } else if (state && found.version > state.version && !asking) await load(); // another tab changed something
  } catch (error) {
    if (error instanceof Gone) stopped(error.message);
  }
  setTimeout(watch, 1500);
}

function stopped(why) {
  $("stopped-words").textContent = why === "again"
    ? "This page does not belong to the app that is running. Open the address that it showed when it was started. Nothing is lost."
    : "The app has stopped. Start it again, and open the address that it shows. Nothing is lost: your orders and settings are there.";
  if (!$("stopped").open) $("stopped").showModal();
}
$("stopped").addEventListener("cancel", (event) => event.preventDefault());

async function save(name) {
  message("Making the file …", false);
  const answer = await guarded(async () => {
    const got = await call(`api/file/${name}`);
    if (!got.ok) throw new Error((await got.json()).message);
    return got.blob();
  });
  if (!answer) return;
  message("");
  const link = element("a", { href: URL.createObjectURL(answer), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function message(text, isWrong = true) {
  const place = $("message");
  if (!place) return;
  place.textContent = text ?? "";
  place.className = isWrong ? "warn" : "note";
}

// --- the page ----------------------------------------------------------------------------------------------------

const orders = new Orders({ act, say: message, save });
const forms = Object.fromEntries(["proposal", "today", "assumptions"].map((name) => [name, new Form(name, {
  send: (values) => act({ do: "type", form: name, values }),
  list: (how, path, position) => act({ do: "list", form: name, how, path, position }),
  open: name === "today" ? ["Offers, as on Nector's GoKwik page"] : [],
})]));

function build() {
  const steps = [[1, "Your orders"], [2, "Your current setting"], [3, "What to change"]];
  $("steps").replaceChildren(...steps.map(([number, text]) => element("li", {}, button(`${number}. ${text}`, () => go(number), { id: `step-${number}` }))));
  const undo = button("↶ Undo", () => act({ do: "undo" }), { id: "undo" }), redo = button("↷ Redo", () => act({ do: "redo" }), { id: "redo" });
  const share = element("details", { class: "menu", id: "share" }, element("summary", { text: "Share" }), element("div", { class: "menu-items" },
    [["Report (web page)", "report.html"], ["Report (PDF)", "report.pdf"], ["Report (Excel)", "report.xlsx"], ["This setting", "setting.toml"], ["Whole project", "project.json"]].map(([text, name]) => button(text, () => { share.open = false; save(name); }))));
  addEventListener("click", (event) => { if (!share.contains(event.target)) share.open = false; });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") share.open = false;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && event.target.type !== "text") act({ do: event.shiftKey ? "redo" : "undo" });
  });
  const dark = button("", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"), { id: "theme", "aria-label": "Light or dark" });
  dark.textContent = "☾";
  $("tools").replaceChildren(undo, redo, share, dark);
  const tabs = [["levers", "One lever"], ["setting", "This setting"], ["orders", "Orders"], ["sure", "How sure"], ["type", "Type this into Nector"]];
  const strip = element("div", { role: "tablist", "aria-label": "More about the setting", class: "tabs" }, tabs.map(([name, text]) =>
    element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", text, onclick: () => open(name) })));
  strip.addEventListener("keydown", (event) => {
    const at = tabs.findIndex(([name]) => name === tab), move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    open(tabs[(at + move + tabs.length) % tabs.length][0]);
    $(`tab-${tab}`).focus();
  });
  const change = element("section", { class: "step", id: "view-3", "aria-label": "What to change" },
    element("p", { id: "sentence" }), element("p", { id: "rests", class: "small" }),
    element("div", { class: "columns" },
      element("div", { class: "side", role: "group", "aria-label": "The setting" },
        element("div", { id: "levers" }), forms.proposal.box, forms.assumptions.box, element("div", { id: "unused" }),
        element("p", { class: "bar" }, button("Reset to my current Nector setting", () => act({ do: "reset" })), button("This is my current Nector setting", () => act({ do: "adopt" })))),
      element("div", { class: "answer" },
        element("div", { id: "headline", role: "region", "aria-label": "Figures" }),
        element("ul", { id: "findings" }),
        strip, element("div", { id: "panel", role: "tabpanel", tabindex: "0", "aria-labelledby": "tab-levers" }))));
  const current = element("section", { class: "step", id: "view-2", "aria-label": "Your current setting" },
    element("h2", { text: "Your current setting" }), element("p", { text: "As it stands on Nector's page Third Party Checkouts → GoKwik. Everything is held against it." }), forms.today.box,
    element("p", { class: "bar" }, button("Next: what to change", () => go(3), { class: "main" })));
  orders.box.id = "view-1";
  $("main").replaceChildren(element("p", { id: "message", role: "alert" }), element("p", { id: "notice" }), orders.box, current, change);
  theme(localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  go(3);
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem("theme", name);
}

function go(number) {
  step = number;
  for (const at of [1, 2, 3]) {
    $(`view-${at}`).hidden = at !== number;
    if (at === number) $(`step-${at}`).setAttribute("aria-current", "step");
    else $(`step-${at}`).removeAttribute("aria-current");
  }
  scrollTo(0, 0);
}

function open(name) {
  tab = name;
  for (const one of document.querySelectorAll("[role=tab]")) {
    const is = one.id === `tab-${name}`;
    one.setAttribute("aria-selected", String(is));
    one.tabIndex = is ? 0 : -1;
  }
  $("panel").setAttribute("aria-labelledby", `tab-${name}`);
  panel();
}

// --- showing a state ---------------------------------------------------------------------------------------------

function show(found) {
  const isFirst = !state;
  if (state && found.version < state.version) return;
  state = found;
  spread = {};
  sure = null;
  later = { orders: null };
  if (isFirst) build();
  const who = state.orders;
  $("whose").textContent = [who.label, who.period].filter(Boolean).join(" · ");
  $("whose").classList.toggle("example", Boolean(who.shop));
  $("undo").disabled = !state.can_undo;
  $("redo").disabled = !state.can_redo;
  message(state.message || (state.stale ? "Please correct the fields in red. The figures are of the setting before." : ""));
  $("notice").textContent = state.notice;
  $("main").classList.toggle("stale", state.stale);
  showLevers();
  for (const [name, form] of Object.entries(forms)) form.show(state.forms[name], state.values[name], state.problems[name]);
  showUnused();
  orders.show(state);
  showFigures();
  if (isFirst || !state.headline) open(tab);
  if (isFirst && !state.headline) go(1);
  clearTimeout(resting);
  $("panel").classList.add("old");
  resting = setTimeout(rested, isFirst ? 0 : REST);
}

function showFigures() {
  const sentence = $("sentence");
  sentence.textContent = state.sentence ?? "";
  if (state.orders.shop && state.sentence) sentence.prepend(element("span", { class: "pill", text: "Example shop, not yours. " }));
  if (sure?.pair) sentence.append(` ${sure.pair}`);
  $("rests").textContent = (state.rests ?? []).join(" ");
  $("headline").replaceChildren(...(state.headline ?? []).map((figure) => element("div", { class: "card figure", "data-key": figure.key },
    element("h2", { text: figure.name }), element("p", { class: "number", text: figure.value }),
    element("p", { class: `change ${figure.kind}`, text: state.same ? "your current setting" : figure.change === "as today" ? figure.change : `${figure.change} (today ${figure.today})` }),
    element("p", { class: "range", text: spread[figure.key] ?? " " }),
    figure.really ? element("p", { class: "range", text: figure.really }) : null)));
  $("findings").replaceChildren(...(state.findings ?? []).map((text) => element("li", { text })));
  clearTimeout(showFigures.said);
  showFigures.said = setTimeout(() => ($("live").textContent = sentence.textContent), 700);
}

function showLevers() {
  const drawn = JSON.stringify([state.levers.map(({ reach, ...lever }) => [lever, Boolean(reach)]), state.sign, state.minimum]);
  if (drawn !== showLevers.drawn) {
    const focused = document.activeElement?.id;
    showLevers.drawn = drawn;
    levers.clear();
    $("levers").replaceChildren(...state.levers.map(drawLever), drawMinimum());
    if (focused) $(focused)?.focus();
  }
  for (const control of levers.values()) control.show();
}

function drawLever(lever) {
  const id = `lever-${lever.path.replaceAll(".", "-")}`, unit = lever.unit === "money" ? state.sign : "%";
  const reach = () => state.levers.find((one) => one.path === lever.path)?.reach ?? [0, 100, 1];
  const [low, high, by] = reach();
  let timer;
  const send = (value, drag) => act({ do: "type", form: "proposal", values: { [lever.path]: value }, drag });
  const input = element("input", { id, type: "text", class: "number", inputmode: "decimal", autocomplete: "off", placeholder: lever.optional ? "no limit" : false, "aria-describedby": `${id}-error` });
  const slider = element("input", { type: "range", min: low, max: high, step: by, "aria-label": `${lever.label}, slider`, id: `${id}-slider` });
  const error = element("p", { class: "error", id: `${id}-error` });
  const place = (text) => {
    const number = Number(String(text).replace(/,/g, "")), blank = String(text).trim() === "" || Number.isNaN(number);
    slider.value = blank ? slider.max : number;
    slider.setAttribute("aria-valuetext", blank ? "no limit" : lever.unit === "money" ? `${unit}${text}` : `${text} ${unit}`);
  };
  input.addEventListener("input", () => {
    input.dataset.dirty = "1";
    place(input.value);
    clearTimeout(timer);
    timer = setTimeout(() => send(input.value), 250);
  });
  input.addEventListener("change", () => { clearTimeout(timer); delete input.dataset.dirty; send(input.value); });
  slider.addEventListener("input", () => {
    slider.dataset.moving ||= String(performance.now());
    input.value = slider.value;
    place(slider.value);
    send(slider.value, slider.dataset.moving);
  });
  slider.addEventListener("change", () => delete slider.dataset.moving);
  levers.set(lever.path, {
    show() {
      const value = state.values.proposal[lever.path] ?? "", problem = state.problems.proposal?.[lever.path];
      if (!slider.dataset.moving) [slider.min, slider.max, slider.step] = reach();
      if (!input.dataset.dirty && !slider.dataset.moving) { input.value = value; place(value); }
      error.textContent = problem ?? "";
      if (problem) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
  });
  const before = lever.unit === "money" ? element("span", { class: "unit", text: unit }) : null, after = before ? null : element("span", { class: "unit", text: unit });
  return element("div", { class: "lever" }, element("div", { class: "line" }, element("label", { for: id, text: lever.label }), element("span", { class: "value" }, before, input, after)), slider, error);
}

function drawMinimum() {
  const options = [["fixed", `as an amount (${state.sign})`], ["percent", "as % of the cart"], ["", "no minimum"]];
  const select = element("select", { id: "minimum-kind", onchange: () => act({ do: "type", form: "proposal", values: { "min_payable.kind": select.value } }) },
    options.map(([value, text]) => element("option", { value, text, selected: value === state.minimum })));
  return element("p", { class: "line small" }, element("label", { for: "minimum-kind", text: "Minimum to pay" }), select);
}

function showUnused() {
  const choices = [[true, "kept for the next order"], [false, "each order by itself"]];
  $("unused").replaceChildren(element("fieldset", { class: "group" }, element("legend", { text: `Unused ${state.points}` }), choices.map(([value, text]) => {
    const input = element("input", { type: "radio", name: "unused", id: `unused-${value}`, checked: state.replayed === value, onchange: () => act({ do: "replayed", value }) });
    return element("span", { class: "switch" }, input, element("label", { for: `unused-${value}`, text }));
  })));
}

// --- what is worked out when a setting rests ---------------------------------------------------------------------

const ask = (what, query = "") => guarded(() => json(`api/later/${what}?version=${state.version}${query}`));

async function rested() {
  if (!state.headline) return;
  const version = state.version;
  const found = await ask("ranges");
  if (state.version !== version) return;
  spread = found ?? {};
  showFigures();
  await panel();
  if (state.version !== version || state.same || state.stale) return;
  sure ??= await ask("sure");
  if (state.version === version && sure) showFigures();
}

async function panel() {
  if (!state?.headline) return $("panel").replaceChildren();
  const version = state.version, mine = tab;
  const what = { levers: "levers", setting: "pictures", type: "pictures", orders: "examples", sure: "sure" }[mine];
  if (!later[what] || mine === "orders") {
    if (!$("panel").children.length || $("panel").dataset.tab !== mine) $("panel").replaceChildren(element("p", { class: "note", text: "Working it out …" }));
    later[what] = what === "sure" ? (sure ??= await ask("sure")) : await ask(what, mine === "orders" ? `&order=${encodeURIComponent(wanted)}` : "");
  }
  if (state.version !== version || tab !== mine || !later[what]) return;
  $("panel").dataset.tab = mine;
  $("panel").classList.remove("old");
  $("panel").replaceChildren(...{ levers: leverPanel, setting: settingPanel, type: typePanel, orders: ordersPanel, sure: surePanel }[mine](later[what]));
}

function leverPanel(found) {
  const choose = element("div", { class: "bar", role: "group", "aria-label": "Measure" }, Object.entries(MEASURES).map(([key, text]) =>
    button(text, () => { measure = key; panel(); }, { "aria-pressed": String(key === measure) })));
  const money = formatter(state.currency);
  return [choose, element("div", { class: "pictures three" }, found.map((lever) => {
    const writeX = lever.unit === "money" ? (value) => money.exact(value) : (value) => `${value} %`;
    const isShare = measure === "reach";
    return leverChart({
      title: lever.label, points: lever.points, end: lever.end, key: measure, now: lever.now, today: lever.today, writeX,
      writeY: isShare ? (value) => `${value} %` : (value) => money.short(value), writeFull: isShare ? (value) => `${value.toFixed(1)} %` : (value) => money.exact(Math.round(value)),
      label: MEASURES[measure], use: (value) => act({ do: "type", form: "proposal", values: { [lever.path]: String(value) } }),
    });
  })), element("p", { class: "legend" }, element("span", { class: "key now", text: "proposal" }), element("span", { class: "key today", text: "current setting" }),
    measure === "reach" ? null : element("span", { class: "key band", text: "nine of ten draws of your customers" }), " Click on a picture to set the lever.")];
}

function settingPanel(found) {
  const money = formatter(found.currency);
  const lines = [{ ...found.curves.now, name: "proposal", kind: "now" }];
  if (!state.same) lines.push({ ...found.curves.today, name: "current setting", kind: "today" });
  const full = (value) => money.exact(value);
  return [element("div", { class: "pictures two" },
    curves({ title: "Discount by cart size, with coins enough", lines, average: found.average, writeX: full, writeFull: full }),
    bars({ title: "What limits the discount, % of orders", rows: found.limits.map((one) => ({ name: one.name, value: one.now, before: state.same ? null : one.today })), write: (value) => `${value.toFixed(1)} %` }),
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
function ordersPanel(found) {
  const input = element("input", { type: "search", id: "find", value: wanted, class: "text" });
  const look = element("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); wanted = input.value.trim(); explained = 0; panel(); } }, element("label", { for: "find", text: "Order number" }), input, element("button", { text: "Find" }));
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
  return [look, element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Orders" }, element("table", {}, element("thead", {}, element("tr", {}, found.columns.map((text) => element("th", { scope: "col", text })))), body)), words];
}

function surePanel(found) {
  const money = formatter(found.currency), percent = (value) => (value == null ? "never" : `${(100 * value).toFixed(1)}`);
  const [value, low, high] = found.break_even;
  return [element("ul", {}, found.lines.map((text) => element("li", { text }))),
    element("p", { class: "strong", text: `Pays off from ${percent(value)} extra orders per 100${low === undefined ? "" : `; in nine of ten draws of your customers between ${percent(low)} and ${percent(high)}`}.` }),
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "What changes the margin most" }, element("table", {}, element("caption", { text: `What changes the margin most, against ${found.against} (${money.exact(Math.round(found.likely))})` }),
      element("thead", {}, element("tr", {}, ["About your shop", "If it is", "the margin changes by", "If it is", "the margin changes by"].map((text) => element("th", { scope: "col", text })))),
      element("tbody", {}, found.tornado.map((row) => element("tr", {}, element("th", { scope: "row", text: row.name }), element("td", { class: "amount", text: row.low.toFixed(1) }), element("td", { class: "amount", text: money.exact(Math.round(row.answer_at_low)) }), element("td", { class: "amount", text: row.high.toFixed(1) }), element("td", { class: "amount", text: money.exact(Math.round(row.answer_at_high)) }))))))];
}

load();
watch();
