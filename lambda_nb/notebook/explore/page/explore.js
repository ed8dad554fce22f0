// The widget: sliders, figures, the bill, and when what is drawn.

const SLIDERS = [
  ["keep_alive", "Keep-alive", "how long an idle environment lives", spanOf],
  ["memory", "Memory", "of every function; changes the bill", (mb) => (mb ? `${count(mb)} MB` : "as traced")],
  ["provisioned", "Provisioned", "environments that are always ready", count],
  ["limit", "Concurrency limit", "requests that may run at once", count],
];
const FIXED_NAMES = { limit: "account_limit" };
const REST_MS = 150, SILENT_MS = 4000;

const FIGURE_ROWS = [
  ["cold starts", (f) => f.cold_starts, count],
  ["share of cold starts", (f) => f.cold_share, (v) => (v === null ? "–" : `${(100 * v).toFixed(2)} %`), (v) => `${(100 * v).toFixed(2)} points`],
  ["throttled", (f) => f.throttles, count],
  ["peak concurrency", (f) => f.peak_concurrency, count],
  ["slowest 1 % wait", (f) => f.p99_duration, (v) => (v === null ? "–" : spanOf(v))],
  ["environments", (f) => f.environments, count],
];

class Explore {
  constructor(model, el) {
    this.model = model;
    this.options = model.get("options");
    this.place = this.options.begin.slice();
    this.view = this.options.views[0];
    this.results = new Results();
    this.results.clear(this.view);
    this.pinned = null;
    this.build(el);
    this.heard = (message, buffers) => this.hear(message, buffers);
    model.on("msg:custom", this.heard);
    this.watcher = new ResizeObserver(() => this.soon());
    this.watcher.observe(this.root);
    this.theme = new MutationObserver(() => this.soon());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
    model.send({ kind: "open" });
    this.expect();
  }

  close() {
    this.model.off("msg:custom", this.heard);
    this.watcher.disconnect();
    this.theme.disconnect();
    clearTimeout(this.resting);
    clearTimeout(this.silence);
  }

