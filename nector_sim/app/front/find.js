// Find out: how long a test takes, who is in which group, and what a test that ran says.
import { element, button, json } from "./dom.js";

function show(found, page) {
  return [planned(found), groups(page), reading(page)];
}

const card = (title, ...parts) => element("section", { class: "card", "aria-label": title }, element("h3", { text: title }), ...parts);

function table(name, columns, rows) {
  return element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": name }, element("table", {},
    element("thead", {}, element("tr", {}, columns.map((text, at) => element("th", { scope: "col", class: at ? "amount wraps" : "whole", text: text || name })))),
    element("tbody", {}, rows.map(([first, ...cells]) => element("tr", {}, element("th", { scope: "row", class: "whole", text: first }), cells.map((text) => element("td", { class: "amount", text })))))));
}

function planned(found) {
  return card("1. How long a test takes", found.lines.map((text, at) => element("p", { class: at ? "" : "strong", text })),
    found.rows.length ? table("Length of a test", found.columns, found.rows) : null,
    found.rows.length ? element("p", { class: "small", text: "Half of your customers get the new setting. What each of them did before the test is taken into account. Look at the result once, at the end that you planned: who looks earlier finds differences that are not there." }) : null,
    (found.notes ?? []).map((text) => element("p", { class: "small", text })));
}

function field(page, name, label, attributes, otherwise = "") {
  const input = element("input", { id: `find-${name}`, value: page.kept(name, otherwise), autocomplete: "off", ...attributes });
  input.addEventListener("change", () => page.keep({ [name]: input.value }));
  return element("span", { class: "choice" }, element("label", { for: `find-${name}`, text: label }), " ", input);
}

// What is worked out beside the tab's own answer, into its place.
function later(page, what, draw) {
  const place = element("div", { id: what, "aria-live": "polite" }, element("p", { class: "note", text: "Working it out …" }));
  page.ask(what).then((found) => { if (found) place.replaceChildren(...(found.problem ? [element("p", { class: "warn", text: found.problem })] : draw(found)).filter(Boolean)); });
  return place;
}

function groups(page) {
  const start = field(page, "start", "The test begins on", { type: "date" });
  const place = later(page, "groups", (found) => {
    const input = start.querySelector("input");
    if (!input.value) input.value = found.start;
    return [...found.lines.map((text) => element("p", { text })), table("What the groups did before", found.columns, found.rows),
      element("p", { class: "bar" }, button("Download the groups (CSV)", () => page.save("groups.csv"), { class: "main" })),
      element("p", { class: "small", text: "The file names every customer with a side: baseline keeps your current setting, candidate gets the new one. A customer stays on a side for the whole test. Keep the file: reading the test needs it." })];
  });
  return card("2. Who gets the new setting", element("div", { class: "bar" }, start, field(page, "percent", "of my customers, % that get it", { type: "text", class: "number", inputmode: "decimal" }, "50")), place);
}

function reading(page) {
  const said = element("p", { class: "small", text: page.kept("groups") ? `Chosen: ${page.kept("groups").split(/[\\/]/).at(-1)}` : "" });
  const file = element("input", { type: "file", id: "find-groups", accept: ".csv,.parquet,.xlsx" });
  file.addEventListener("change", async () => {
    const [one] = file.files;
    if (!one) return;
    said.textContent = `Copying ${one.name} …`;
    try {
      const sent = await json("api/upload", { method: "POST", body: one, headers: { "X-Name": encodeURIComponent(one.name) } });
      await page.keep({ groups: sent.path });
    } catch (error) {
      said.textContent = error.message;
    }
  });
  const place = later(page, "reading", (found) => (found.waiting ? [element("p", { class: "note", text: found.waiting })] : [
    element("p", { class: `strong ${found.kind}`, text: found.verdict }), element("ul", {}, found.lines.map((text) => element("li", { text }))), table("What the test found", found.columns, found.rows)]));
  return card("3. Read a test that ran", element("p", { text: "Add the orders from before and during the test under “Your orders” first." }),
    element("div", { class: "bar" }, element("span", { class: "choice" }, element("label", { for: "find-groups", text: "File of groups" }), " ", file)), said,
    element("div", { class: "bar" }, field(page, "began", "It began on", { type: "date" }), field(page, "ends", "It ends on", { type: "date" }), field(page, "drawn", "% that got the new setting", { type: "text", class: "number", inputmode: "decimal" }, "50")), place);
}

const shows = (page) => JSON.stringify(page.state.asked.find ?? {}) + page.state.marks.groups + page.state.marks.reading;
export const find = { name: "find", text: "Find out", what: "plan", shows, show };
