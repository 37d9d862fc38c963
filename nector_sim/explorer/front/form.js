// The form: draws the fields that Python describes and sends back what people type. It knows no rule.

const TYPING_PAUSE = 250; // ms; a slider is sent at once

// JupyterLab takes arrow keys and letters for its own outside of text fields: a slider's arrow would fold the notebook.
document.addEventListener("focusin", (event) => {
  if (event.target.closest?.(".nector-explorer")) event.target.setAttribute("data-lm-suppress-shortcuts", "true");
});

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
  // What was typed goes to the kernel as changes, never as the whole form: the kernel changes other fields meanwhile.
  const typing = new Map(); // path -> value, not sent yet
  const sent = new Map(); // path -> value, not taken yet
  let unanswered = 0, timer = null;

  function send(path, value, pause = 0) {
    typing.set(path, value);
    clearTimeout(timer);
    timer = setTimeout(sendNow, pause);
  }
  function sendNow() {
    clearTimeout(timer);
    timer = null;
    // While the kernel works, changes gather, so that a dragged slider never runs ahead of its figures.
    if (typing.size && !unanswered) ask({ do: "type" });
  }
  function ask(message) {
    unanswered += 1;
    model.send({ ...message, values: Object.fromEntries(typing) });
    for (const [path, value] of typing) sent.set(path, value);
    typing.clear();
  }
  function answered(message) {
    if (message.do !== "taken") return;
    unanswered = Math.max(0, unanswered - 1);
    if (unanswered) return;
    sent.clear();
    show();
    if (timer === null) sendNow();
  }

  function about(field, id) {
    const error = element("p", { class: "nector-error", id: `${id}-error`, role: "alert", hidden: true });
    const help = field.help
      ? element("p", { class: "nector-help", id: `${id}-help`, text: field.help, hidden: true })
      : null;
    const ask = help && element("button", {
      type: "button", class: "nector-ask", "aria-label": `About ${field.label}`, "aria-expanded": "false", "aria-controls": help.id, text: "?",
    });
    ask?.addEventListener("click", () => {
      help.hidden = !help.hidden;
      ask.setAttribute("aria-expanded", String(!help.hidden));
    });
    return { error, help, ask, described: help ? `${help.id} ${error.id}` : error.id };
  }

  function ours(field) {
    return field.ours ? element("span", { class: "nector-ours", text: "ours", title: "Not on Nector's screen" }) : null;
  }

  function headed(id, field, ask) {
    return element("div", { class: "nector-head" }, element("label", { for: id, text: field.label }), ours(field), ask);
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
    const { error, help, ask, described } = about(field, id);
    const number = field.shape === "number";
    const input = element("input", {
      id, type: "text", class: number ? "nector-number" : "nector-text", autocomplete: "off", spellcheck: "false",
      inputmode: number ? "decimal" : false, "aria-describedby": described,
      placeholder: field.slider && !field.needed ? "none" : field.example || false,
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
    const box = element("div", { class: slider || !number ? "nector-field" : "nector-field nector-beside-label", "data-path": field.path },
      headed(id, field, ask), help, element("div", { class: "nector-controls" }, slider, line), error);
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
    const { error, help, ask, described } = about(field, id);
    const input = element("input", { id, type: "checkbox", "aria-describedby": described });
    input.addEventListener("change", () => send(field.path, input.checked));
    controls.set(field.path, { show: (value) => { input.checked = value === true; }, mark: marker(input, error) });
    return element("div", { class: "nector-field nector-switch", "data-path": field.path },
      element("div", { class: "nector-head" }, input, element("label", { for: id, text: field.label }), ours(field), ask), help, error);
  }

  function chosen(field, id) {
    const { error, help, ask, described } = about(field, id);
    const few = field.options.length <= 3;
    let box;
    if (few) {
      const group = element("fieldset", { class: "nector-choice", "aria-describedby": described }, element("legend", { text: field.label }));
      for (const [value, label] of field.options) {
        const one = element("input", { type: "radio", name: id, value, id: `${id}-${value}` });
        one.addEventListener("change", () => send(field.path, value));
        group.append(element("span", { class: "nector-option" }, one, element("label", { for: `${id}-${value}`, text: label })));
      }
      if (ask) group.append(ask);
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
      box = element("div", {}, headed(id, field, ask), select);
    }
    return element("div", { class: "nector-field", "data-path": field.path }, box, help, error);
  }

  function many(field) {
    const box = element("div", { class: "nector-list" });
    field.parts.forEach((part, position) => {
      const remove = element("button", { type: "button", class: "nector-small", text: `Remove ${part.label}` });
      remove.addEventListener("click", () => ask({ do: "remove", path: field.path, position }));
      box.append(element("fieldset", { class: "nector-group" }, element("legend", { text: part.label }),
        ...parts(part), field.parts.length > 1 ? remove : null));
    });
    const add = element("button", { type: "button", class: "nector-small", text: `Add ${field.item}` });
    add.addEventListener("click", () => ask({ do: "add", path: field.path }));
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

  function isFilled(part) {
    return Object.entries(model.get("values")).some(([path, value]) => value && (path === part.path || path.startsWith(`${part.path}.`)));
  }
  function parts(field) {
    const made = field.parts.filter((part) => part.shown).map(one);
    const rest = field.parts.filter((part) => !part.shown);
    if (rest.length) {
      const filled = rest.filter(isFilled).length;
      made.push(element("details", { class: "nector-more", "data-of": field.path },
        element("summary", { text: `More${filled ? ` (${filled} filled in)` : ""}: ${rest.map((part) => part.label).join(", ")}` }),
        ...rest.map(one)));
    }
    return made;
  }

  function show() {
    const values = model.get("values");
    for (const [path, control] of controls) {
      // What somebody is typing is newer than what the kernel says of it.
      if (!typing.has(path) && !sent.has(path)) control.show(values[path] ?? "");
    }
  }
  function mark() {
    const problems = model.get("problems");
    for (const [path, control] of controls) control.mark(problems[path]);
    for (const marked of el.querySelectorAll(".nector-error:not([hidden])")) marked.closest("details.nector-more")?.setAttribute("open", "");
  }
  function draw() {
    const active = document.activeElement, { id: focused, value: typed, selectionStart: caret } = active ?? {};
    const open = [...el.querySelectorAll("details[open]")].map((more) => more.dataset.of);
    controls.clear();
    const top = { path: "", parts: model.get("fields") };
    el.replaceChildren(element("form", { class: "nector-form", "aria-label": model.get("title") },
      element("h3", { text: model.get("title") }), ...parts(top)));
    el.firstChild.addEventListener("submit", (event) => event.preventDefault());
    for (const more of el.querySelectorAll("details")) more.open = open.includes(more.dataset.of);
    show();
    mark();
    const again = focused && document.getElementById(focused);
    if (!again || again === active) return;
    again.focus();
    if (again.type === "text") {
      again.value = typed;
      again.setSelectionRange(caret, caret);
    }
  }

  model.on("change:fields", draw);
  model.on("change:values", show);
  model.on("change:problems", mark);
  model.on("msg:custom", answered);
  draw();
}

export default { render };