  build(el) {
    this.root = part(part(el, "div", "lnb-explore-frame"), "div", "lnb-explore");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "What a trace would need under other settings");
    const { options } = this;
    const head = part(this.root, "div", "lnb-explore-head");
    part(head, "b", "", options.name || "Trace");
    part(head, "span", "lnb-explore-dim", `${count(options.rows)} invocations over ${spanOf(options.span)}`);
    if (options.views.length > 1) this.buildViews(head);
    this.state = part(head, "span", "lnb-explore-state");
    this.buildSliders();
    const main = part(this.root, "div", "lnb-explore-main");
    [this.upper, this.upperLegend] = this.buildChart(main, "Execution environments");
    [this.lower, this.lowerLegend] = this.buildChart(main, "Cold starts and throttles");
    this.table = part(part(main, "div", "lnb-explore-bill"), "table");
    const foot = part(this.root, "div", "lnb-explore-foot");
    this.compare = part(foot, "button", "", "Compare");
    this.compare.onclick = () => this.pin();
    this.code = part(foot, "code");
    this.code.tabIndex = 0;
    const copy = part(foot, "button", "", "Copy code");
    copy.onclick = () => this.copy(copy);
    this.live = part(this.root, "div", "lnb-explore-unseen");
    this.live.setAttribute("aria-live", "polite");
  }

  buildViews(head) {
    const label = part(head, "label", "", "Show ");
    const select = part(label, "select");
    for (const view of this.options.views) part(select, "option", "", view).value = view;
    select.onchange = () => {
      this.view = select.value;
      this.unpin();
      this.rest(0);
    };
    this.select = select;
  }

  buildSliders() {
    const row = part(this.root, "div", "lnb-explore-sliders");
    this.sliders = SLIDERS.map(([axis, name, hint, text], i) => {
      const stops = this.options.stops[axis];
      if (this.options.fixed.includes(FIXED_NAMES[axis] ?? axis)) return null;
      const label = part(row, "label");
      label.title = hint;
      const words = part(label, "span");
      part(words, "span", "", name);
      const value = part(words, "output");
      const input = part(label, "input");
      Object.assign(input, { type: "range", min: 0, max: stops.length - 1, step: 1, value: stops.indexOf(this.place[i]) });
      const show = () => {
        value.textContent = text(this.place[i]);
        input.setAttribute("aria-valuetext", text(this.place[i]));
      };
      input.setAttribute("aria-label", `${name}, ${hint}`);
      input.oninput = () => {
        this.place[i] = stops[Number(input.value)];
        show();
        this.soon();
        this.rest(REST_MS);
      };
      show();
      return { input, show, stops };
    });
  }

  buildChart(main, title) {
    const box = part(main, "figure");
    part(box, "figcaption", "", title);
    const canvas = part(box, "canvas");
    canvas.setAttribute("role", "img");
    return [canvas, part(box, "div", "lnb-explore-legend")];
  }

  // The kernel is asked when a slider rests, not at each step of it.
  rest(after) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.model.send({ kind: "rest", place: this.place, view: this.view });
      this.expect();
    }, after);
  }

  expect() {
    clearTimeout(this.silence);
    this.silent = false;
    this.silence = setTimeout(() => { this.silent = true; this.soon(); }, SILENT_MS);
  }

  hear(message, buffers) {
    if (message.kind === "moved") {
      this.place = message.place.slice();
      if (this.view !== message.view) this.unpin();
      this.view = message.view;
      if (this.select) this.select.value = this.view;
      this.sliders.forEach((slider, i) => {
        if (!slider) return;
        slider.input.value = nearest(slider.stops, this.place[i]);
        slider.show();
      });
    } else if (message.kind === "refused") {
      this.refused = { key: keyOf(message.place), text: message.text };
      clearTimeout(this.silence);
    } else if (message.view === this.view) {
      const bytes = buffers[0];
      const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      this.results.add({ ...message, bands: floats });
      if (message.resting) clearTimeout(this.silence);
    }
    this.soon();
  }

  soon() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => { this.pending = false; this.draw(); });
  }

  draw() {
    const found = this.results.at(this.place);
    const call = this.options.call;
    write(this.code, call[0] + argumentsOf(this.place, this.options.fixed) + call[1]);
    if (!found || !this.root.isConnected) return;
    const refused = this.refused?.key === keyOf(this.place);
    const ink = getComputedStyle(this.root).color;
    const { point } = found, span = point.width * (point.bands.length / (point.names.length + 2));
    const a = this.pinned?.point;
    this.root.classList.toggle("lnb-explore-compared", Boolean(a));
    const same = a && a.bands.length === point.bands.length;
    draw(this.upper, bandsOf(point), same ? totalOf(bandsOf(a)) : null, false, span, point.width, "environments", ink);
    draw(this.lower, countsOf(point), same ? totalOf(countsOf(a)) : null, true, span, point.width, `count in ${spanOf(point.width)}`, ink);
    this.legends(point, same);
    this.figures(point, a);
    this.told(found, refused);
    this.root.dataset.lnbShown = `${keyOf(this.place)} ${refused ? "refused" : found.kind}`;
  }

  legends(point, compared) {
    const line = compared ? [["A", "", "dashed"]] : [];
    legend(this.upperLegend, [...bandsOf(point).map(({ word, colour }) => [word, colour]), ...line]);
    legend(this.lowerLegend, [...countsOf(point).filter(({ values }) => values.some((v) => v > 0)).map(({ word, colour }) => [word, colour]), ...line]);
    const f = point.figures;
    this.upper.setAttribute("aria-label", `Environments over time; at most ${count(f.peak_concurrency)} requests run at once`);
    this.lower.setAttribute("aria-label", `${count(f.cold_starts)} cold starts and ${count(f.throttles)} throttles over time`);
  }

  figures(point, a) {
    const lines = [...new Set([...Object.keys(point.bill), ...Object.keys(a?.bill ?? {})])];
    const sum = (bill) => Object.values(bill).reduce((x, y) => x + y, 0);
    const rows = [
      ...FIGURE_ROWS.map(([name, get, text, apart]) => [name, get(point.figures), a && get(a.figures), text, "", apart ?? text]),
      ...lines.map((name, i) => [name.replaceAll("_", " "), point.bill[name] ?? 0, a && (a.bill[name] ?? 0), money, i ? "" : "first", money]),
      ["a month at this rate", sum(point.bill), a && sum(a.bill), money, "total", money],
    ];
    const cells = rows.map(([name, b, was, text, kind, apart]) => ({ kind, texts: a ? [name, text(was), text(b), difference(b, was, apart)] : [name, text(b)] }));
    fill(this.table, a ? ["", "A", "B", "B − A"] : null, cells);
  }

  told(found, refused) {
    let text = "exact", kind = "exact";
    if (refused) [text, kind] = [this.refused.text, "refused"];
    else if (found.kind === "between") {
      const [low, high] = [found.below.figures.cold_starts, found.above.figures.cold_starts].sort((x, y) => x - y);
      [text, kind] = [`coarse: between two exact pictures (${count(low)} to ${count(high)} cold starts)`, "coarse"];
    } else if (found.kind === "near") [text, kind] = ["coarse: the nearest setting that is simulated so far", "coarse"];
    if (kind === "coarse" && this.silent) text += "; the kernel is busy, or gone";
    write(this.state, text);
    this.state.className = `lnb-explore-state lnb-explore-${kind}`;
    const f = found.point.figures;
    if (kind !== "coarse") write(this.live, kind === "refused" ? text : `${count(f.cold_starts)} cold starts, ${count(f.throttles)} throttled, ${money(Object.values(found.point.bill).reduce((x, y) => x + y, 0))} a month`);
  }

  pin() {
    const found = this.results.at(this.place);
    if (this.pinned || !found) this.unpin();
    else {
      this.pinned = { point: found.point };
      write(this.compare, `End comparison with A: ${argumentsOf(this.place, this.options.fixed).slice(2) || "defaults"}`);
    }
    this.soon();
  }

  unpin() {
    this.pinned = null;
    write(this.compare, "Compare");
    this.soon();
  }

  async copy(button) {
    try {
      await navigator.clipboard.writeText(this.code.textContent);
      write(button, "Copied");
    } catch {
      // Without the right to the clipboard: select it, so that the keys for copying work.
      const range = document.createRange();
      range.selectNodeContents(this.code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      write(button, "Selected: copy it");
    }
    setTimeout(() => write(button, "Copy code"), 2000);
  }
}

