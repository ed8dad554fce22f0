// The widget: buttons, clock, figures, and the loop that moves time.

const REDUCED = window.matchMedia("(prefers-reduced-motion: reduce)");

class Player {
  constructor(root, run) {
    this.root = root;
    this.run = run;
    const { told } = run;
    this.t = Math.max(0, Math.min(run.length, (told.startAt ?? told.begin) - told.begin));
    this.pace = told.speed ?? niceSpeed(run.length / 60);
    this.factor = 1;
    this.playing = false;
    this.build();
    this.watch();
    this.resize();
    const fresh = Date.now() / 1000 - told.made < 60;
    if (fresh && !REDUCED.matches) this.play();
    else this.draw();
    this.say(true);
  }

  get speed() { return this.pace * this.factor; }

  build() {
    const { root } = this;
    root.replaceChildren();
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", "Execution environments over time, an animation");
    const bar = part(root, "div", "lnb-lab-bar");
    this.button = part(bar, "button", "lnb-lab-play");
    this.button.onclick = () => this.toggle();
    const again = part(bar, "button", "", "Restart");
    again.title = "Back to the beginning (Home key)";
    again.onclick = () => this.seek(0);
    this.time = part(bar, "span", "lnb-lab-clock");
    const choice = part(bar, "label", "lnb-lab-speed", "Speed ");
    this.select = part(choice, "select");
    for (const factor of [0.1, 0.25, 0.5, 1, 2, 4, 10]) {
      const option = part(this.select, "option", "", `1 s shows ${lengthOf(this.pace * factor)}`);
      option.value = factor;
      option.selected = factor === 1;
    }
    this.select.onchange = () => { this.factor = Number(this.select.value); };
    const what = this.run.told;
    if (what.all > what.rows) part(bar, "span", "lnb-lab-dim", `the busiest ${what.rows.toLocaleString("en-US")} of ${what.all.toLocaleString("en-US")} requests`);
    part(bar, "span", "lnb-lab-dim", what.real ? "real run" : "simulated run");
    this.canvas = part(root, "canvas", "lnb-lab-stage");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Boxes are execution environments, dots are requests");
    const words = part(root, "div", "lnb-lab-words");
    this.tag = part(words, "span");
    this.sentence = part(words, "span");
    this.line = part(root, "canvas", "lnb-lab-line");
    for (const [name, value] of [["role", "slider"], ["tabindex", "0"], ["aria-label", "Moment of the run"], ["aria-valuemin", "0"], ["aria-valuemax", "100"]]) {
      this.line.setAttribute(name, value);
    }
    this.line.title = "Click or drag to go to a moment; arrow keys move, space plays";
    this.figures = {};
    const row = part(root, "dl", "lnb-lab-figures");
    for (const [key, name] of FIGURES) {
      if (key === "waiting" && !this.run.waiting.length && !this.run.begun.some((t, i) => t > this.run.arrival[i])) continue;
      if (key === "throttled" && !this.run.throttles.length && !what.before.throttled) continue;
      const cell = part(row, "div", `lnb-lab-${key}`);
      part(cell, "dt", "", name);
      this.figures[key] = part(cell, "dd");
    }
    this.legend();
    this.live = part(root, "div", "lnb-lab-unseen");
    this.live.setAttribute("aria-live", "polite");
    this.stage = new Stage(this.canvas, this.run);
    this.strip = new Strip(this.line, this.run);
  }

  legend() {
    const row = part(this.root, "div", "lnb-lab-legend");
    const told = [["initialising", "init: a new environment starts"], ["running", "runs a request"], ["frozen", this.run.told.keepAlive === null ? "frozen: waits, costs nothing" : "frozen: waits; the bar is what is left of its keep-alive"], ["gone", "gone"]];
    if (this.run.lives.provisioned.some((one) => one)) told.push(["provisioned", "provisioned: ready before requests come"]);
    if (this.run.throttles.length) told.push(["throttle", "throttled"]);
    for (const [state, text] of told) {
      const item = part(row, "span");
      part(item, "i", `lnb-lab-${state}`).style.setProperty("--lnb-colour", COLOUR[state]);
      item.append(text);
    }
  }

