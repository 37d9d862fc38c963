// A button that asks the kernel for a file and saves it.

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "nector-small";
  button.textContent = model.get("label");
  el.replaceChildren(button);

  button.addEventListener("click", () => {
    button.disabled = true;
    button.textContent = `${model.get("label")} …`;
    model.send({ do: "make" });
  });
  model.on("msg:custom", (message, buffers) => {
    button.disabled = false;
    button.textContent = model.get("label");
    if (message.do !== "save") return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(buffers, { type: message.kind }));
    link.download = message.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}

export default { render };
