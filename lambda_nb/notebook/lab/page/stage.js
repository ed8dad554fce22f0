// Draws one moment of a run: requests on the left, the gate, execution environments as boxes.

const COLOUR = {
  running: "#1a83c4", initialising: "#e69f00", frozen: "#56b4e9", gone: "#9a9a9a",
  throttle: "#d55e00", provisioned: "#009e73",
};
const FLIGHT_S = 0.5, GLOW_S = 0.25, GHOST_S = 0.8;
const LANE = 104, LEAST_BOX = 9, MOST_BOX = 100, MOST_FLYING = 250;

// Where boxes are: their size and how many fit, for a stage of this size.
function layout(width, height, places) {
  const inner = Math.max(60, width - LANE - 8), high = height - 26;
  let best = { size: LEAST_BOX, columns: Math.max(1, Math.floor(inner / LEAST_BOX)) };
  for (let size = MOST_BOX; size > LEAST_BOX; size -= 1) {
    const columns = Math.floor(inner / size);
    if (columns >= 1 && columns * Math.floor(high / size) >= places) {
      best = { size, columns };
      break;
    }
  }
  const rows = Math.max(1, Math.floor(high / best.size));
  return { ...best, fit: Math.min(places, best.columns * rows), left: LANE, top: 22 };
}

function centre(plan, place) {
  const column = place % plan.columns, row = Math.floor(place / plan.columns);
  return [plan.left + (column + 0.5) * plan.size, plan.top + (row + 0.5) * plan.size];
}

class Stage {
  constructor(canvas, run) {
    this.canvas = canvas;
    this.run = run;
    this.pen = canvas.getContext("2d");
  }