  watch() {
    const { root, line } = this;
    new ResizeObserver(() => { if (root.clientWidth && root.clientWidth !== this.wide) this.resize(); }).observe(root);
    // Out of sight nothing is drawn; in sight again it goes on.
    new IntersectionObserver((seen) => {
      this.seen = seen[seen.length - 1].isIntersecting;
      if (this.seen) this.next();
    }).observe(root);
    new MutationObserver(() => this.resize()).observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
    const to = (event) => {
      const box = line.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.run.length);
    };
    line.onpointerdown = (event) => { line.setPointerCapture(event.pointerId); to(event); };
    line.onpointermove = (event) => { if (event.buttons) to(event); };
    root.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const inSelect = event.target === this.select;
    const inButton = event.target instanceof HTMLButtonElement;
    const step = this.run.length / (event.shiftKey ? 20 : 200);
    const actions = { ArrowRight: () => this.seek(this.t + step), ArrowLeft: () => this.seek(this.t - step), Home: () => this.seek(0), End: () => this.seek(this.run.length) };
    if (event.key === " " && !inButton && !inSelect) this.toggle();
    else if (actions[event.key] && !inSelect) actions[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  resize() {
    const style = getComputedStyle(this.root);
    this.ink = style.color;
    this.stage.paper = paperOf(this.root);
    this.wide = this.root.clientWidth;
    if (!this.wide) return;
    const wide = this.wide - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    this.stage.resize(wide, Math.max(90, this.run.told.height - 242));
    this.strip.resize(wide, this.ink);
    this.draw();
  }

  play() {
    if (this.t >= this.run.length) this.t = 0;
    this.playing = true;
    this.before = undefined;
    this.label();
    this.next();
  }

  pause() {
    this.playing = false;
    this.label();
    this.draw();
    this.say(true);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(t) {
    this.t = Math.max(0, Math.min(this.run.length, t));
    this.draw();
    this.say(!this.playing);
  }

  label() {
    this.button.textContent = this.playing ? "Pause" : "Play";
    this.button.title = "Space key";
  }

  next() {
    if (!this.playing || this.pending || this.seen === false || !this.root.isConnected) return;
    this.pending = true;
    requestAnimationFrame((now) => {
      this.pending = false;
      if (!this.playing) return;
      // A tab that was hidden goes on from where it was.
      const passed = Math.min(0.1, this.before === undefined ? 0 : (now - this.before) / 1000);
      this.before = now;
      this.t = Math.min(this.run.length, this.t + passed * this.speed);
      this.draw();
      this.say(false);
      if (this.t >= this.run.length) this.pause();
      else this.next();
    });
  }

  draw() {
    if (!this.wide) return;
    const { run, t } = this;
    const now = figures(run, t);
    this.stage.draw(t, this.speed, now, this.ink, REDUCED.matches);
    this.strip.draw(t, this.ink);
    write(this.time, clock(run.told.begin + t, run.told.end));
    const share = now.came ? ` (${((100 * now.cold) / now.came).toFixed(now.cold / now.came < 0.1 ? 1 : 0)} %)` : "";
    const texts = { came: count(now.came), cold: count(now.cold) + share, throttled: count(now.throttled), waiting: count(now.waiting), running: count(now.running), initialising: count(now.initialising), frozen: count(now.frozen), gone: count(now.gone), bill: dollars(now.bill) };
    for (const [key, cell] of Object.entries(this.figures)) write(cell, texts[key]);
    this.words(now);
    this.line.setAttribute("aria-valuenow", ((100 * t) / run.length).toFixed(1));
    this.line.setAttribute("aria-valuetext", this.time.textContent);
    this.now = now;
  }

  // A sentence stays long enough to be read.
  words(now) {
    const at = performance.now();
    const [tag, text] = sentence(this.run, this.t, this.speed, now);
    if (this.playing && at - (this.spoken ?? -1e9) < 900) return;
    if (text !== this.sentence.textContent) this.spoken = at;
    write(this.sentence, text);
    write(this.tag, tag === "throttle" ? "429" : tag);
    this.tag.className = tag ? `lnb-lab-tag lnb-lab-is-${tag}` : "";
  }

  // For screen readers: now and then while it plays, at once when it stops.
  say(at_once) {
    const at = performance.now();
    if (!at_once && at - (this.said ?? 0) < 5000) return;
    this.said = at;
    const now = this.now;
    if (now) write(this.live, `${this.time.textContent}: ${now.running} running, ${now.initialising} initialising, ${now.frozen} frozen; ${now.came} requests, ${now.cold} cold starts, bill ${dollars(now.bill)}. ${this.sentence.textContent}`);
    this.label();
  }
}

const FIGURES = [["came", "requests"], ["cold", "cold starts"], ["throttled", "throttled"], ["waiting", "waiting"], ["initialising", "in init"], ["running", "running"], ["frozen", "frozen"], ["gone", "gone"], ["bill", "bill so far"]];

// A speed that people read easily: 1, 2 or 5 of a power of ten, or whole minutes.
function niceSpeed(speed) {
  const steps = [60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 43200, 86400];
  if (speed >= 60) return steps.find((step) => step >= speed) ?? 86400;
  const power = 10 ** Math.floor(Math.log10(speed));
  return power * ([1, 2, 5, 10].find((digit) => digit * power >= speed * 0.999) ?? 10);
}

// The colour of the page behind an element.
function paperOf(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour && !/rgba\(.*, 0\)|transparent/.test(colour)) return colour;
  }
  return "#fff";
}

// The same output may be on the page more than once; each place gets its own player.
async function start(id, told, text) {
  const places = document.querySelectorAll(`[data-lnb-lab="${id}"]:not([data-lnb-on])`);
  for (const place of places) place.setAttribute("data-lnb-on", "");
  const run = await unpack(told, text);
  for (const place of places) new Player(place, run);
}
