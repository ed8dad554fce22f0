// What the pages of displays share: elements, and counts as people read them.

const KEYED = ["button", "canvas", "code", "input", "select"];

function part(parent, tag, name = "", text = "") {
  const made = document.createElement(tag);
  // JupyterLab's own keys (arrows, space) must not act on the notebook from here.
  if (KEYED.includes(tag)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  if (name) made.className = name;
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function count(number) {
  return number === null ? "–" : Math.round(number).toLocaleString("en-US");
}
