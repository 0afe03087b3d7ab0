/* What went between us and the testee, as a sequence picture, and the bytes of the event that is chosen. */

const OPCODES = { 0: "CONTINUATION", 1: "TEXT", 2: "BINARY", 8: "CLOSE", 9: "PING", 10: "PONG" };

const bytesOf = (event) => Uint8Array.from((event.bytes || "").match(/../g) || [], (pair) => parseInt(pair, 16));

function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/* In quotes when it is text, else as hexadecimal; short. */
function preview(bytes) {
  if (bytes.length === 0) return "";
  const text = textOf(bytes);
  if (text !== undefined) return `“${visible(cut(text, 120))}”`;
  return [...bytes.slice(0, 40)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

const size = (n) => (n < 10000 ? `${n} B` : n < 1e7 ? `${(n / 1024).toFixed(0)} KiB` : `${(n / 1048576).toFixed(0)} MiB`);

function frameName(event) {
  const flags = [4, 2, 1].filter((bit) => event.rsv & bit).map((bit) => ` RSV${{ 4: 1, 2: 2, 1: 3 }[bit]}`).join("");
  return (OPCODES[event.opcode] || `OPCODE ${event.opcode}`) + flags + (event.fin ? "" : " …");
}

/* What stands on the arrow: a name, and what is less important. */
function label(event) {
  const bytes = bytesOf(event);
  switch (event.kind) {
    case "connect": return { name: "connected", more: "" };
    case "head": return { name: visible((textOf(bytes) || preview(bytes)).split("\r\n", 1)[0]), more: "" };
    case "raw": return { name: "bytes", more: `${size(event.size)} ${preview(bytes)}` };
    case "eof": return { name: "FIN", more: "no more bytes" };
    case "reset": return { name: "RST", more: "" };
    case "frame": {
      if (event.opcode === 8 && bytes.length >= 2)
        return { name: `CLOSE ${bytes[0] * 256 + bytes[1]}`, more: preview(bytes.slice(2)) };
      const part = event.size < event.length ? `${event.size} of ${size(event.length)}` : size(event.length);
      return { name: frameName(event), more: `${part} ${preview(bytes)}`.trim() };
    }
    default: return { name: "", more: visible(event.text || "") };
  }
}

const isNote = (event) => event.kind === "note" || event.kind === "violation";

/* Lines of at most so many characters, broken between words. */
function lines(text, most) {
  const out = [""];
  for (const word of text.split(" ")) {
    if (out.at(-1).length + word.length + 1 > most && out.at(-1) !== "") out.push("");
    out.push((out.pop() + " " + word).trim());
  }
  return out.map((line) => cut(line, most)).slice(0, 4);
}

const ROW = 30, HEAD = 34, CHARACTER = 6.7;

/* Where each event stands: [{event, y, height, gap}] and the height of all. */
function arrange(events, width) {
  let y = HEAD + 6, last = 0;
  const placed = events.map((event) => {
    const gap = event.at_ms - last;
    last = event.at_ms;
    const text = isNote(event) ? lines(label(event).more, Math.floor((width - 96) / CHARACTER)) : undefined;
    if (gap >= 100) y += 22;
    const place = { event, y, gap, text, height: text === undefined ? ROW : 12 + 15 * text.length };
    y += place.height;
    return place;
  });
  return { placed, height: y + 10 };
}

function arrow(place, left, right, several) {
  const { event, y } = place;
  const middle = y + 20, ours = event.ours;
  const [from, to] = ours ? [left, right] : [right, left];
  const { name, more } = label(event);
  const room = Math.floor((right - left - 20) / CHARACTER);
  const tag = several && event.connection > 0 ? `#${event.connection} ` : "";
  const shown = cut(tag + name, room);
  const rest = room - shown.length < 8 ? "" : cut(more, room - shown.length - 1);
  const ends = event.kind === "eof" || event.kind === "reset";
  const tip = ours ? to - 1 : to + 1, back = ours ? -7 : 7;
  const parts = event.kind === "connect"
    ? [s("line", { x1: left, x2: right, y1: middle, y2: middle, class: "wire connect" })]
    : [s("line", { x1: from, x2: tip, y1: middle, y2: middle, class: `wire ${ends ? "end" : ""}` }),
       s("path", { class: "tip", d: `M${tip} ${middle}l${back} -4v8z` })];
  return [...parts,
    s("text", { x: (left + right) / 2, y: middle - 5, "text-anchor": "middle", class: "label" },
      s("tspan", { class: "name" }, shown), rest === "" ? "" : s("tspan", { class: "more" }, " " + rest))];
}

function note(place, left, right) {
  const bad = place.event.kind === "violation";
  return [
    s("rect", { x: left + 8, y: place.y + 3, width: right - left - 16, height: place.height - 6, rx: 4,
      class: `box ${bad ? "bad" : ""}` }),
    ...place.text.map((line, i) => s("text", { x: (left + right) / 2, y: place.y + 18 + 15 * i,
      "text-anchor": "middle", class: `remark ${bad ? "bad" : ""}` }, line)),
  ];
}

function spoken(event, them) {
  const { name, more } = label(event);
  const who = isNote(event) ? (event.kind === "violation" ? `violation by ${them}:` : "note:")
                            : event.ours ? "we send" : `${them} sends`;
  return `${event.at_ms.toFixed(1)} ms, ${who} ${name} ${more}`.trim();
}

/* `choose(i)` is called when an event is chosen; returns the drawing for a width, and a function that marks one. */
function sequencePicture(events, them, choose) {
  const digits = events.at(-1).at_ms < 10 ? 2 : 1;
  const several = new Set(events.map((e) => e.connection).filter((c) => c > 0)).size > 1;
  let groups = [], chosen = 0;
  const select = (i, focus) => {
    chosen = i;
    groups.forEach((group, k) => {
      group.setAttribute("aria-selected", String(k === i));
      group.setAttribute("tabindex", k === i ? 0 : -1);
    });
    if (focus) groups[i].focus();
    choose(i);
  };
  const onKey = (key) => {
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: events.length - 1 }[key.key];
    if (to === undefined || to < 0 || to >= events.length) return;
    key.preventDefault();
    key.stopPropagation();
    select(to, true);
  };
  const draw = (width) => {
    const left = 62, right = width - 14;
    const { placed, height } = arrange(events, width);
    groups = placed.map((place, i) => s("g", {
      role: "option", class: "event", tabindex: i === chosen ? 0 : -1, "aria-selected": String(i === chosen),
      "aria-label": spoken(place.event, them), onclick: () => select(i, true),
    },
    s("rect", { x: 0, y: place.y, width, height: place.height, class: "hit" }),
    s("text", { x: left - 10, y: place.y + 23, "text-anchor": "end", class: "time" }, place.event.at_ms.toFixed(digits)),
    isNote(place.event) ? note(place, left, right) : arrow(place, left, right, several)));
    const gaps = placed.filter((p) => p.gap >= 100).map((p) => s("text", { x: (left + right) / 2, y: p.y - 7,
      "text-anchor": "middle", class: "gap" }, `${duration(p.gap)} later`));
    return s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: "sequence", role: "listbox",
      "aria-label": "What went over the wire; arrow keys choose an event", onkeydown: onKey },
    s("text", { x: left, y: 16, class: "who", "text-anchor": "start" }, "wsgauntlet"),
    s("text", { x: right + 10, y: 16, class: "who", "text-anchor": "end" }, cut(them, Math.floor(width / 2 / 8))),
    s("text", { x: left - 10, y: 16, class: "time", "text-anchor": "end" }, "ms"),
    s("line", { x1: left, x2: left, y1: 24, y2: height, class: "life" }),
    s("line", { x1: right, x2: right, y1: 24, y2: height, class: "life" }), gaps, groups);
  };
  return { draw, select };
}

