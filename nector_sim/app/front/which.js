// Which setting: limits in the merchant's words, what meets them, a map over two sliders, the frontier, and who wins where.
import { element, svg, button } from "./dom.js";
import { fitting, frame, path, tip } from "./charts.js";

const MEASURES = { cost: "Costs a month", margin: "Margin a month", share: "% of sales", less: "% of customers who get less" };
let axes = [1, 2], fixed = {}, measure = "cost";

function show(found, page) {
  const use = (setting) => page.act({ do: "type", form: "proposal", values: setting.use });
  return [limits(found, page), answer(found, page, use), map(found, page, use), frontier(found, page, use), winners(found, page, use),
    element("p", { class: "small", text: page.state.ranges.why })];
}

function limits(found, page) {
  const line = (one) => {
    const id = `limit-${one.name}`, unit = element("span", { class: "unit", text: one.unit === "money" ? page.state.sign : "%" });
    const input = element("input", { type: "text", class: "number", id, inputmode: "decimal", autocomplete: "off", value: one.value, placeholder: "no limit", "aria-describedby": `${id}-today ${id}-error`, "aria-invalid": one.problem ? "true" : false });
    input.addEventListener("change", () => page.keep({ [one.name]: input.value.trim() }));
    return element("div", { class: "limit" }, element("label", { for: id, text: one.before }),
      element("span", { class: "value" }, one.unit === "money" ? unit : null, input, one.unit === "money" ? null : unit, one.after ? element("span", { text: one.after }) : null),
      element("span", { class: "small", id: `${id}-today`, text: one.today }), element("p", { class: "error", id: `${id}-error`, text: one.problem }));
  };
  return element("form", { class: "card", "aria-label": "Your limits", onsubmit: (event) => { event.preventDefault(); document.activeElement?.blur(); } },
    element("h3", { text: "Your limits: fill in the ones that matter to you" }), element("div", { class: "limits" }, found.limits.map(line)));
}

function answer(found, page, use) {
  const card = (title, setting, lines, kind) => element("div", { class: `card answer-card ${kind}` }, element("h3", { text: title }), element("p", { class: "strong setting-words", text: setting.words }),
    element("ul", { class: "kept" }, lines.map((line) => element("li", { class: line.meets === false ? "worse" : line.meets ? "better" : "", text: `${line.meets === false ? "✗ " : line.meets ? "✓ " : ""}${line.text}` }))),
    element("p", { class: "bar" }, button("Use this", () => use(setting), { class: "main" }), button("Add to scenarios", () => page.addScenario(setting.use))));
  const made = [];
  if (found.answer != null) {
    const setting = found.settings[found.answer];
    const says = { budget: `It costs you ${page.money.exact(Math.round(setting.cost))} a month.`, share: `Coins take off ${setting.share.toFixed(1)} % of sales.`, order: `An order leaves you ${page.money.exact(Math.round(setting.order))} on average.`, less: `${setting.less.toFixed(1)} % of customers get less than today.` };
    const extra = [found.limits.filter((one) => !one.value).map((one) => says[one.name]).join(" ")];
    if (found.kind === "generous") extra.push(`${found.met} of ${found.settings.length} settings that were tried keep to your limits.`);
    made.push(card(found.title, setting, [...found.lines, ...[...extra, ...(found.edge ?? [])].map((text) => ({ text }))], found.kind));
  }
  if (found.earns) made.push(card(found.earns.title, found.settings[found.earns.place], [{ text: found.earns.line }], "earns"));
  if (found.why) made.push(element("p", { class: "note", id: "why", text: found.why }));
  return element("div", { id: "recommended", "aria-live": "polite" }, made);
}

const isSame = (one, other) => one === other || (one != null && other != null && Math.abs(one - other) < 1e-9);

function proposal(found, page) {
  const number = (text) => (text === "" || text == null ? null : Number(text));
  return found.settings.findIndex((setting) => Object.entries(setting.use).every(([at, value]) => {
    const now = page.state.values.proposal[at];
    return at.endsWith("kind") ? now === value : isSame(number(now), number(value));
  }));
}

