// Small helpers: elements, calls to the server, amounts in words.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  set(made, attributes);
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  set(made, attributes);
  made.append(...children.flat().filter((child) => child != null));
  return made;
}

function set(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name === "class") made.setAttribute("class", value);
    else if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
}

export const button = (text, onclick, attributes = {}) => element("button", { type: "button", text, onclick, ...attributes });

// The token stands behind the # of the address: it is in no log. The page keeps it for this tab alone.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", location.pathname);
}
addEventListener("hashchange", () => {
  if (location.hash.includes("token=")) location.reload();
});

export class Gone extends Error {}

export async function call(path, options = {}) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem("token") ?? ""}`, ...options.headers };
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Gone("stopped");
  }
  if (answer.status === 401) throw new Gone("again");
  return answer;
}

export async function json(path, options) {
  const answer = await call(path, options);
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.message), { status: answer.status });
  return body;
}

export function formatter(currency) {
  const locale = currency === "INR" ? "en-IN" : "en";
  const whole = new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat(locale, { style: "currency", currency, minimumFractionDigits: 0, maximumFractionDigits: 2 });
  return {
    exact: (amount) => (Math.abs(amount) < 100 ? fine : whole).format(amount).replace("-", "−"),
    short(amount) {
      const size = Math.abs(amount);
      const units = currency === "INR" ? [[1e7, " cr"], [1e5, " lakh"]] : [[1e6, " M"]];
      for (const [unit, name] of units) if (size >= unit) return `${fine.format(Number((amount / unit).toPrecision(3)))}${name}`.replace("-", "−");
      return this.exact(amount);
    },
  };
}
