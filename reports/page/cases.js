/* The list of cases: search and filters, one line for each, and what stands behind it when it is opened. */

/* Steps of the language: verbs, strings, comments. */
function source(text) {
  const parts = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    let first = true;
    for (const piece of line.match(/#.*$|"(?:\\.|[^"\\])*"?|[\w.:-]+|\s+|./g) || []) {
      const kind = piece.startsWith("#") ? "comment" : piece.startsWith('"') ? "string"
        : first && /^[a-z]/.test(piece) ? "verb" : undefined;
      if (piece.trim() !== "") first = piece.endsWith(":");
      parts.push(kind === undefined ? visible(piece) : h("span", { class: kind }, visible(piece)));
    }
    parts.push("\n");
  }
  return h("pre", { class: "source", tabindex: 0 }, parts);
}

function block(title, ...content) {
  return h("section", { class: "block" }, h("h4", {}, title), content);
}

function copied(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", () => copy(text, button));
  return h("div", { class: "copied" }, h("code", { tabindex: 0 }, visible(text)), button);
}

function requirementLine(id) {
  const row = requirements.get(id);
  if (row === undefined) return h("li", {}, h("code", {}, visible(id)));
  return h("li", {}, h("b", {}, row.level), ` ${row.text} `,
    h("span", { class: "quiet" }, `${row.document.replace(/^RFC/, "RFC ")}, ${row.section} · ${row.id}`));
}

function outcome(result) {
  const pairs = [["expected", result.expected], ["seen", result.seen]].filter(([, text]) => text !== "");
  return [result.detail === "" ? undefined : h("p", { class: "detail" }, visible(result.detail)),
    pairs.length === 0 ? undefined : h("dl", { class: "outcome" },
      pairs.map(([name, text]) => [h("dt", {}, name), h("dd", {}, h("code", {}, visible(text)))]))];
}

function about(result) {
  const close = { OK: "closed as it should be", UNCLEAN: "closed uncleanly", WRONG_CODE: "closed with a wrong code",
    INFO: "closed in a way that is its choice" }[result.close_verdict];
  const file = result.file === "" ? "" : `${result.file}:${result.line}`;
  const alias = result.alias === "" ? "" : `Autobahn ${result.alias}`;
  const known = result.known === undefined ? "" : `known to fail${result.known === "" ? "" : `: ${result.known}`}`;
  return [VERDICTS[result.verdict].name, known, duration(result.duration_ms), close, alias, file]
    .filter((word) => word !== undefined && word !== "").map(visible).join(" · ");
}

function resultPanel(result, run, rounds) {
  const them = cut(nameOf(run), 40);
  return [
    h("p", { class: "about" }, mark(result.verdict), " ", about(result)),
    rounds.length < 2 ? undefined : h("p", { class: "about" }, `${plural(rounds.length, "round")}: ${ORDER.map((v) =>
      [rounds.filter((r) => r.verdict === v).length, VERDICTS[v].name]).filter(([n]) => n > 0).map((x) => x.join(" ")).join(", ")}`),
    ...outcome(result),
    result.requirements.length === 0 ? undefined
      : block("Requirements", h("ul", { class: "requirements" }, result.requirements.map(requirementLine))),
    (result.figures || []).map(figureBox),
    result.events.length === 0 ? undefined : block("On the wire", sequence(result, them)),
    result.source === "" ? undefined : block("Scenario", source(result.source)),
    result.replay === "" ? undefined : block("Play it again", copied(result.replay, "the replay command")),
    result.stderr === undefined ? undefined : block("The testee's last words",
      h("pre", { class: "source", tabindex: 0 }, result.stderr.split("\n").map(visible).join("\n"))),
  ];
}

/* Of one run as it is, of several behind buttons. */
function casePanel(row) {
  const played = runs.map((_, i) => i).filter((i) => row.results[i] !== undefined);
  if (runs.length === 1) return resultPanel(row.results[0], runs[0], row.rounds[0]);
  const panel = h("div", {});
  const buttons = played.map((i) => h("button", { type: "button", class: "choice", onclick: () => show(i) },
    mark(row.results[i].verdict), " ", names[i]));
  const show = (i) => {
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(played[k] === i)));
    panel.replaceChildren(...resultPanel(row.results[i], runs[i], row.rounds[i]).flat(Infinity).filter((x) => x !== undefined));
  };
  show(played.find((i) => row.results[i].verdict === row.worst));
  return [h("div", { class: "choices", role: "group", "aria-label": "Testee" }, buttons), panel];
}

function caseLine(row) {
  const marks = h("span", { class: "marks" }, runs.map((_, i) =>
    mark(row.results[i]?.verdict, runs.length === 1 ? "" : names[i])));
  const summary = h("summary", {}, marks, h("span", { class: "id" }, visible(row.id)),
    h("span", { class: "title" }, visible(row.title)),
    h("span", { class: "time" }, runs.length === 1 ? duration(row.results[0].duration_ms) : ""));
  const details = h("details", { class: "case" }, summary);
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    details.append(h("div", { class: "panel" }, casePanel(row)));
  });
  row.line = details;
  return details;
}

