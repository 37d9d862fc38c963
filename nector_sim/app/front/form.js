// Fields that the server describes, and what people type into them. It knows no rule.
import { element, button } from "./dom.js";

const TYPING_PAUSE = 250; // ms; a slider is sent at once

export class Form {
  // send(values) is called with what was typed; list(how, path, position) adds an item to a list or takes one away.
  constructor(name, { send, list, open = [] }) {
    Object.assign(this, { name, send, list, drawn: "", controls: new Map(), typing: new Map(), timer: null, opened: new Set(open) });
    this.box = element("form", { class: "form", "aria-label": name, onsubmit: (event) => event.preventDefault() });
  }

  show(folds, values, problems = {}) {
    const drawn = JSON.stringify(folds);
    if (drawn !== this.drawn) this.draw(folds, values);
    this.drawn = drawn;
    for (const [path, control] of this.controls) {
      if (!this.typing.has(path)) control.show(values[path] ?? "");
      control.mark(problems[path]);
    }
    for (const marked of this.box.querySelectorAll(".error:not(:empty)")) marked.closest("details")?.setAttribute("open", "");
  }

  typed(path, value, pause = 0) {
    this.typing.set(path, value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), pause);
  }

  now() {
    clearTimeout(this.timer);
    if (!this.typing.size) return;
    const values = Object.fromEntries(this.typing);
    this.typing.clear();
    this.send(values);
  }

  draw(folds, values) {
    const active = document.activeElement;
    const focused = this.box.contains(active) ? active.id : null;
    this.controls.clear();
    this.box.replaceChildren(...folds.map((fold) => element("details", {
      class: "fold", open: this.opened.has(fold.title), ontoggle: (event) => this.opened[event.target.open ? "add" : "delete"](fold.title),
    }, element("summary", { text: fold.title }), ...fold.fields.map((field) => this.one(field, values)))));
    if (focused) document.getElementById(focused)?.focus();
  }

  one(field, values) {
    if (field.shape === "list") return this.many(field, values);
    if (field.shape === "group") return element("fieldset", { class: "group" }, field.parts.map((part) => this.one(part, values)));
    const id = `${this.name}-${field.path.replaceAll(".", "-")}-${field.shape}`;
    const error = element("p", { class: "error", id: `${id}-error` });
    const help = field.help ? element("p", { class: "help", id: `${id}-help`, text: field.help, hidden: true }) : null;
    const ask = help && button("?", () => {
      help.hidden = !help.hidden;
      ask.setAttribute("aria-expanded", String(!help.hidden));
    }, { class: "ask", "aria-label": `About ${field.label}`, "aria-expanded": "false" });
    const label = element("label", { for: id, text: field.label });
    const input = this.input(field, id, help ? `${id}-help ${id}-error` : `${id}-error`);
    this.controls.set(field.path, {
      show: (value) => {
        if (document.activeElement === input && input.type === "text" && input.dataset.dirty) return;
        if (input.type === "checkbox") input.checked = value === true;
        else if (input.value !== value) input.value = value;
      },
      mark: (text) => {
        error.textContent = text ?? "";
        if (text) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      },
    });
    const unit = field.unit ? element("span", { class: "unit", text: field.unit }) : null;
    const line = field.shape === "switch"
      ? [element("span", { class: "switch" }, input, label), ask]
      : [label, ask, element("span", { class: "value" }, field.before ? unit : null, input, field.before ? null : unit)];
    return element("div", { class: "field", "data-path": field.path }, element("div", { class: "line" }, line), help, error);
  }

  input(field, id, described) {
    const common = { id, "aria-describedby": described };
    if (field.shape === "switch") return element("input", { ...common, type: "checkbox", onchange: (event) => this.typed(field.path, event.target.checked) });
    if (field.shape === "choice") {
      return element("select", { ...common, onchange: (event) => this.typed(field.path, event.target.value) },
        field.options.map(([value, text]) => element("option", { value, text })));
    }
    const number = field.shape === "number";
    const hint = field.range ? "" : field.shape === "time" ? "2026-04-01 00:00" : field.needed ? "" : "none";
    const input = element("input", {
      ...common, type: "text", class: number ? "number" : "text", autocomplete: "off", spellcheck: "false",
      inputmode: number ? "decimal" : false, placeholder: hint || false,
    });
    input.addEventListener("input", () => {
      input.dataset.dirty = "1";
      this.typed(field.path, input.value, TYPING_PAUSE);
    });
    input.addEventListener("change", () => {
      delete input.dataset.dirty;
      this.now();
    });
    input.addEventListener("blur", () => delete input.dataset.dirty);
    return input;
  }

  many(field, values) {
    const item = field.label.replace(/s$/, "");
    const items = field.parts.map((part, position) => element("fieldset", { class: "group" },
      element("legend", { text: `${item} ${position + 1}` }),
      part.parts.map((below) => this.one(below, values)),
      field.parts.length > 1 || item !== "Offer" ? button(`Remove ${item.toLowerCase()} ${position + 1}`, () => this.list("remove", field.path, position)) : null));
    const error = element("p", { class: "error" });
    this.controls.set(field.path, { show() {}, mark: (text) => (error.textContent = text ?? "") });
    return element("div", { class: "list" }, items, error, button(`Add ${item.toLowerCase()}`, () => this.list("add", field.path, 0)));
  }
}