function argumentsOf([keepAlive, memory, provisioned, limit], fixed) {
  const spans = [[3600, "h"], [60, "min"]];
  const unit = spans.find(([size]) => keepAlive !== null && keepAlive >= size && keepAlive % size === 0);
  const span = keepAlive === null ? 'float("inf")' : unit ? `"${keepAlive / unit[0]}${unit[1]}"` : `${keepAlive}`;
  const parts = { keep_alive: span };
  if (memory) parts.memory = memory;
  if (provisioned) parts.provisioned = provisioned;
  if (limit !== 1000) parts.account_limit = limit;
  return Object.entries(parts).filter(([name]) => !fixed.includes(name)).map(([name, value]) => `, ${name}=${value}`).join("");
}

function nearest(stops, value) {
  let best = 0;
  stops.forEach((stop, i) => { if (apart(stop, value) < apart(stops[best], value)) best = i; });
  return best;
}

function difference(b, a, text) {
  if (a === null || b === null) return "–";
  const by = b - a;
  if (text(Math.abs(by)) === text(0)) return "same";
  return by > 0 ? `+${text(by)}` : `−${text(-by)}`;
}

function legend(element, items) {
  const told = JSON.stringify(items);
  if (element.dataset.told === told) return;
  element.dataset.told = told;
  element.replaceChildren();
  for (const [word, colour, kind] of items) {
    const item = part(element, "span");
    const mark = part(item, "i", kind ?? "");
    if (colour) mark.style.background = colour;
    item.append(word);
  }
}

function fill(table, head, rows) {
  const told = JSON.stringify([head, rows]);
  if (table.dataset.told === told) return;
  table.dataset.told = told;
  table.replaceChildren();
  if (head) {
    const row = part(part(table, "thead"), "tr");
    for (const text of head) part(row, "th", "", text).scope = "col";
  }
  const body = part(table, "tbody");
  for (const { kind, texts } of rows) {
    const row = part(body, "tr", kind ? `lnb-explore-${kind}` : "");
    texts.forEach((text, i) => { part(row, i ? "td" : "th", "", text).scope = i ? "" : "row"; });
  }
}

function render({ model, el }) {
  el.classList.add("lnb-live");
  const shown = new Explore(model, el);
  return () => shown.close();
}

export default { render };
