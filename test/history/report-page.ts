/**
 * One page that needs nothing else: the faults, the latency of every operation, who held each lock
 * with which token, and what was wrong. `json` is the report as text.
 */
export function reportPage(title: string, json: string): string {
  // The text must not end the script element it stands in.
  const data = json.replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 24px; color: #1a1c20; background: #fff; }
table { border-collapse: collapse; margin: 12px 0; } td { padding: 2px 12px 2px 0; }
canvas { display: block; border: 1px solid #d5d8de; cursor: crosshair; }
.bad { color: #b3141b; } .good { color: #1a7f37; } #tip { min-height: 3em; white-space: pre-wrap; }
</style>
<h1>${escaped(title)}</h1>
<p id="verdict"></p>
<table id="figures"></table>
<ul id="violations"></ul>
<p>Scroll to zoom, drag to move. Bands: something was broken. Above: latency of acquires (blue) and
releases (grey), in ms, logarithmic. Below: one row a lock, who believed in it; the number is the
token's last digits.</p>
<canvas id="view"></canvas>
<p id="tip"></p>
<script>const report = ${data};</script>
<script>${script}</script>
</html>
`;
}

const script = `
const { tenures, faults, violations, coverage, shortfalls, unchecked } = report;
const byId = (id) => document.getElementById(id);
const clean = violations.length === 0;
byId("verdict").textContent = (clean ? "No violation." : violations.length + " violations.") +
  (shortfalls.length ? " Not valid: " + shortfalls.join("; ") : "") +
  (unchecked.length ? " Unchecked: " + unchecked.join(", ") : "");
byId("verdict").className = clean && !shortfalls.length ? "good" : "bad";
for (const [name, value] of Object.entries(coverage)) {
  const row = byId("figures").insertRow();
  row.insertCell().textContent = name;
  row.insertCell().textContent = Math.round(value * 1000) / 1000;
}
for (const { checker, lock, atMs, message } of violations.slice(0, 100)) {
  const item = document.createElement("li");
  item.textContent = checker + " " + lock + " at " + atMs.toFixed(1) + " ms: " + message;
  item.className = "bad";
  item.onclick = () => { from = atMs - 500; until = atMs + 500; draw(); };
  byId("violations").append(item);
}
const canvas = byId("view");
const g = canvas.getContext("2d");
const locks = [...new Set(tenures.map((tenure) => tenure.lock))].sort();
const held = tenures.filter((tenure) => tenure.result === "granted");
const endMs = Math.max(1, ...tenures.map((tenure) => tenure.returnMs ?? tenure.invokeMs));
const width = Math.min(1800, innerWidth - 60), top = 180, row = 26;
canvas.width = width; canvas.height = top + locks.length * row + 30;
let from = 0, until = endMs;
const x = (ms) => ((ms ?? endMs) - from) / (until - from) * width;
const hue = (text) => [...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 7);
const yOf = (ms) => top - 20 - Math.log10(Math.max(1, ms)) * 34;
const boxes = [];
function draw() {
  boxes.length = 0;
  g.clearRect(0, 0, canvas.width, canvas.height);
  g.font = "11px system-ui";
  for (const fault of faults) {
    g.fillStyle = "#e5484d22";
    g.fillRect(x(fault.atMs), 0, Math.max(1, x(fault.untilMs) - x(fault.atMs)), canvas.height);
    g.fillStyle = "#8a1c20";
    g.save(); g.translate(x(fault.atMs) + 10, 4); g.rotate(Math.PI / 2);
    g.fillText(fault.what + " " + fault.target, 0, 0); g.restore();
  }
  for (const ms of [1, 10, 100, 1000, 10000]) {
    g.fillStyle = "#7a7f87"; g.fillText(ms, 2, yOf(ms)); g.fillRect(34, yOf(ms), width, 0.3);
  }
  for (const tenure of tenures) {
    if (tenure.returnMs !== null) {
      g.fillStyle = tenure.result === "granted" ? "#2563eb" : "#d97706";
      g.fillRect(x(tenure.invokeMs), yOf(tenure.returnMs - tenure.invokeMs), 2, 2);
    }
    if (tenure.release?.returnMs) {
      g.fillStyle = "#9aa0a6";
      const tookMs = tenure.release.returnMs - tenure.release.invokeMs;
      g.fillRect(x(tenure.release.invokeMs), yOf(tookMs), 2, 2);
    }
  }
  const bad = new Set(violations.flatMap((violation) => violation.ops));
  for (const tenure of held) {
    const left = x(tenure.returnMs), right = Math.max(left + 0.5, x(tenure.believedUntilMs));
    if (right < 0 || left > width) continue;
    const y = top + locks.indexOf(tenure.lock) * row;
    const shared = tenure.mode === "shared";
    g.fillStyle = bad.has(tenure.op) ? "#e5484d" :
      "hsl(" + hue(tenure.client) + " 60% " + (shared ? "78%" : "52%") + ")";
    const high = shared ? row / 2 : row - 4;
    g.fillRect(left, y, right - left, high);
    boxes.push([left, y, right, y + high, tenure]);
    if (right - left > 44) {
      g.fillStyle = "#fff"; g.fillText(tenure.token.slice(-5), left + 4, y + 12);
    }
  }
  g.fillStyle = "#1a1c20";
  for (const [index, lock] of locks.entries()) g.fillText(lock, 4, top + index * row + 22);
  for (let tick = 0; tick <= 10; tick++) {
    const ms = from + (until - from) * tick / 10;
    g.fillText((ms / 1000).toFixed(2) + " s", width * tick / 10, canvas.height - 8);
  }
}
canvas.onwheel = (event) => {
  event.preventDefault();
  const at = from + event.offsetX / width * (until - from), by = event.deltaY > 0 ? 1.25 : 0.8;
  from = at - (at - from) * by; until = at + (until - at) * by; draw();
};
canvas.onmousemove = (event) => {
  if (event.buttons) {
    const by = event.movementX / width * (until - from);
    from -= by; until -= by; draw(); return;
  }
  const { offsetX: px, offsetY: py } = event;
  const box = boxes.findLast(([l, t, r, b]) => px >= l && px <= r + 2 && py >= t && py <= b);
  byId("tip").textContent = box ? JSON.stringify(box[4], null, 1) : "";
};
draw();
`;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
