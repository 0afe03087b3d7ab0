/* Pictures that a run or a case brings along: curves, columns, marks and spans over one axis. */

/* Round steps: 1, 2 or 5 of some power of ten. */
function ticks(from, to, most) {
  const raw = (to - from) / Math.max(1, most) || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
  const out = [];
  for (let at = Math.ceil(from / step) * step; at <= to + step / 1e6 && out.length < 100; at += step)
    out.push(Number(at.toPrecision(12)));
  return out;
}

const short = (n) => (Math.abs(n) >= 10000 ? n.toLocaleString("en", { notation: "compact" }) : String(Number(n.toPrecision(6))));

function range(figure) {
  const all = figure.series.flatMap((series) => series.points.map((p) => ({ ...p, kind: series.kind })));
  const reduce = (values, pick, start) => values.reduce((a, b) => pick(a, b), start);
  const ends = all.map((p) => p.until ?? p.x), ys = all.map((p) => p.y);
  const rowsOnly = figure.series.every((series) => series.kind === "marks" || series.kind === "spans");
  const x0 = Math.min(0, reduce(all.map((p) => p.x), Math.min, 0));
  let x1 = reduce(ends, Math.max, x0), y1 = reduce(ys, Math.max, 0);
  const bars = figure.series.filter((series) => series.kind === "bars").flatMap((series) => series.points.map((p) => p.x));
  const widthOf = [...new Set(bars)].sort((a, b) => a - b).reduce((least, x, i, xs) =>
    (i === 0 ? least : Math.min(least, x - xs[i - 1])), Infinity);
  const bar = widthOf === Infinity ? (x1 - x0 || 1) : widthOf;
  const counted = bars.length > 0 && figure.x_unit === "" && bars.every(Number.isInteger); /* the first, the second ... */
  if (counted) return { x0: reduce(bars, Math.min, Infinity) - 0.5, x1: x1 + 0.5, y0: 0, y1: y1 || 1, bar: 1, counted };
  if (bars.length > 0) x1 += bar;
  if (x1 === x0) x1 = x0 + 1;
  if (y1 === 0) y1 = 1;
  return { x0, x1, y0: rowsOnly ? reduce(ys, Math.min, Infinity) : Math.min(0, reduce(ys, Math.min, 0)), y1, bar, rowsOnly };
}

const pointName = (series, p, figure) => {
  const x = p.until === undefined ? short(p.x) : `${short(p.x)} to ${short(p.until)}`;
  const words = [series.name, `${x} ${figure.x_unit}`.trim(), `${short(p.y)} ${figure.y_unit}`.trim()];
  return [...words, p.label === undefined ? "" : visible(p.label)].filter((word) => word !== "").join(", ");
};

const drawKind = {
  line: (series, figure, at) => {
    const points = [...series.points].sort((a, b) => a.x - b.x);
    return [s("polyline", { points: points.map((p) => `${at.x(p.x)},${at.y(p.y)}`).join(" "), class: "curve" }),
      points.length > 60 ? [] : points.map((p) => s("circle", { cx: at.x(p.x), cy: at.y(p.y), r: 2.5 },
        s("title", {}, pointName(series, p, figure))))];
  },
  bars: (series, figure, at) => series.points.map((p) => s("rect", { ...at.column(p.x), y: Math.min(at.y(p.y), at.y(0)),
    height: Math.abs(at.y(0) - at.y(p.y)) }, s("title", {}, pointName(series, p, figure)))),
  marks: (series, figure, at) => series.points.map((p) => s("path", { d: `M${at.x(p.x)} ${at.y(p.y) - 5}l5 5l-5 5l-5 -5z` },
    s("title", {}, pointName(series, p, figure)))),
  spans: (series, figure, at) => series.points.map((p) => s("rect", { x: at.x(p.x), y: at.y(p.y) - 5, rx: 2, height: 10,
    width: Math.max(2, at.x(p.until) - at.x(p.x)) }, s("title", {}, pointName(series, p, figure)))),
};

function plot(figure, width) {
  const bounds = range(figure);
  const lanes = bounds.y1 - bounds.y0 + 1;
  const inner = bounds.rowsOnly ? Math.min(420, Math.max(48, 22 * lanes)) : 180;
  const left = 52, right = width - 16, top = 10, bottom = top + inner;
  const pad = bounds.rowsOnly ? 0.5 : 0;
  const at = {
    /* From its place on, or around it where it is one of a row. */
    column: (v) => {
      const room = at.x(v + bounds.bar) - at.x(v), width = bounds.counted ? Math.min(40, room * 0.7) : Math.max(1, room - 1);
      return { x: Number((at.x(v) + (bounds.counted ? -width / 2 : 0.5)).toFixed(2)), width: Number(width.toFixed(2)) };
    },
    x: (v) => Number((left + (v - bounds.x0) / (bounds.x1 - bounds.x0) * (right - left)).toFixed(2)),
    y: bounds.rowsOnly
      ? (v) => Number((top + (v - bounds.y0 + pad) / lanes * inner).toFixed(2)) /* rows from the top down */
      : (v) => Number((bottom - (v - bounds.y0) / (bounds.y1 * 1.05 - bounds.y0) * inner).toFixed(2)),
  };
  const unit = figure.x_unit.length > 3 ? "" : ` ${figure.x_unit}`;
  const xs = ticks(bounds.x0, bounds.x1, width / 90).filter((v) => !bounds.counted || Number.isInteger(v));
  const ys = ticks(bounds.y0, bounds.y1, bounds.rowsOnly ? 12 : 5).filter((v) => !bounds.rowsOnly || Number.isInteger(v));
  return s("svg", { width, height: bottom + 32, viewBox: `0 0 ${width} ${bottom + 32}`, class: "plot", role: "img",
    "aria-label": `${visible(figure.title)}: ${figure.series.map((x) => `${visible(x.name)}, ${plural(x.points.length, "point")}`).join("; ")}` },
  xs.map((v) => [s("line", { x1: at.x(v), x2: at.x(v), y1: top, y2: bottom, class: "grid" }),
    s("text", { x: at.x(v), y: bottom + 15, "text-anchor": v === xs.at(-1) && at.x(v) > right - 12 ? "end" : "middle" },
      `${short(v)}${visible(unit)}`)]),
  ys.map((v) => [s("line", { x1: left, x2: right, y1: at.y(v), y2: at.y(v), class: "grid" }),
    s("text", { x: left - 8, y: at.y(v) + 4, "text-anchor": "end" }, short(v))]),
  unit === "" ? s("text", { x: right, y: bottom + 30, "text-anchor": "end" }, visible(figure.x_unit)) : undefined,
  figure.series.map((series, i) => s("g", { class: `series c${i % 6}` }, drawKind[series.kind](series, figure, at))));
}

function figureBox(figure) {
  const left = figure.series.reduce((n, series) => n + series.left_out, 0);
  return h("figure", { class: "figure" },
    h("figcaption", {}, h("strong", {}, visible(figure.title)),
      figure.y_unit === "" ? "" : h("span", { class: "quiet" }, ` ${visible(figure.y_unit)}`),
      h("span", { class: "legend" }, figure.series.map((series, i) => series.points.length === 0 ? undefined :
        h("span", { class: `key c${i % 6}` }, visible(series.name))))),
    drawn((width) => plot(figure, width)),
    left === 0 ? undefined : h("p", { class: "quiet" }, `${plural(left, "point")} left out`));
}
