// Step 1: a merchant's own files, what is understood of them, and what is asked.
import { element, button, call, json } from "./dom.js";

const MOST = 200 * 1024 * 1024;

export class Orders {
  constructor({ act, say, save }) {
    Object.assign(this, { act, say, save, drawn: "" });
    this.input = element("input", { type: "file", id: "files", multiple: true, class: "unseen", accept: ".csv,.tsv,.txt,.xlsx,.xls,.parquet,.json,.gz,.zip,.toml", onchange: () => this.take([...this.input.files]) });
    this.progress = element("p", { class: "progress", role: "status" });
    const pick = button("Choose files", () => this.input.click(), { class: "main" });
    this.drop = element("div", { class: "drop" },
      element("p", {}, element("label", { for: "files", text: "Drop your files here" }), ": orders from Shopify, WooCommerce or any table, coins of your customers, a saved setting or project."),
      this.input, pick, this.progress,
      element("p", { class: "small", text: "Nothing leaves this computer. A copy of each file is kept in your home folder, for you alone, until you remove it." }));
    for (const name of ["dragenter", "dragover"]) this.drop.addEventListener(name, (event) => { event.preventDefault(); this.drop.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) this.drop.addEventListener(name, () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", (event) => { event.preventDefault(); this.take([...event.dataTransfer.files]); });
    this.found = element("div", { class: "found" });
    this.box = element("section", { class: "step", "aria-label": "Your orders" }, element("h2", { text: "Your orders" }), this.drop, this.found);
  }

  async take(files) {
    if (!files.length) return;
    const large = files.find((file) => file.size > MOST);
    if (large) {
      this.progress.textContent = `${large.name} is too large: at most 200 MiB can be added here.`;
      return;
    }
    const sent = [];
    try {
      for (const file of files) {
        this.progress.textContent = `Copying ${file.name} …`;
        sent.push(await json("api/upload", { method: "POST", body: file, headers: { "X-Name": encodeURIComponent(file.name) } }));
      }
      this.progress.textContent = "Reading …";
      await this.act({ do: "files", files: sent });
      this.progress.textContent = "";
    } catch (error) {
      this.progress.textContent = error.message;
    }
    this.input.value = "";
  }

  async change(parts) {
    this.progress.textContent = "Reading …";
    await this.act({ do: "orders", parts });
    this.progress.textContent = "";
  }

  show(state) {
    const drawn = JSON.stringify(state.orders);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const orders = state.orders;
    const open = [...this.found.querySelectorAll("details[open]")].map((one) => one.dataset.name);
    this.found.replaceChildren(...[this.now(state), this.message(orders), this.questions(orders), this.choices(orders), this.columns(orders), this.confirm(orders), this.report(orders), this.days(orders), this.balances(state), this.written(orders), this.others(orders)].filter(Boolean));
    for (const one of this.found.querySelectorAll("details")) if (open.includes(one.dataset.name)) one.open = true;
  }

  now(state) {
    const { orders } = state;
    const who = [orders.label, orders.count && `${orders.count.toLocaleString("en")} orders`, orders.customers && `${orders.customers.toLocaleString("en")} customers`, orders.period].filter(Boolean);
    return element("div", { class: "card" }, element("h3", { text: "The figures are of" }), element("p", { class: "strong", text: who.join(" · ") }), orders.happened ? element("p", { text: orders.happened }) : null);
  }

  message(orders) {
    const notes = orders.notices.map((note) => element("li", { text: note }));
    if (!orders.message && !notes.length) return null;
    return element("div", { class: "card" }, orders.message ? element("p", { class: "warn", role: "status", text: `${orders.files.join(", ")}${orders.files.length ? ": " : ""}${orders.message}` }) : null,
      notes.length ? element("details", { "data-name": "notes", open: notes.length < 4 }, element("summary", { text: "Good to know" }), element("ul", {}, notes)) : null);
  }

  questions(orders) {
    if (!orders.questions?.length) return null;
    return element("div", { class: "card" }, element("h3", { text: "Questions" }), orders.questions.map((one) => {
      const answer = (value) => this.change(one.key === "currency" ? { how: { currency: value.trim().toUpperCase() } } : { answers: { [one.key]: value } });
      if (one.key === "currency") {
        const input = element("input", { type: "text", class: "number", value: orders.how.currency ?? orders.currency, "aria-label": one.text });
        return element("div", { class: "question" }, element("p", { text: one.text }), input, button("Answer", () => answer(input.value || "INR")));
      }
      if (one.choices.length > 6) {
        const select = element("select", { "aria-label": one.text, onchange: () => answer(select.value) }, [["", "choose …"], ...one.choices].map(([value, text]) => element("option", { value, text, selected: value === one.answer })));
        return element("div", { class: "question" }, element("p", { text: one.text }), select);
      }
      return element("div", { class: "question", role: "group", "aria-label": one.text }, element("p", { text: one.text }), one.choices.map(([value, text]) => button(text, () => answer(value), { "aria-pressed": String(value === one.answer) })));
    }));
  }

  choices(orders) {
    if (!orders.choices?.length) return null;
    return element("div", { class: "card" }, element("h3", { text: "Please decide" }), orders.choices.map((one) => {
      if (one.name === "returned_percent") {
        const rate = element("input", { type: "text", class: "number", id: "returned", value: one.value, inputmode: "decimal", onchange: () => this.change({ how: { returned_percent: rate.value.trim() } }) });
        return element("p", { class: "line inside" }, element("label", { for: "returned", text: one.words }), element("span", { class: "value" }, rate, element("span", { class: "unit", text: "%" })));
      }
      const id = `choice-${one.name}-${String(one.value)}`;
      const input = element("input", { type: "checkbox", id, checked: one.on, onchange: () => this.change({ how: { [one.name]: input.checked ? one.value : one.name === "keep_status" ? [] : "" } }) });
      return element("p", { class: "switch" }, input, element("label", { for: id, text: one.words }));
    }));
  }

  columns(orders) {
    if (!orders.columns?.length) return null;
    const rows = orders.columns.map((one) => {
      const select = element("select", { "aria-label": `${one.name} is`, onchange: () => this.change({ columns: { [one.name]: select.value } }) },
        [["", "not used"], ...orders.roles].map(([value, text]) => element("option", { value, text, selected: value === one.role })));
      return element("tr", { class: one.role ? "" : "unused" }, element("th", { scope: "row", text: one.name }), element("td", { class: "first", text: one.first.join(" · ") }), element("td", {}, select), element("td", { class: "why", text: one.why }));
    });
    return element("details", { class: "card", open: orders.confirm, "data-name": "columns" }, element("summary", { text: "Which column is which" }),
      element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Columns of your file" }, element("table", { class: "columns-of" }, element("thead", {}, element("tr", {}, ["Your column", "First values", "Is", "Because"].map((text) => element("th", { scope: "col", text })))), element("tbody", {}, rows))));
  }

  confirm(orders) {
    if (!orders.draft) return null;
    const ready = orders.confirm && orders.report && orders.report.rows[0].orders;
    return element("p", { class: "bar" }, ready ? button("Use these orders", () => this.act({ do: "use" }), { class: "main" }) : null, button("Leave it", () => this.act({ do: "cancel" })));
  }

  report(orders) {
    if (!orders.report) return null;
    const { rows, facts, rejects, rejected } = orders.report;
    const all = rows.reduce((sum, row) => sum + row.orders, 0) || 1;
    const strip = element("div", { class: "strip", "aria-hidden": "true" }, rows.map((row, at) => {
      const part = element("span", { class: `part p${Math.min(at, 4)}`, title: `${row.what}: ${row.orders}` });
      part.style.flexGrow = String(row.orders / all);
      return part;
    }));
    return element("div", { class: "card" }, element("h3", { text: "What is counted, and what is not" }), strip,
      element("table", { class: "rows" }, element("tbody", {}, rows.map((row) => element("tr", {}, element("th", { scope: "row", text: row.what }), element("td", { class: "amount", text: row.orders.toLocaleString("en") }), element("td", { class: "amount", text: row.money }))))),
      facts.map((text) => element("p", { class: "small", text })),
      rejected ? element("details", { "data-name": "rejects" }, element("summary", { text: `Why ${rejected.toLocaleString("en")} cannot be used` }),
        element("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Rows that cannot be used" }, element("table", {}, element("thead", {}, element("tr", {}, ["Row", "Order", "Why"].map((text) => element("th", { scope: "col", text })))), element("tbody", {}, rejects.map((row) => element("tr", {}, row.map((text) => element("td", { text }))))))),
        button("Save all of them (CSV)", () => this.save("rejected.csv"))) : null);
  }

  days(orders) {
    if (!orders.span?.length || orders.draft) return null;
    const [first, last] = ["first", "last"].map((name, at) => element("input", { type: "date", id: `day-${name}`, value: orders.days[name] || orders.span[at], min: orders.span[0], max: orders.span[1] }));
    const asked = () => ({ first: first.value === orders.span[0] ? "" : first.value, last: last.value === orders.span[1] ? "" : last.value });
    return element("div", { class: "card" }, element("h3", { text: "Which days count" }),
      element("p", { class: "bar" }, element("label", { for: "day-first", text: "From" }), first, element("label", { for: "day-last", text: "to" }), last,
        button("Count these days", () => this.change({ days: asked() })), orders.days.first || orders.days.last ? button("All days", () => this.change({ days: {} })) : null));
  }

  balances(state) {
    const { balances, files } = state.orders;
    if (!balances) return null;
    const each = element("input", { type: "text", class: "number", id: "each", value: balances.each, inputmode: "numeric", placeholder: "0" });
    const at = element("input", { type: "date", id: "balances-at", value: balances.at });
    return element("div", { class: "card" }, element("h3", { text: `What customers have: ${state.points}` }),
      balances.name
        ? [element("p", {}, `${balances.name}, as of `, element("label", { for: "balances-at", class: "unseen", text: "Day of the balances" }), at, button("Set the day", () => this.change({ balances_at: at.value })), button(`Remove ${balances.name}`, () => this.change({ balances: null }))),
           element("p", { class: "small", text: "These are balances of one day. They are counted back to the first order." })]
        : element("p", {}, element("label", { for: "each", text: "No file of balances. Every customer begins with" }), " ", each, ` ${state.points} `, button("Set", () => this.change({ balances: each.value.trim() ? { each: each.value.trim() } : null }))),
      files?.length ? null : element("p", { text: "Now add your orders." }));
  }

  written(orders) {
    if (!orders.files?.length) return null;
    const how = orders.how ?? {};
    const choose = (name, label, options) => {
      const id = `how-${name}`;
      const select = element("select", { id, onchange: () => this.change({ how: { [name]: select.value } }) }, options.map(([value, text]) => element("option", { value, text, selected: value === (how[name] ?? "") })));
      return element("p", {}, element("label", { for: id, text: label }), " ", select);
    };
    const type = (name, label) => {
      const id = `how-${name}`;
      const input = element("input", { id, type: "text", class: "text", value: how[name] ?? "", onchange: () => this.change({ how: { [name]: input.value.trim() } }) });
      return element("p", {}, element("label", { for: id, text: label }), " ", input);
    };
    return element("details", { class: "card", "data-name": "written" }, element("summary", { text: "If numbers, dates or rows are read wrongly" }),
      choose("dates", "Dates are", [["", "as found"], ["dd/mm/yyyy", "day first"], ["mm/dd/yyyy", "month first"]]),
      choose("numbers", "Numbers are", [["", "as found"], ["1,234.50", "1,234.50"], ["1.234,50", "1.234,50"]]),
      choose("rows", "Rows of one order", [["", "as found"], ["every", "each repeats the order"], ["lines", "add up to the order"]]),
      type("currency", "Currency, as three letters"), type("sheet", "Sheet of the Excel file"), type("points_code", "Coupon codes that were coins, such as COINS-*"));
  }

  others(orders) {
    const path = element("input", { type: "text", class: "text", id: "path" });
    const look = () => path.value.trim() && this.act({ do: "files", files: [{ name: path.value.trim(), path: path.value.trim() }] });
    return element("div", { class: "card" }, element("h3", { text: "Other orders" }),
      element("p", { class: "bar" }, button("Example shop: groceries", () => this.act({ do: "shop", shop: "grocery" })), button("Example shop: online store", () => this.act({ do: "shop", shop: "web shop" })),
        button("Start again", () => this.act({ do: "new" }), { title: "The example shop under the documented setting; Undo brings back what is here now" }),
        orders.files?.length ? button("Remove my orders from this computer", () => this.act({ do: "forget" })) : null),
      element("details", { "data-name": "path" }, element("summary", { text: "A file that is too large to add" }), element("p", {}, element("label", { for: "path", text: "Where it is on this computer" }), " ", path, button("Read it", look))));
  }
}