/* ---- filters ---- */

const filter = { words: [], verdicts: new Set(), differing: false };

const wanted = (row) => (filter.verdicts.size === 0 ||
    row.results.some((r) => r !== undefined && filter.verdicts.has(r.verdict))) &&
  (!filter.differing || differs(row)) && filter.words.every((word) => row.text.includes(word));

let groups = []; /* [{box, count, rows}] by section */

function applyFilter() {
  let shown = 0;
  for (const group of groups) {
    let here = 0;
    for (const row of group.rows) {
      row.line.hidden = !wanted(row);
      here += !row.line.hidden;
    }
    group.box.hidden = here === 0;
    group.count.textContent = here === group.rows.length ? plural(here, "case") : `${here} of ${group.rows.length}`;
    shown += here;
  }
  document.getElementById("nothing").hidden = shown !== 0;
  say(plural(shown, "case"));
}

function verdictButton(verdict) {
  const look = VERDICTS[verdict];
  const count = rows.filter((row) => row.results.some((r) => r?.verdict === verdict)).length;
  if (count === 0) return undefined;
  const button = h("button", { type: "button", class: `toggle ${look.key}`, "aria-pressed": "false" },
    h("span", { "aria-hidden": "true" }, look.mark + " "), `${look.name} `, h("b", {}, count.toLocaleString("en")));
  button.addEventListener("click", () => {
    if (!filter.verdicts.delete(verdict)) filter.verdicts.add(verdict);
    button.setAttribute("aria-pressed", String(filter.verdicts.has(verdict)));
    applyFilter();
  });
  return button;
}

function differenceButton() {
  const count = rows.filter(differs).length;
  if (runs.length === 1) return undefined;
  const button = h("button", { type: "button", class: "toggle", "aria-pressed": "false" }, "differing ",
    h("b", {}, String(count)));
  button.addEventListener("click", () => {
    filter.differing = !filter.differing;
    button.setAttribute("aria-pressed", String(filter.differing));
    applyFilter();
  });
  return button;
}

function toolbar() {
  const search = h("input", { type: "search", id: "search", placeholder: "Search cases", "aria-label": "Search cases",
    "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false" });
  search.addEventListener("input", () => {
    filter.words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    applyFilter();
  });
  return h("div", { class: "toolbar" }, search,
    h("div", { class: "toggles", role: "group", "aria-label": "Show only" }, ORDER.map(verdictButton), differenceButton()));
}

/* ---- keys ---- */

function neighbour(from, step) {
  const all = [...document.querySelectorAll("details.case:not([hidden]) > summary")].filter((x) => x.offsetParent !== null);
  return all[all.indexOf(from) + step];
}

function onKey(event) {
  const search = document.getElementById("search");
  const typing = event.target.matches("input, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
  } else if (event.target.matches("details.case > summary") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const next = neighbour(event.target, event.key === "ArrowDown" ? 1 : -1);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }
}

/* Lines that were never drawn are as high as was guessed: it goes there again until what is around has been drawn. */
function reach(line, frames = 8) {
  line.scrollIntoView({ block: "start", behavior: "instant" });
  if (frames > 0) requestAnimationFrame(() => reach(line, frames - 1));
}

/* `hash`: of the address; it may be anything. */
function showCase(hash) {
  let id;
  try {
    id = decodeURIComponent(hash.slice(1));
  } catch {
    return;
  }
  const row = rows.find((one) => one.id === id);
  if (row === undefined) return;
  row.line.hidden = false;
  row.line.closest("section").hidden = false;
  row.line.open = true;
  reach(row.line);
  row.line.firstChild.focus({ preventScroll: true });
}

function casesPart() {
  const bySection = new Map();
  for (const row of rows) {
    if (!bySection.has(row.section)) bySection.set(row.section, []);
    bySection.get(row.section).push(row);
  }
  groups = [...bySection].map(([name, all]) => {
    const count = h("span", { class: "count" });
    const box = h("section", { class: "group" }, h("h3", {}, visible(name), " ", count),
      runs.length === 1 ? undefined : h("div", { class: "heads", "aria-hidden": "true" },
        runs.map((_, i) => h("span", { class: "mark none", title: names[i] }, i + 1))), all.map(caseLine));
    return { box, count, rows: all };
  });
  document.addEventListener("keydown", onKey);
  return h("section", { id: "cases", tabindex: -1, "aria-labelledby": "cases-title" }, h("h2", { id: "cases-title" }, "Cases"),
    toolbar(), h("p", { id: "nothing", class: "quiet", hidden: true }, "No case matches."),
    groups.map((group) => group.box));
}
