// A table of orders; choosing a row by click or key shows its explanation below.

function render({ model, el }) {
  const table = document.createElement("table");
  table.className = "nector-table";
  const words = document.createElement("pre");
  words.className = "nector-words";
  words.setAttribute("aria-live", "polite");
  const scrolls = document.createElement("div");
  scrolls.className = "nector-scrolls";
  scrolls.append(table);
  el.replaceChildren(scrolls, words);

  function choose(position) {
    model.set("chosen", position);
    model.save_changes();
  }

  function cell(tag, text, number) {
    const made = document.createElement(tag);
    if (tag === "th") made.scope = "col";
    if (number) made.className = "nector-right";
    made.textContent = text;
    return made;
  }

  const isNumber = (column, count) => column > 0 && column < count - 1;

  function draw() {
    const columns = model.get("columns");
    const head = document.createElement("tr");
    columns.forEach((name, column) => head.append(cell("th", name, isNumber(column, columns.length))));
    const body = model.get("rows").map((row, position) => {
      const line = document.createElement("tr");
      line.classList.toggle("nector-chosen", position === model.get("chosen"));
      row.forEach((text, column) => {
        const made = cell("td", column ? text : "", isNumber(column, columns.length));
        if (!column) {
          const button = document.createElement("button");
          button.type = "button";
          button.className = "nector-link";
          button.textContent = text;
          button.setAttribute("aria-label", `Explain order ${text}`);
          button.setAttribute("aria-pressed", String(position === model.get("chosen")));
          made.append(button);
        }
        line.append(made);
      });
      line.addEventListener("click", () => choose(position));
      return line;
    });
    const focused = [...table.querySelectorAll("button")].indexOf(document.activeElement);
    table.replaceChildren(head, ...body);
    if (focused >= 0) table.querySelectorAll("button")[focused]?.focus();
  }
  const explain = () => { words.textContent = model.get("words"); };

  model.on("change:columns change:rows change:chosen", draw);
  model.on("change:words", explain);
  draw();
  explain();
}

export default { render };