// A map over two sliders; the others stand where the answer has them, or today.
function map(found, page, use) {
  const levers = found.levers, many = levers.length;
  if (many < 2) return null;
  if (axes.some((at) => at >= many)) axes = [0, 1];
  const centre = found.settings[found.answer ?? found.earns?.place ?? found.today ?? 0].values;
  const rest = levers.map((_, at) => at).filter((at) => !axes.includes(at));
  const at = (place) => (fixed[place] !== undefined && levers[place].values.some((one) => isSame(one, fixed[place])) ? fixed[place] : centre[place]);
  const choose = (id, label, options, chosen, take) => {
    const select = element("select", { id, onchange: () => { take(Number(select.value)); page.again(); } }, options.map(([value, text]) => element("option", { value, text, selected: value === chosen })));
    return element("span", { class: "choice" }, element("label", { for: id, text: label }), " ", select);
  };
  const named = levers.map((lever, index) => [index, lever.label]);
  const [across, down] = axes;
  const pick = (side) => (value) => { axes = axes[1 - side] === value ? [axes[1], axes[0]] : axes.map((old, index) => (index === side ? value : old)); fixed = {}; };
  const controls = element("div", { class: "bar" }, choose("map-x", "Across", named, across, pick(0)), choose("map-y", "Down", named, down, pick(1)),
    rest.map((place) => choose(`map-${place}`, levers[place].label, levers[place].written.map((text, index) => [index, text]), levers[place].values.findIndex((one) => isSame(one, at(place))), (index) => { fixed[place] = levers[place].values[index]; })),
    choose("map-measure", "Show", Object.values(MEASURES).map((text, index) => [index, text]), Object.keys(MEASURES).indexOf(measure), (index) => { measure = Object.keys(MEASURES)[index]; }));
  const cell = (x, y) => found.settings.findIndex((setting) => isSame(setting.values[across], x) && isSame(setting.values[down], y) && rest.every((place) => isSame(setting.values[place], at(place))));
  const write = (setting) => (measure === "cost" || measure === "margin" ? page.money.short(Math.round(setting[measure])) : `${setting[measure].toFixed(1)} %`);
  const now = proposal(found, page), shown = levers[across].values.flatMap((x) => levers[down].values.map((y) => found.settings[cell(x, y)]));
  const least = Math.min(...shown.map((one) => one[measure])), most = Math.max(...shown.map((one) => one[measure]));
  const square = (x, y) => {
    const place = cell(x, y), setting = found.settings[place];
    const marks = [[place === (found.answer ?? found.earns?.place), "★", "recommended"], [place === now, "●", "your proposal"], [place === found.today, "○", "your current setting"]].filter(([is]) => is);
    const meets = setting.meets == null ? "" : setting.meets ? "; keeps to your limits" : "; does not keep to your limits";
    const made = button(`${marks.map(([, sign]) => sign).join("")} ${write(setting)}`.trim(), () => use(setting), {
      id: `square-${place}`, class: `square ${setting.meets === false ? "outside" : ""}`, title: `${setting.words}${meets}`,
      "aria-label": `${setting.words}: ${MEASURES[measure]} ${write(setting)}${meets}${marks.map(([, , name]) => `; ${name}`).join("")}`,
    });
    made.style.setProperty("--heat", `${Math.round((60 * (setting[measure] - least)) / (most - least || 1))}%`);
    return element("td", {}, made);
  };
  return element("figure", { class: "picture card" }, element("figcaption", { text: `Map: ${MEASURES[measure].toLowerCase()}, by ${levers[across].label.toLowerCase()} and ${levers[down].label.toLowerCase()}` }), controls,
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Map of settings" }, element("table", { class: "map" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col", text: `${levers[down].label} ↓ · ${levers[across].label} →` }), levers[across].written.map((text) => element("th", { scope: "col", text })))),
      element("tbody", {}, levers[down].values.map((y, index) => element("tr", {}, element("th", { scope: "row", text: levers[down].written[index] }), levers[across].values.map((x) => square(x, y))))))),
    element("p", { class: "legend", text: `${found.answer != null || found.earns ? "★ recommended · " : ""}● proposal · ○ current setting${found.met == null ? "" : " · struck out: does not keep to your limits"}. Press a field to use that setting.` }));
}

