// The watch in 3-D on a canvas, turned by pointer and keys. Quaternions are [w, x, y, z].
// Axes of the sensor: x to three o'clock, y to twelve, z out of the face.

export const AS_WORN = [1, 0, 0, 0];
const STEP = Math.PI / 18; // of a key, 10 degrees

export function times(a, b) {
  return [
    a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
    a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
    a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
    a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
  ];
}

const back = (q) => [q[0], -q[1], -q[2], -q[3]];
const unit = (q) => {
  const length = Math.hypot(...q);
  return q.map((part) => part / length);
};
const about = (axis, angle) => [Math.cos(angle / 2), ...axis.map((part) => part * Math.sin(angle / 2))];
const rotated = (q, point) => times(times(q, [0, ...point]), back(q)).slice(1);

// How the watch as worn is looked at: from a little above and from the right.
const VIEW = times(about([1, 0, 0], -0.6), about([0, 1, 0], -0.5));

export function inWords(q) {
  const angle = Math.round((2 * Math.acos(Math.min(1, Math.abs(q[0]))) * 180) / Math.PI);
  if (angle === 0) return "As worn in the recording.";
  const sign = q[0] < 0 ? -1 : 1;
  const length = Math.hypot(q[1], q[2], q[3]);
  const axis = q.slice(1).map((part) => ((sign * part) / length).toFixed(2));
  return `Turned by ${angle}° about the axis (${axis.join(", ")}) of the sensor as worn.`;
}

const KEYS = {
  ArrowLeft: [[0, 1, 0], -STEP],
  ArrowRight: [[0, 1, 0], STEP],
  ArrowUp: [[1, 0, 0], -STEP],
  ArrowDown: [[1, 0, 0], STEP],
  PageUp: [[0, 0, 1], STEP],
  PageDown: [[0, 0, 1], -STEP],
};

function box(x, y, z, hx, hy, hz, kind) {
  const corner = (i) => [x + (i & 1 ? hx : -hx), y + (i & 2 ? hy : -hy), z + (i & 4 ? hz : -hz)];
  const faces = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ];
  return faces.map((corners) => ({ points: corners.map(corner), kind }));
}

const hand = (angle, length, width) => {
  const [x, y] = [Math.sin(angle), Math.cos(angle)];
  const at = (along, across) => [along * x + across * y, along * y - across * x, 0.31];
  return { points: [at(-0.1, width), at(length, width), at(length, -width), at(-0.1, -width)], kind: "hand" };
};

const FACES = [
  ...box(0, 0, 0, 0.95, 1.05, 0.26, "body"),
  ...box(0, 1.55, -0.08, 0.62, 0.5, 0.1, "strap"),
  ...box(0, -1.55, -0.08, 0.62, 0.5, 0.1, "strap"),
  ...box(1.04, 0, 0, 0.09, 0.2, 0.14, "strap"),
  { points: [[-0.8, -0.9, 0.28], [0.8, -0.9, 0.28], [0.8, 0.9, 0.28], [-0.8, 0.9, 0.28]], kind: "face" },
  hand((-50 * Math.PI) / 180, 0.42, 0.05),
  hand((60 * Math.PI) / 180, 0.66, 0.035),
  { points: [[-0.08, 0.62, 0.3], [0.08, 0.62, 0.3], [0.08, 0.82, 0.3], [-0.08, 0.82, 0.3]], kind: "hand" },
];
const LIFT = { face: 0.2, hand: 0.4 }; // drawn behind the body's own side
const LIGHT = unit([0.3, 0.5, 0.8]);

export class Watch {
  constructor(canvas, turned) {
    this.canvas = canvas;
    this.turned = turned;
    this.quaternion = AS_WORN;
    this.dragging = false;
    this.last = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.last = this.onBall(event);
    });
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => { this.dragging = false; });
    }
    canvas.addEventListener("keydown", (event) => {
      const key = KEYS[event.key];
      if (!key) return;
      event.preventDefault();
      this.turnInView(about(...key));
    });
  }

  // A pointer's place on a ball around the watch, as a unit vector of the view.
  onBall(event) {
    const place = this.canvas.getBoundingClientRect();
    const radius = Math.min(place.width, place.height) / 2;
    const x = (event.clientX - place.left - place.width / 2) / radius;
    const y = (place.top + place.height / 2 - event.clientY) / radius;
    return unit([x, y, Math.sqrt(Math.max(0, 1 - x * x - y * y))]);
  }

  drag(event) {
    if (!this.dragging) return;
    const [a, b] = [this.last, this.onBall(event)];
    const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    if (dot <= -0.999 || Math.hypot(...cross) < 1e-9) return;
    this.last = b;
    this.turnInView(unit([1 + dot, ...cross]));
  }

  turnInView(turn) {
    this.set(times(times(times(back(VIEW), turn), VIEW), this.quaternion));
    this.turned(this.quaternion);
  }

  set(quaternion) {
    this.quaternion = unit(quaternion);
    this.draw();
  }

  draw() {
    const { context, width, height } = fitted(this.canvas);
    const scale = Math.min(width, height) / 5.2;
    const pose = times(VIEW, this.quaternion);
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const colors = dark
      ? { body: [215, 14, 38], strap: [215, 16, 26], face: [210, 30, 14], hand: [210, 20, 92] }
      : { body: [215, 14, 62], strap: [215, 16, 42], face: [210, 30, 18], hand: [210, 20, 96] };
    const place = ([x, y, z]) => {
      const near = 9 / (9 - z);
      return [width / 2 + x * near * scale, height / 2 - y * near * scale];
    };
    const drawn = FACES.map(({ points, kind }) => {
      const turned = points.map((point) => rotated(pose, point));
      const [a, b, c] = turned;
      const [u, v] = [b.map((part, i) => part - a[i]), c.map((part, i) => part - a[i])];
      const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      const normal = unit(cross);
      const depth = turned.reduce((sum, point) => sum + point[2], 0) / turned.length;
      return { turned, kind, normal, depth: depth + (LIFT[kind] ?? 0) };
    });
    drawn.sort((one, other) => one.depth - other.depth);
    const up = rotated(pose, [0, 0, 1])[2];
    for (const { turned, kind, normal } of drawn) {
      if (kind in LIFT && up <= 0.02) continue; // the back is towards us
      const bright = Math.abs(normal[0] * LIGHT[0] + normal[1] * LIGHT[1] + normal[2] * LIGHT[2]);
      const [hue, saturation, light] = colors[kind];
      const shaded = kind === "hand" ? light : light * (0.6 + 0.5 * bright);
      context.fillStyle = `hsl(${hue} ${saturation}% ${shaded}%)`;
      context.beginPath();
      turned.map(place).forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      context.fill();
    }
    this.drawAxes(context, pose, place);
  }

  drawAxes(context, pose, place) {
    const style = getComputedStyle(this.canvas);
    context.font = "13px system-ui, sans-serif";
    context.lineWidth = 2;
    for (const [i, name] of ["x", "y", "z"].entries()) {
      const tip = [0, 0, 0];
      tip[i] = 2.3;
      const start = [0, 0, 0];
      start[i] = [1.15, 2.05, 0.3][i];
      const [from, to] = [place(rotated(pose, start)), place(rotated(pose, tip))];
      context.strokeStyle = context.fillStyle = style.getPropertyValue(`--c${i}`);
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
      context.fillText(name, to[0] + 3, to[1] - 3);
    }
  }
}

// A canvas with as many pixels as the screen has for it, cleared.
export function fitted(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height };
}
