// The page: what the server says, shown; what a person does, asked of the server. It computes nothing.
import { element, button, call, json, formatter, Gone } from "./dom.js";
import { Form } from "./form.js";
import { Orders } from "./orders.js";
import { TABS } from "./tabs.js";

const $ = (id) => document.getElementById(id);
const REST = 500; // ms that a setting rests before its ranges are worked out
const LONG = 3000; // ms after which the page says what may take so long
let state = null, step = 3, tab = TABS[0].name, resting = null, asking = null, waiting = null, spread = {}, sure = null;
const known = new Map(); // what was worked out, by what it is
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
  const strip = element("div", { role: "tablist", "aria-label": "More about the setting", class: "tabs" }, TABS.map(({ name, text }) =>
    element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", text, onclick: () => open(name) })));
  strip.addEventListener("keydown", (event) => {
    const at = TABS.findIndex(({ name }) => name === tab), move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    open(TABS[(at + move + TABS.length) % TABS.length].name);
    $(`tab-${tab}`).focus();
  });
  const change = element("section", { class: "step", id: "view-3", "aria-label": "What to change" },
    element("p", { id: "sentence" }), element("p", { id: "rests", class: "small" }),
    element("div", { class: "columns" },
      element("div", { class: "side", role: "group", "aria-label": "The setting" },
        element("div", { id: "levers" }), element("p", { class: "bar" }, button("Add to scenarios", () => addScenario()), element("span", { id: "added", class: "small", role: "status" })), forms.proposal.box, forms.assumptions.box, element("div", { id: "unused" }),
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
  const isOther = !isFirst && found.marks.ranges !== state.marks.ranges;
  state = found;
  if (isOther) { spread = {}; sure = null; }
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
  const { what } = TABS.find((one) => one.name === tab);
  if (state.marks[what] !== show.mark) $("panel").classList.add("old");
  show.mark = state.marks[what];
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
      const isNewer = waiting?.asked.values?.[lever.path] !== undefined; // than this answer: what was set last waits for its own
      if (!input.dataset.dirty && !slider.dataset.moving && !isNewer) { input.value = value; place(value); }
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

// What was worked out is kept until what it rests on changes: then the mark of the state is another.
function ask(what, query = "") {
  const key = `${state.marks[what]}${query}`, has = known.get(what);
  if (has?.key === key) return has.found;
  const entry = { key };
  const answer = () => json(`api/later/${what}?mark=${state.marks[what]}${query}`).catch((error) => {
    if (error.status === 400) return { problem: error.message };
    throw error;
  });
  entry.found = guarded(answer).then((found) => {
    if (found == null && known.get(what) === entry) known.delete(what);
    return found;
  });
  known.set(what, entry);
  return entry.found;
}
const isOf = (what, mark) => state.marks[what] === mark;

async function rested() {
  if (!state.headline) return;
  const mark = state.marks.ranges;
  const found = await ask("ranges");
  if (!isOf("ranges", mark)) return;
  spread = found && !found.problem ? found : {};
  showFigures();
  await panel();
  if (!isOf("ranges", mark) || state.same || state.stale) return;
  const told = await ask("sure");
  if (isOf("ranges", mark) && told) { sure = told; showFigures(); }
}

// Show what the open tab says; what is there already stays as it is, with what somebody is typing, unless it is `anew`.
async function panel(anew = false) {
  if (!state?.headline) return $("panel").replaceChildren();
  const mine = tab, { what, query = () => "", shows = () => "", show: shown } = TABS.find((one) => one.name === mine), mark = state.marks[what], wanted = query(page);
  const place = $("panel");
  if (place.dataset.tab !== mine) waits();
  const stop = watchProgress(what);
  const found = await ask(what, wanted);
  stop();
  if (!isOf(what, mark) || tab !== mine || query(page) !== wanted || !found) return;
  place.classList.remove("old");
  const also = shows(page);
  if (!anew && place.dataset.tab === mine && panel.found === found && panel.also === also) return;
  Object.assign(panel, { found, also });
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.dataset.tab = mine;
  place.replaceChildren(...(found.problem ? [element("p", { class: "warn", text: found.problem })] : [shown(found, page)].flat(Infinity).filter(Boolean)));
  if (focused) $(focused)?.focus();
}

// Says that something is being worked out, and after a second how far it is.
function waits() {
  $("panel").dataset.tab = "";
  $("panel").replaceChildren(...workingOn());
}

const workingOn = () => [element("p", { class: "note", text: "Working it out …" }), element("progress", { "aria-label": "Working it out", hidden: true })];

function watchProgress(what, place = $("panel")) {
  const timer = setInterval(async () => {
    const found = await guarded(() => json("api/alive"));
    if (!found?.progress[what]) return;
    if (!place.querySelector("progress")) place.prepend(...workingOn());
    const [done, of] = found.progress[what], bar = place.querySelector("progress");
    bar.hidden = false;
    bar.max = of;
    bar.value = Math.min(done, of);
    bar.previousSibling.textContent = `Working it out … ${Math.min(100, Math.floor((100 * done) / of))} %`;
  }, 1000);
  return () => clearInterval(timer);
}

// Ask for a part of a tab that takes longer than the rest, and say in its place how far it is.
async function fill(place, what, shown) {
  place.replaceChildren(...workingOn());
  const stop = watchProgress(what, place);
  const found = await ask(what);
  stop();
  if (found) place.replaceChildren(...(found.problem ? [element("p", { class: "warn", text: found.problem })] : shown(found)));
}

// Keep the proposal, with other values of some fields where they are given, as a scenario.
async function addScenario(values = {}) {
  const before = state.scenarios.length, found = await act({ do: "scenario", how: "add", values });
  if (found?.scenarios.length > before) {
    const said = $("added");
    said.textContent = `✓ Kept as “${found.scenarios.at(-1)}”`;
    setTimeout(() => (said.textContent = ""), 6000);
  }
}

// What a tab may do.
const page = {
  get state() { return state; },
  get money() { return formatter(state.currency); },
  act, save, ask, fill, again: () => panel(true), addScenario, say: message,
  // Keep what was typed into a tab, with the project: undo knows it, a restart finds it.
  keep: (values) => act({ do: "ask", tab, values }),
  kept: (name, otherwise = "") => state.asked[tab]?.[name] ?? otherwise,
};

load();
watch();