/* ---- bytes ---- */

function hexLines(bytes, columns) {
  const out = [];
  for (let at = 0; at < bytes.length; at += columns) {
    const row = [...bytes.slice(at, at + columns)];
    const digits = row.map((b) => b.toString(16).padStart(2, "0")).join(" ").padEnd(columns * 3 - 1);
    const letters = row.map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : "·")).join("");
    out.push(`${at.toString(16).padStart(4, "0")}  ${digits}  ${letters}`);
  }
  return out.join("\n");
}

function facts(event, them) {
  const out = [["from", event.ours ? "wsgauntlet" : them], ["at", `${event.at_ms.toFixed(3)} ms`]];
  if (isNote(event)) out.shift();
  if (event.connection > 0) out.push(["connection", event.connection]);
  if (event.kind === "frame") {
    out.push(["opcode", `${event.opcode} ${OPCODES[event.opcode] || "reserved"}`], ["FIN", event.fin ? 1 : 0],
      ["RSV", event.rsv.toString(2).padStart(3, "0")], ["mask", event.masked ? "yes" : "no"],
      ["length", `${event.length} (${event.length_form} bits)`]);
  }
  return out;
}

/* The chosen event: what its head says, and its bytes. */
function eventBytes(event, them) {
  const bytes = bytesOf(event);
  const text = event.kind === "head" ? textOf(bytes) : undefined;
  const parts = [h("dl", { class: "facts" }, facts(event, them).map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))))];
  if (isNote(event)) parts.push(h("p", { class: "remark" }, visible(event.text || "")));
  if (text !== undefined) parts.push(h("pre", { class: "head", tabindex: 0 }, text.trimEnd().split("\r\n").map(visible).join("\n")));
  else if (bytes.length > 0)
    parts.push(drawn((width) => h("pre", { class: "hex", tabindex: 0, "aria-label": "bytes in hexadecimal" },
      hexLines(bytes, width < 440 ? 8 : 16))));
  if (event.size > bytes.length)
    parts.push(h("p", { class: "quiet" }, `the first ${bytes.length} of ${event.size} bytes`));
  if (event.size === 0) parts.push(h("p", { class: "quiet" }, "no payload"));
  return parts;
}

/* Both together. */
function sequence(result, them) {
  const events = result.events;
  if (events.length === 0) return undefined;
  const panel = h("div", { class: "bytes", "aria-live": "polite" });
  const show = (i) => panel.replaceChildren(...eventBytes(events[i], them));
  const picture = sequencePicture(events, them, show);
  const bad = events.findIndex((e) => e.kind === "violation");
  const seen = events.findLastIndex((e) => !e.ours && (e.kind === "frame" || e.kind === "raw" || e.kind === "head"));
  picture.select(Math.max(0, bad > 0 ? bad - 1 : seen), false);
  const intoSight = (box) => {
    const chosen = box.querySelector("[aria-selected=true] .hit");
    box.scrollTop = Math.max(0, chosen.y.baseVal.value - box.clientHeight / 2);
  };
  return h("div", { class: "wire-and-bytes" }, drawn(picture.draw, intoSight), panel);
}
