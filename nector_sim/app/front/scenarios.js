// Scenarios: named settings side by side, by groups of orders, and as files.
import { element, button } from "./dom.js";

let by = "customer_decile", measure = "discount_difference";

function show(found, page) {
  const write = (value, unit) => {
    if (value == null) return unit === "uplift" ? "never" : "–";
    if (unit === "money") return page.money.exact(Math.round(value));
    return unit === "count" ? Math.round(value).toLocaleString(page.state.currency === "INR" ? "en-IN" : "en") : unit === "percent" ? `${value.toFixed(1)} %` : value.toFixed(1);
  };
  return [top(page), settings(found, page, write), groups(found, page, write)];
}

function top(page) {
  const input = element("input", { type: "text", class: "text", id: "scenario-name", placeholder: "Diwali", maxlength: "60" });
  return element("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); page.act({ do: "scenario", how: "add", name: input.value.trim() }); } },
    element("label", { for: "scenario-name", text: "Keep the proposal as a scenario called" }), input, element("button", { class: "main", text: "Add" }),
    button("Save as Excel", () => page.save("scenarios.xlsx")), button("Save as CSV", () => page.save("scenarios.csv")));
}

const kind = (row, value) => (/today/.test(row.name) && row.unit === "money" && Math.round(value) ? (value > 0 ? "better" : "worse") : "");
const signed = (row, value, write) => (/today/.test(row.name) && row.unit === "money" && value != null && Math.round(value) ? `${value > 0 ? "▲ +" : "▼ "}${write(value, row.unit)}` : write(value, row.unit));

function settings(found, page, write) {
  const head = found.columns.map((column, at) => {
    const own = at - 2;
    if (own < 0) return element("th", { scope: "col" }, element("span", { class: "strong", text: column.name }), element("p", { class: "small", text: column.words }));
    const name = element("input", { type: "text", class: "text name", id: `scenario-${own}`, value: column.name, "aria-label": `Name of ${column.name}`, maxlength: "60" });
    name.addEventListener("change", () => page.act({ do: "scenario", how: "rename", position: own, name: name.value }));
    return element("th", { scope: "col" }, element("span", { class: "unseen", text: column.name }), name, element("p", { class: "small", text: column.words }),
      element("p", { class: "bar" }, column.problem ? null : button("Use", () => page.act({ do: "scenario", how: "use", position: own }), { "aria-label": `Use ${column.name}` }), button("Remove", () => page.act({ do: "scenario", how: "remove", position: own }), { "aria-label": `Remove ${column.name}` })));
  });
  const none = found.columns.length > 2 ? null : element("p", { class: "note", text: "No scenario yet. Move the sliders, give the setting a name above, and press Add. Each scenario stays as it is, wherever the sliders go." });
  return [none, element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Scenarios side by side" }, element("table", { class: "beside" },
    element("thead", {}, element("tr", {}, element("td"), head)),
    element("tbody", {}, found.rows.map((row) => element("tr", {}, element("th", { scope: "row", text: row.name }), row.values.map((value) => element("td", { class: `amount ${kind(row, value)}`, text: signed(row, value, write) })))))))];
}

function groups(found, page, write) {
  if (!found.groups.length) return null;
  const group = found.groups.find((one) => one.by === by) ?? found.groups[0], chosen = found.measures.find((one) => one.key === measure);
  const choose = (id, label, options, now, take) => {
    const select = element("select", { id, onchange: () => { take(select.value); page.again(); } }, options.map(([value, text]) => element("option", { value, text, selected: value === now })));
    return element("span", { class: "choice" }, element("label", { for: id, text: label }), " ", select);
  };
  return element("figure", { class: "picture card" }, element("figcaption", { text: "Who gains and who loses" }),
    element("div", { class: "bar" }, choose("group-by", "By", found.groups.map((one) => [one.by, one.name.toLowerCase()]), group.by, (value) => { by = value; }), choose("group-measure", "show", found.measures.map((one) => [one.key, one.name.toLowerCase()]), measure, (value) => { measure = value; })),
    element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": `${chosen.name} by ${group.name.toLowerCase()}` }, element("table", { class: "beside" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col", text: group.name }), element("th", { scope: "col", class: "amount", text: "Orders" }), found.columns.map((column) => element("th", { scope: "col", class: "amount", text: column.name })))),
      element("tbody", {}, group.rows.map((name, at) => element("tr", {}, element("th", { scope: "row", text: name }), element("td", { class: "amount", text: group.orders[at].toLocaleString("en") }),
        group.values[measure][at].map((value) => element("td", { class: `amount ${kind(chosen, value)}`, text: signed(chosen, value, write) }))))))),
    element("p", { class: "legend", text: `${group.by === "month" ? "Amounts are those of the month." : "Amounts are those of all orders."}${group.by === "customer_decile" ? " Who spends most would spend more anyway: the difference between these groups is not what coins do." : ""}` }));
}

export const scenarios = { name: "scenarios", text: "Scenarios", what: "scenarios", show };
