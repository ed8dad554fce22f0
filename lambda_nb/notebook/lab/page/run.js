// A run in typed arrays, and what can be asked about a moment of it. Times are seconds of the part
// that is shown; nothing here knows about the page.

const WARM = 0, COLD = 1, PROVISIONED = 2, THROTTLE = 3, FAILED = 4;
const NEVER = 0xffffffff;

async function unpack(told, text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  // All lowest bytes come first, then all second ones ...: that packs better.
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const size = planes.length / 4;
  const all = Uint32Array.from({ length: size }, (_, i) => (
    planes[i] | (planes[size + i] << 8) | (planes[2 * size + i] << 16) | (planes[3 * size + i] << 24)
  ));
  let at = 0;
  const take = (count) => all.subarray(at, (at += count));
  const seconds = (ticks) => Float64Array.from(ticks, (n) => (n === NEVER ? Infinity : n * told.tick));
  const arrival = new Float64Array(told.rows);
  let sum = 0;
  take(told.rows).forEach((step, row) => (arrival[row] = (sum += step) * told.tick));
  const [wait, init, busy] = [0, 1, 2].map(() => seconds(take(told.rows)));
  const environment = Int32Array.from(take(told.rows), (n) => n - 1);
  const flags = take(told.rows);
  const run = {
    told, arrival, init, environment, length: told.end - told.begin,
    kind: Uint8Array.from(flags, (n) => n % FAILED),
    failed: Uint8Array.from(flags, (n) => (n >= FAILED ? 1 : 0)),
    functionOf: take(told.rows),
    cost: Float64Array.from(take(told.rows), (n) => n * told.money),
  };
  run.begun = arrival.map((t, row) => t + wait[row]);
  run.served = run.begun.map((t, row) => t + init[row]);
  run.finish = run.served.map((t, row) => t + busy[row]);
  const count = told.environments;
  run.lives = {
    created: seconds(take(count)), ready: seconds(take(count)), ended: seconds(take(count)),
    functionOf: take(count), provisioned: take(count), slot: take(count),
  };
  run.waiting = take(told.waiting);
  index(run);
  return run;
}

// Sorted columns and lists, so that a moment costs a few searches however long the run is.
function index(run) {
  const { lives, kind, environment, begun, finish, cost, arrival, served } = run;
  const rows = [...arrival.keys()];
  const ran = rows.filter((row) => kind[row] !== THROTTLE);
  const sorted = (values) => Float64Array.from(values).sort();
  const cold = ran.filter((row) => kind[row] === COLD);
  run.inOrder = Uint32Array.from(ran).sort((a, b) => begun[a] - begun[b]);
  run.begins = Float64Array.from(run.inOrder, (row) => begun[row]);
  run.finishes = sorted(ran.map((row) => finish[row]));
  run.colds = sorted(cold.map((row) => begun[row]));
  run.readies = sorted(cold.map((row) => served[row]));
  run.throttles = sorted(rows.filter((row) => kind[row] === THROTTLE).map((row) => arrival[row]));
  run.creations = sorted(lives.created);
  run.endings = sorted(lives.ended);
  const byFinish = ran.slice().sort((a, b) => finish[a] - finish[b]);
  run.billed = new Float64Array(byFinish.length + 1);
  byFinish.forEach((row, i) => (run.billed[i + 1] = run.billed[i] + cost[row]));
  run.visits = Array.from(lives.created, () => []);
  run.inOrder.forEach((row) => run.visits[environment[row]].push(row));
  run.slots = [];
  [...lives.created.keys()].sort((a, b) => lives.created[a] - lives.created[b]).forEach((life) => {
    (run.slots[lives.slot[life]] ||= []).push(life);
  });
  run.lastEnding = [...lives.ended.keys()].filter((life) => lives.ended[life] < Infinity)
    .sort((a, b) => lives.ended[a] - lives.ended[b]);
}

