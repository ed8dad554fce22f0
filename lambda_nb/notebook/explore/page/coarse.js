// What to draw for a place of the sliders: an exact result, else something between two of them.
// A place is [keep-alive s or null for ever, memory MB, provisioned, limit].

const keyOf = (place) => place.join("|");

class Results {
  constructor() {
    this.clear("");
  }

  clear(view) {
    this.view = view;
    this.known = new Map();
  }

  add(point) {
    if (point.view !== this.view) this.clear(point.view);
    this.known.set(keyOf(point.place), point);
  }

  // {point, kind}: exact; between (two neighbours on one slider); near (the nearest there is).
  at(place) {
    const exact = this.known.get(keyOf(place));
    if (exact) return { point: exact, kind: "exact" };
    let nearest = null, least = Infinity;
    for (let axis = 0; axis < place.length; axis += 1) {
      const found = this.between(place, axis);
      if (found) return found;
    }
    for (const point of this.known.values()) {
      const away = place.reduce((sum, value, axis) => sum + apart(value, point.place[axis]), 0);
      if (away < least) [nearest, least] = [point, away];
    }
    return nearest && { point: nearest, kind: "near" };
  }

  between(place, axis) {
    let below = null, above = null;
    const where = scaled(place[axis]);
    for (const point of this.known.values()) {
      if (point.place.some((value, i) => i !== axis && value !== place[i])) continue;
      const there = scaled(point.place[axis]);
      if (there < where && (!below || there > scaled(below.place[axis]))) below = point;
      if (there > where && (!above || there < scaled(above.place[axis]))) above = point;
    }
    if (!below || !above || below.bands.length !== above.bands.length) return null;
    const [low, high] = [scaled(below.place[axis]), scaled(above.place[axis])];
    return { point: mixed(below, above, (where - low) / (high - low), place), kind: "between", below, above };
  }
}

// Sliders are read by ratio: from 10 to 20 is as far as from 100 to 200.
const scaled = (value) => Math.log2((value === null ? 30 * 86400 : value) + 1);
const apart = (one, other) => Math.abs(scaled(one) - scaled(other));

function mixed(below, above, part, place) {
  const mix = (one, other) => (one === null || other === null ? one : one + (other - one) * part);
  const figures = {};
  for (const name of Object.keys(below.figures)) figures[name] = mix(below.figures[name], above.figures[name]);
  const bill = {};
  for (const name of new Set([...Object.keys(below.bill), ...Object.keys(above.bill)])) {
    bill[name] = mix(below.bill[name] ?? 0, above.bill[name] ?? 0);
  }
  return { ...below, place, figures, bill, bands: below.bands.map((value, i) => mix(value, above.bands[i])) };
}