  resize(width, room) {
    const ratio = window.devicePixelRatio || 1;
    this.width = width;
    this.plan = layout(width, room, this.run.slots.length);
    // A stage with few boxes is lower.
    const needed = this.plan.top + Math.ceil(this.plan.fit / this.plan.columns) * this.plan.size + 6;
    const height = Math.min(room, Math.max(150, needed));
    this.height = height;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = `${height}px`;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  // speed: seconds of the run that pass in one second; still: nothing flies, nothing glows.
  draw(t, speed, now, ink, still) {
    const { pen, plan, run } = this;
    pen.clearRect(0, 0, this.width, this.height);
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.fillStyle = ink;
    pen.textAlign = "left";
    pen.fillText("Requests", 2, 9);
    pen.fillText(this.title(now), LANE, 9);
    pen.globalAlpha = 0.35;
    pen.fillRect(LANE - 12, 22, 1.5, this.height - 26);
    pen.globalAlpha = 1;
    for (let place = 0; place < plan.fit; place += 1) this.box(place, t, still ? 0 : speed, ink);
    this.queue(now.waiting, ink);
    if (!still) this.flying(t, speed);
  }

  title(now) {
    const hidden = this.run.slots.length - this.plan.fit;
    const limit = this.run.told.limit;
    const there = now.running + now.initialising + now.frozen;
    const busy = now.running + now.initialising;
    const parts = [this.width < 600 ? `${count(there)} environments` : `Execution environments: ${count(there)}`];
    if (limit !== null) parts.push(this.width < 600 ? `${count(busy)}/${count(limit)} at work` : `${count(busy)} of at most ${count(limit)} at work`);
    if (hidden > 0) parts.push(`${count(hidden)} more places are not drawn`);
    return parts.join(" · ");
  }

  box(place, t, speed, ink) {
    const { pen, plan, run } = this;
    const it = on(run, place, t);
    if (it === null) return;
    const [x, y] = centre(plan, place);
    const gap = plan.size > 20 ? 4 : 1, side = plan.size - 2 * gap;
    const left = x - side / 2, top = y - side / 2;
    if (it.state === "gone") return this.ghost(left, top, side, t - it.since, speed);
    const colour = COLOUR[it.state];
    pen.lineWidth = side > 14 ? 2 : 1;
    if (it.state === "frozen") {
      const glow = it.row >= 0 && speed > 0 ? Math.max(0, 1 - (t - it.since) / (GLOW_S * speed)) : 0;
      const cold = glow > 0 && run.kind[it.row] === COLD && t - run.begun[it.row] < GLOW_S * speed;
      this.fill(left, top, side, 1, COLOUR.frozen, 0.22);
      if (glow > 0) this.fill(left, top, side, 1, cold ? COLOUR.initialising : COLOUR.running, glow);
      pen.strokeStyle = COLOUR.frozen;
      pen.strokeRect(left, top, side, side);
      if (side > 24) this.flake(x, y - side * 0.04, side * 0.17);
      this.fuse(left, top, side, t, it);
    } else {
      this.fill(left, top, side, 1, colour, 0.25);
      this.fill(left, top, side, it.part, colour, 1);
      pen.strokeStyle = colour;
      pen.strokeRect(left, top, side, side);
      if (side > 36) this.word(x, y, it.state === "running" ? "runs" : "init", ink, side);
    }
    if (run.lives.provisioned[it.life]) {
      pen.fillStyle = COLOUR.provisioned;
      pen.fillRect(left, top, side, Math.max(2, side * 0.09));
    }
    if (it.row >= 0 && run.failed[it.row] && it.state === "frozen" && t - it.since < 3 * GLOW_S * speed) {
      pen.strokeStyle = COLOUR.throttle;
      pen.strokeRect(left - 1.5, top - 1.5, side + 3, side + 3);
    }
    if (side > 30) {
      pen.fillStyle = ink;
      pen.font = "10px system-ui, sans-serif";
      pen.textAlign = "left";
      pen.fillText(String(it.life + 1), left + 4, top + 9);
    }
  }

  fill(left, top, side, part, colour, opacity) {
    const { pen } = this;
    const high = side * Math.max(0, Math.min(1, part));
    pen.globalAlpha = opacity;
    pen.fillStyle = colour;
    pen.fillRect(left, top + side - high, side, high);
    pen.globalAlpha = 1;
  }

  word(x, y, text, ink, side) {
    const { pen } = this;
    pen.font = `600 ${side > 70 ? 15 : 12}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.lineWidth = 3;
    pen.strokeStyle = this.paper;
    pen.strokeText(text, x, y + 3);
    pen.fillStyle = ink;
    pen.fillText(text, x, y + 3);
  }

  // What is left of the keep-alive: it burns down from the right.
  fuse(left, top, side, t, it) {
    const lasts = this.run.told.keepAlive;
    if (lasts === null || side < 12 || this.run.lives.provisioned[it.life]) return;
    const rest = Math.max(0, Math.min(1, 1 - (t - it.since) / Math.max(lasts, 1e-9)));
    const high = Math.max(2, side * 0.09);
    this.pen.fillStyle = COLOUR.running;
    this.pen.fillRect(left, top + side - high, side * rest, high);
  }

  flake(x, y, radius) {
    const { pen } = this;
    pen.strokeStyle = COLOUR.frozen;
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let arm = 0; arm < 6; arm += 1) {
      const [dx, dy] = [Math.cos((arm * Math.PI) / 3), Math.sin((arm * Math.PI) / 3)];
      pen.moveTo(x, y);
      pen.lineTo(x + dx * radius, y + dy * radius);
      for (const turn of [-0.9, 0.9]) {
        pen.moveTo(x + dx * radius * 0.6, y + dy * radius * 0.6);
        const angle = (arm * Math.PI) / 3 + turn;
        pen.lineTo(x + dx * radius * 0.6 + Math.cos(angle) * radius * 0.4, y + dy * radius * 0.6 + Math.sin(angle) * radius * 0.4);
      }
    }
    pen.stroke();
  }

  ghost(left, top, side, since, speed) {
    const { pen } = this;
    const fade = speed > 0 ? Math.max(0, 1 - since / (GHOST_S * speed)) : 0;
    pen.strokeStyle = COLOUR.gone;
    pen.lineWidth = 1;
    pen.globalAlpha = 0.45 + 0.55 * fade;
    pen.setLineDash([3, 3]);
    const shrink = side * 0.15 * (1 - fade);
    pen.strokeRect(left + shrink, top + shrink, side - 2 * shrink, side - 2 * shrink);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  queue(waiting, ink) {
    if (waiting < 1) return;
    const { pen } = this;
    const shown = Math.min(waiting, 35), floor = this.height - 24;
    pen.fillStyle = ink;
    for (let i = 0; i < shown; i += 1) {
      pen.beginPath();
      pen.arc(10 + (i % 7) * 11, floor - Math.floor(i / 7) * 11, 4, 0, 7);
      pen.fill();
    }
    pen.textAlign = "left";
    pen.font = "12px system-ui, sans-serif";
    pen.fillText(`${count(waiting)} waiting`, 4, this.height - 8);
  }

  // Requests on their way, and there when they begin: warm ones blue, cold ones orange. The refused
  // fall off the gate.
  flying(t, speed) {
    const { run, plan } = this;
    const flight = FLIGHT_S * speed;
    const from = upTo(run.begins, t), to = upTo(run.begins, t + flight);
    const step = Math.max(1, Math.ceil((to - from) / MOST_FLYING));
    const radius = to - from > 60 ? 3.5 : 5.5;
    const heightOf = (row) => this.height * (0.3 + 0.35 * ((row * 0.618) % 1));
    for (let i = Math.ceil(from / step) * step; i < to; i += step) {
      const row = run.inOrder[i], height = heightOf(row);
      const place = run.lives.slot[run.environment[row]];
      if (place >= plan.fit) continue;
      const part = 1 + (t - run.begun[row]) / flight, eased = part * part * (3 - 2 * part);
      const [x, y] = centre(plan, place);
      this.dot(8 + (x - 8) * eased, height + (y - height) * eased, run.kind[row] === COLD ? COLOUR.initialising : COLOUR.running, radius);
    }
    const first = upTo(run.throttles, t - 2 * flight), last = upTo(run.throttles, t + flight);
    for (let i = Math.max(first, last - MOST_FLYING); i < last; i += 1) {
      this.refused(1 + (t - run.throttles[i]) / flight, heightOf(i), radius);
    }
  }

  refused(part, height, radius) {
    const { pen } = this;
    const gate = LANE - 18, after = Math.max(0, part - 1);
    const x = part < 1 ? 8 + (gate - 8) * part : gate - 11 * after;
    const y = height + (this.height - height) * Math.pow(after / 2, 2);
    pen.globalAlpha = Math.min(1, 3 - part);
    this.dot(x, y, COLOUR.throttle, radius);
    if (after > 0) {
      pen.font = "600 11px system-ui, sans-serif";
      pen.textAlign = "right";
      pen.fillStyle = COLOUR.throttle;
      pen.fillText("429", x - 9, y);
    }
    pen.globalAlpha = 1;
  }

  dot(x, y, colour, radius) {
    const { pen } = this;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 7);
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = this.paper;
    pen.stroke();
  }
}