// How many values, which are in order, are at most t.
function upTo(values, t, get = (i) => values[i]) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (get(middle) <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

// What is on a place of the stage at a moment: {life, state, part, since, row, until}.
function on(run, place, t) {
  const { lives, begun, served, finish } = run;
  const here = run.slots[place];
  const which = upTo(here, t, (i) => lives.created[here[i]]) - 1;
  if (which < 0) return null;
  const life = here[which];
  if (lives.ended[life] <= t) return { life, state: "gone", since: lives.ended[life] };
  const visits = run.visits[life];
  const visit = upTo(visits, t, (i) => begun[visits[i]]) - 1;
  if (visit < 0) {
    const state = t < lives.ready[life] ? "initialising" : "frozen";
    return { life, state, since: lives.ready[life], part: 0.5, row: -1, until: lives.ended[life] };
  }
  const row = visits[visit];
  if (t < served[row]) {
    return { life, row, state: "initialising", since: begun[row], part: (t - begun[row]) / run.init[row] };
  }
  if (t < finish[row]) {
    return { life, row, state: "running", since: served[row], part: (t - served[row]) / (finish[row] - served[row]) };
  }
  return { life, row, state: "frozen", since: finish[row], until: lives.ended[life] };
}

// The figures of a moment.
function figures(run, t) {
  const { told } = run;
  const begun = upTo(run.begins, t), finished = upTo(run.finishes, t);
  const came = upTo(run.arrival, t), throttled = upTo(run.throttles, t);
  const cold = upTo(run.colds, t), ready = upTo(run.readies, t);
  const alive = upTo(run.creations, t) - upTo(run.endings, t);
  const at = Math.min(run.waiting.length - 1, Math.floor((t / run.length) * run.waiting.length));
  return {
    came: came + told.before.requests,
    cold: cold + told.before.cold,
    throttled: throttled + told.before.throttled,
    initialising: cold - ready,
    running: begun - finished - (cold - ready),
    frozen: Math.max(0, alive - (begun - finished)),
    gone: upTo(run.endings, t) + told.before.gone,
    waiting: Math.max(came - throttled - begun, at < 0 ? 0 : run.waiting[at]),
    bill: told.before.bill + run.billed[finished] + (told.standing * t) / run.length,
  };
}

// Averages over equal bins: environments initialising, running, frozen.
function profile(run, bins) {
  const average = (begins, ends) => {
    const area = (values) => {
      const sums = new Float64Array(values.length + 1);
      values.forEach((value, i) => (sums[i + 1] = sums[i] + (value === Infinity ? 0 : value)));
      return (edge) => { const n = upTo(values, edge); return n * edge - sums[n]; };
    };
    const [came, went] = [area(begins), area(ends)];
    return Array.from({ length: bins }, (_, i) => {
      const [from, to] = [(i * run.length) / bins, ((i + 1) * run.length) / bins];
      return Math.max(0, (came(to) - came(from) - went(to) + went(from)) / (to - from));
    });
  };
  const busy = average(run.begins, run.finishes), initialising = average(run.colds, run.readies);
  const alive = average(run.creations, run.endings);
  return {
    initialising,
    running: busy.map((value, i) => Math.max(0, value - initialising[i])),
    frozen: alive.map((value, i) => Math.max(0, value - busy[i])),
  };
}

function lengthOf(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size) return `${trimmed(seconds / size)} ${unit}`;
  }
  return seconds >= 1 || seconds === 0 ? `${trimmed(seconds)} s` : `${trimmed(seconds * 1000)} ms`;
}

function trimmed(value) {
  return String(Number(value.toPrecision(3)));
}

function clock(seconds, span) {
  const whole = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  const rest = span < 600 ? (seconds % 60).toFixed(span < 60 ? 2 : 1).padStart(span < 60 ? 5 : 4, "0") : two(whole % 60);
  const short = `${two(minutes)}:${rest}`;
  if (span < 3600) return short;
  return span < 86400 ? `${hours}:${short}` : `${days} d ${two(hours)}:${short}`;
}

function dollars(amount) {
  if (amount === 0) return "$0";
  if (amount >= 1) return `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${amount.toFixed(Math.min(10, 2 - Math.floor(Math.log10(amount))))}`;
}
