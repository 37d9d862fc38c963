// The form: draws the fields that Python describes and sends back what people type. It knows no rule.

const TYPING_PAUSE = 250; // ms; a slider is sent at once

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

function render({ model, el }) {
  const prefix = `nector-form-${Math.random().toString(36).slice(2)}-`; // each widget has a module of its own
  const controls = new Map(); // path -> { show(value), mark(text) }
  let waiting = null;

  function send(path, value, pause = 0) {
    clearTimeout(waiting);
    model.set("values", { ...model.get("values"), [path]: value });
    waiting = setTimeout(() => model.save_changes(), pause);
  }
  function sendNow() {
    clearTimeout(waiting);
    model.save_changes();
  }

  function about(field, id) {
    const error = element("p", { class: "nector-error", id: `${id}-error`, role: "alert", hidden: true });
    const help = field.help
      ? element("details", { class: "nector-help" },
          element("summary", { "aria-label": `About ${field.label}`, text: "?" }),
          element("p", { id: `${id}-help`, text: field.help }))
      : null;
    return { error, help, described: `${id}-error` };
  }

  function marker(input, error) {
    return (text) => {
      error.textContent = text || "";
      error.hidden = !text;
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    };
  }

  function typed(field, id) {
    const { error, help, described } = about(field, id);
    const number = field.shape === "number";
    const input = element("input", {
      id, type: "text", class: number ? "nector-number" : "nector-text", autocomplete: "off", spellcheck: "false",
      inputmode: number ? "decimal" : false, "aria-describedby": described,
      placeholder: field.slider && !field.needed ? "none" : false,
    });
    const unit = field.unit ? element("span", { class: "nector-unit", text: field.unit }) : null;
    let slider = null;
    input.addEventListener("input", () => {
      send(field.path, input.value, TYPING_PAUSE);
      if (slider) place(input.value);
    });
    input.addEventListener("change", sendNow);
    const place = (text) => {
      const value = Number(String(text).replace(/[,\s]/g, ""));
      const blank = String(text).trim() === "" || Number.isNaN(value);
      slider.value = blank ? slider.max : value;
      slider.classList.toggle("nector-unset", blank);
      slider.setAttribute("aria-valuetext", blank ? "none" : `${field.before ? field.unit : ""}${text}${field.before ? "" : " " + field.unit}`);
    };
    if (field.slider) {
      const [least, most, step] = field.slider;
      slider = element("input", {
        type: "range", min: least, max: most, step, class: "nector-slider", "aria-label": `${field.label}, slider`,
      });
      slider.addEventListener("input", () => {
        input.value = slider.value;
        place(slider.value);
        send(field.path, slider.value);
      });
    }
    const line = element("div", { class: "nector-line" }, field.before ? unit : null, input, field.before ? null : unit);
    const box = element("div", { class: "nector-field", "data-path": field.path },
      element("div", { class: "nector-head" }, element("label", { for: id, text: field.label }), help),
      element("div", { class: "nector-controls" }, slider, line), error);
    controls.set(field.path, {
      show(value) {
        if (input.value !== value) input.value = value;
        if (slider) place(value);
      },
      mark: marker(input, error),
    });
    return box;
  }

  function switched(field, id) {
    const { error, help, described } = about(field, id);
    const input = element("input", { id, type: "checkbox", "aria-describedby": described });
    input.addEventListener("change", () => send(field.path, input.checked));
    controls.set(field.path, { show: (value) => { input.checked = value === true; }, mark: marker(input, error) });
    return element("div", { class: "nector-field nector-switch", "data-path": field.path },
      element("div", { class: "nector-head" }, input, element("label", { for: id, text: field.label }), help), error);
  }

  function chosen(field, id) {
    const { error, help, described } = about(field, id);
    const few = field.options.length <= 3;
    let box;
    if (few) {
      const group = element("fieldset", { class: "nector-choice", "aria-describedby": described }, element("legend", { text: field.label }));
      for (const [value, label] of field.options) {
        const one = element("input", { type: "radio", name: id, value, id: `${id}-${value}` });
        one.addEventListener("change", () => send(field.path, value));
        group.append(element("span", { class: "nector-option" }, one, element("label", { for: `${id}-${value}`, text: label })));
      }
      controls.set(field.path, {
        show(value) {
          for (const one of group.querySelectorAll("input")) one.checked = one.value === (value || "");
        },
        mark: marker(group, error),
      });
      box = group;
    } else {
      const select = element("select", { id, "aria-describedby": described });
      for (const [value, label] of field.options) select.append(element("option", { value, text: label }));
      select.addEventListener("change", () => send(field.path, select.value));
      controls.set(field.path, { show: (value) => { select.value = value; }, mark: marker(select, error) });
      box = element("div", {}, element("div", { class: "nector-head" }, element("label", { for: id, text: field.label }), help), select);
    }
    return element("div", { class: "nector-field", "data-path": field.path }, box, error);
  }

  function many(field) {
    const box = element("div", { class: "nector-list" });
    field.parts.forEach((part, position) => {
      const remove = element("button", { type: "button", class: "nector-small", text: `Remove ${part.label}` });
      remove.addEventListener("click", () => model.send({ do: "remove", path: field.path, position }));
      box.append(element("fieldset", { class: "nector-group" }, element("legend", { text: part.label }),
        ...parts(part), field.parts.length > 1 ? remove : null));
    });
    const add = element("button", { type: "button", class: "nector-small", text: `Add to ${field.label}` });
    add.addEventListener("click", () => model.send({ do: "add", path: field.path }));
    const error = element("p", { class: "nector-error", role: "alert", hidden: true });
    controls.set(field.path, { show() {}, mark: marker(box, error) });
    box.append(error, add);
    return box;
  }

  function one(field) {
    const id = prefix + field.path.replaceAll(".", "-") + "-" + field.shape;
    if (field.shape === "list") return many(field);
    if (field.shape === "group") return element("div", { class: "nector-group" }, ...parts(field));
    if (field.shape === "switch") return switched(field, id);
    if (field.shape === "choice") return chosen(field, id);
    return typed(field, id);
  }

  function parts(field) {
    const made = field.parts.filter((part) => part.shown).map(one);
    const rest = field.parts.filter((part) => !part.shown);
    if (rest.length) {
      const set = rest.filter((part) => model.get("values")[part.path]).length;
      made.push(element("details", { class: "nector-more" },
        element("summary", { text: set ? `More (${set} filled in)` : "More" }), ...rest.map(one)));
    }
    return made;
  }

  function show() {
    const values = model.get("values");
    for (const [path, control] of controls) control.show(values[path] ?? "");
  }
  function mark() {
    const problems = model.get("problems");
    for (const [path, control] of controls) control.mark(problems[path]);
    for (const marked of el.querySelectorAll(".nector-error:not([hidden])")) marked.closest("details.nector-more")?.setAttribute("open", "");
  }
  function draw() {
    const focused = document.activeElement?.id;
    controls.clear();
    const top = { parts: model.get("fields") };
    el.replaceChildren(element("form", { class: "nector-form", "aria-label": model.get("title") },
      element("h3", { text: model.get("title") }), ...parts(top)));
    el.firstChild.addEventListener("submit", (event) => event.preventDefault());
    show();
    mark();
    if (focused) document.getElementById(focused)?.focus();
  }

  model.on("change:fields", draw);
  model.on("change:values", show);
  model.on("change:problems", mark);
  draw();
}

export default { render };
