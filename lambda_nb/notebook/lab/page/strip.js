// The time line below the stage: environments by state over the whole run, cold starts and
// throttles as marks, and the moment that the stage shows.

const STRIP_HIGH = 84;

class Strip {
  constructor(canvas, run) {
    this.canvas = canvas;
    this.run = run;
    this.back = document.createElement("canvas");
  }

  resize(width, ink) {
    const ratio = window.devicePixelRatio || 1;
    this.width = width;
    for (const one of [this.canvas, this.back]) {
      one.width = Math.round(width * ratio);
      one.height = Math.round(STRIP_HIGH * ratio);
      one.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.canvas.style.height = `${STRIP_HIGH}px`;
    this.paint(ink);
  }

  paint(ink) {
    const pen = this.back.getContext("2d");
    const bins = Math.max(40, Math.floor(this.width / 2)), wide = this.width / bins;
    const states = profile(this.run, bins);
    const names = ["running", "initialising", "frozen"];
    const sums = Array.from({ length: bins }, (_, i) => names.reduce((sum, name) => sum + states[name][i], 0));
    const most = Math.max(...sums, 1e-9), top = 24, floor = STRIP_HIGH - 16;
    pen.clearRect(0, 0, this.width, STRIP_HIGH);
    for (let i = 0; i < bins; i += 1) {
      let y = floor;
      for (const name of names) {
        const high = (states[name][i] / most) * (floor - top);
        pen.globalAlpha = name === "frozen" ? 0.4 : 0.95;
        pen.fillStyle = COLOUR[name];
        pen.fillRect(i * wide, y - high, wide + 0.3, high);
        y -= high;
      }
    }
    pen.globalAlpha = 1;
    const marks = (times, colour, y, high) => {
      const seen = new Set();
      for (const t of times) seen.add(Math.round((t / this.run.length) * this.width));
      pen.fillStyle = colour;
      for (const x of seen) pen.fillRect(x - 0.5, y, 1.5, high);
    };
    marks(this.run.colds, COLOUR.initialising, floor, 5);
    marks(this.run.throttles, COLOUR.throttle, 15, 6);
    pen.fillStyle = ink;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "alphabetic";
    const { begin, end } = this.run.told;
    const at = (seconds) => clock(seconds, end);
    for (const share of this.width > 500 ? [0, 0.25, 0.5, 0.75, 1] : [0, 1]) {
      pen.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
      pen.fillText(at(begin + share * (end - begin)), share * this.width, STRIP_HIGH - 1);
    }
    pen.textAlign = "right";
    pen.fillText(`at most ${Math.max(1, Math.round(most)).toLocaleString("en-US")} environments`, this.width, 10);
  }

  draw(t, ink) {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.width, STRIP_HIGH);
    pen.drawImage(this.back, 0, 0, this.width, STRIP_HIGH);
    const x = Math.max(1, Math.min(this.width - 1, (t / this.run.length) * this.width));
    pen.fillStyle = ink;
    pen.fillRect(x - 1, 0, 2, STRIP_HIGH - 14);
    pen.beginPath();
    pen.arc(x, 4, 4, 0, 7);
    pen.fill();
  }
}