// What customers get against what stays: settings that no other beats in both are joined.
function frontier(found, page, use) {
  const all = found.settings, best = found.frontier.map((place) => all[place]), now = proposal(found, page);
  const span = (key) => { const values = all.map((one) => one[key]), low = Math.min(...values), high = Math.max(...values), room = (high - low || 1) * 0.06; return [low - room, high + room]; };
  const money = page.money, words = (one) => `${one.words}: customers get ${money.short(Math.round(one.given))}, you keep ${money.short(Math.round(one.margin))}`;
  const title = "What customers get, and what you keep, a month";
  const plot = fitting((width) => {
    const height = 240;
    const { root, x, y } = frame(width, height, { xs: span("given"), ys: span("margin"), writeX: (value) => money.short(value), writeY: (value) => money.short(value), label: `${title}. From ${words(best[0])}, to ${words(best.at(-1))}` });
    for (const one of all) root.append(svg("circle", { class: one.meets === false ? "spot outside" : "spot", cx: x(one.given), cy: y(one.margin), r: 3 }));
    root.append(svg("path", { class: "curve", d: path(best.map((one) => [x(one.given), y(one.margin)])) }));
    for (const one of best) root.append(svg("circle", { class: `mark ${one.meets === false ? "outside" : "now"}`, cx: x(one.given), cy: y(one.margin), r: 4 }));
    const sign = (place, text) => { if (place != null && place >= 0) root.append(svg("text", { class: "sign", x: x(all[place].given), y: y(all[place].margin) - 8, "text-anchor": "middle", text })); };
    sign(found.today, "○ current");
    if (now !== found.today) sign(now, "● proposal");
    if (found.answer != null) sign(found.answer, "★");
    const say = tip(root, width, height);
    const nearest = (event) => {
      const box = root.getBoundingClientRect(), far = (one) => Math.hypot(x(one.given) - event.clientX + box.left, y(one.margin) - event.clientY + box.top);
      return all.reduce((closest, one) => (far(one) < far(closest) ? one : closest));
    };
    root.addEventListener("pointermove", (event) => { const one = nearest(event); say(x(one.given), words(one)); });
    root.addEventListener("pointerleave", () => say(0, ""));
    root.addEventListener("click", (event) => use(nearest(event)));
    root.classList.add("picks");
    return root;
  });
  const table = element("details", { class: "as-table" }, element("summary", { text: `${title}: as a table` }), element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Settings that no other beats" }, element("table", {},
    element("thead", {}, element("tr", {}, ["Setting", "Customers get", "You keep", ""].map((text) => element(text ? "th" : "td", { scope: text ? "col" : false, text })))),
    element("tbody", {}, best.map((one) => element("tr", {}, element("th", { scope: "row", text: one.words }), element("td", { class: "amount", text: money.exact(Math.round(one.given)) }), element("td", { class: "amount", text: money.exact(Math.round(one.margin)) }), element("td", {}, button("Use this", () => use(one), { "aria-label": `Use ${one.words}` }))))))));
  return element("figure", { class: "picture card" }, element("figcaption", { text: title }), plot,
    element("p", { class: "legend", text: "Each dot is a setting. Those on the line are beaten by no other: who gives customers more keeps less. Press a dot to use it." }), table);
}

// Which setting earns most, over what nobody knows: how customers respond, and how many use coins.
function winners(found, page, use) {
  if (!found.responds) return null;
  const place = element("div", {}, element("p", { class: "note", text: "Working it out …" }));
  page.ask("winners").then((told) => {
    if (!told) return;
    if (told.problem) return place.replaceChildren(element("p", { class: "note", text: told.problem }));
    const letter = (at) => String.fromCharCode(65 + at);
    place.replaceChildren(
      element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Which setting earns most where" }, element("table", { class: "map" },
        element("thead", {}, element("tr", {}, element("th", { scope: "col", text: "Customers who use coins ↓ · more orders, at most →" }), told.columns.map((value) => element("th", { scope: "col", text: `${value} %` })))),
        element("tbody", {}, told.rows.map((row) => element("tr", {}, element("th", { scope: "row", text: `${row} %` }), told.columns.map((column) => {
          const cell = told.cells.find((one) => one.row === row && one.column === column);
          const made = element("td", { class: "winner", text: letter(cell.winner), title: `${told.winners[cell.winner].words}: ${cell.gain}` });
          made.style.setProperty("--heat", `${(60 * cell.winner) / Math.max(1, told.winners.length - 1)}%`);
          return made;
        })))))),
      element("ul", { class: "letters" }, told.winners.map((one, at) => element("li", {}, element("strong", { text: `${letter(at)} ` }), `${one.words} `, one.use ? button("Use this", () => use(one), { "aria-label": `Use ${letter(at)}` }) : null))));
  });
  return element("figure", { class: "picture card" }, element("figcaption", { text: "Which setting earns most, by how customers respond and how many use coins" }), place);
}

export const which = { name: "which", text: "Which setting", what: "which", shows: (page) => JSON.stringify(page.state.values.proposal), show };
