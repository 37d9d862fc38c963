// Uploads a file piece by piece: the kernel asks for the next piece, so nothing piles up and progress is true.

function size(bytes) {
  return bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(0)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}

function render({ model, el }) {
  const id = `nector-upload-${Math.random().toString(36).slice(2)}`; // each widget has a module of its own
  el.classList.add("nector-upload");
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = model.get("label");
  const input = document.createElement("input");
  input.type = "file";
  input.id = id;
  input.accept = model.get("accept");
  const bar = document.createElement("progress");
  bar.hidden = true;
  bar.setAttribute("aria-label", "Upload progress");
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  el.replaceChildren(label, input, bar, status);

  let file = null;

  function say(text, wrong = false) {
    status.textContent = text;
    status.className = wrong ? "nector-error" : "";
  }

  input.addEventListener("change", () => {
    file = input.files[0];
    if (!file) return;
    if (file.size > model.get("most")) {
      say(`${file.name} is ${size(file.size)}; at most ${size(model.get("most"))} can be uploaded here. `
        + "Larger files: nector-sim score on the command line.", true);
      input.value = "";
      return;
    }
    if (!file.size) {
      say(`${file.name} is empty.`, true);
      return;
    }
    bar.hidden = false;
    bar.value = 0;
    say(`Uploading ${file.name} …`);
    model.send({ do: "begin", name: file.name, size: file.size });
  });

  model.on("msg:custom", async (message) => {
    if (message.do === "next" && file) {
      const start = message.have;
      bar.value = start / file.size;
      try {
        const piece = await file.slice(start, start + model.get("piece")).arrayBuffer();
        model.send({ do: "piece" }, undefined, [piece]);
      } catch (error) {
        bar.hidden = true;
        say(`${file.name} cannot be read: ${error.message}`, true);
      }
    } else if (message.do === "reading") {
      bar.removeAttribute("value"); // busy, for as long as it takes
      say(`Reading ${file ? file.name : "the file"} …`);
    } else if (message.do === "refuse") {
      bar.hidden = true;
      say(`${file ? file.name : "The file"} was not taken: ${message.why}.`, true);
    } else if (message.do === "done") {
      bar.hidden = true;
      input.value = ""; // so that the same file can be chosen again
      say(model.get("said"));
    }
  });
  model.on("change:said", () => say(model.get("said")));
}

export default { render };
