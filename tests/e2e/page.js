"use strict";
/* The HTML report in Chromium, for tests/e2e/reports.py: node page.js FOLDER CASE
 * FOLDER has the pages hostile/, several/ and many/; CASE is one that failed. Prints `ok WHAT` or `not ok WHAT`. */
const path = require("path");
const { chromium } = require(path.join(__dirname, "../peers/node_modules/playwright-core"));

const [folder, victim] = process.argv.slice(2);
const at = (name) => "file://" + path.resolve(folder, name, "index.html");
const check = (ok, what, seen = "") => console.log(`${ok ? "ok" : "not ok"} the page: ${what}${ok ? "" : ` (${JSON.stringify(seen)})`}`);

/* Every page must be silent: no error, no request, no dialog. */
async function open(browser, name, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.trouble = [];
  page.on("pageerror", (error) => page.trouble.push(error.message));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.trouble.push(message.text()));
  page.on("dialog", (dialog) => { page.trouble.push("a dialog"); dialog.dismiss(); });
  page.on("request", (request) => /^(file|data):/.test(request.url()) || page.trouble.push(request.url()));
  await page.goto(at(name) + (options.hash || ""));
  return page;
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const shown = (page) => page.locator("details.case:visible").count();

async function hostile(browser) {
  const page = await open(browser, "hostile", { hash: `#${encodeURIComponent(victim)}` });
  const all = await shown(page);
  check(all > 300, "every case has a line", all);
  const panel = page.locator("details.case[open] .panel");
  await panel.first().waitFor();
  check(await panel.count() === 1, "a link to a case opens it");
  check((await panel.textContent()).includes("</script><img src=x onerror='window.hacked=1'>"), "hostile text is shown as text");
  check(await page.evaluate(() => window.hacked) === undefined && await page.locator("img").count() === 0, "and does nothing");
  check((await page.locator("h1").textContent()).includes("␁␛[2J�"), "control characters are made visible");
  const events = panel.locator(".sequence [role=option]");
  await events.first().waitFor();
  check(await events.count() > 3, "frames are drawn", await events.count());
  await panel.locator(".plot").waitFor();
  await page.locator("#figures .plot").waitFor();
  check(await panel.locator(".plot .series").count() === 4 && await page.locator("#figures .plot").count() === 1, "figures are drawn");

  await events.first().click();
  const before = await panel.locator(".bytes").textContent();
  await page.keyboard.press("ArrowDown");
  const after = await panel.locator(".bytes").textContent();
  check(before !== after && after.includes("</script>"), "arrow keys go from event to event", [before, after]);
  await page.keyboard.press("End");
  check(await panel.locator(".sequence [aria-selected=true]").count() === 1, "one event is chosen");
  await panel.locator(".copy").click();
  await panel.getByText("Copied").waitFor();
  check(await page.locator("#said").textContent() === "Copied", "the replay command is copied");
  check(await page.evaluate(() => [...document.querySelectorAll("button, a, input, svg")].every((x) =>
    x.textContent.trim() !== "" || x.getAttribute("aria-label"))), "everything that is used has a name");

  await page.locator("h1").click();
  await page.keyboard.press("/");
  await page.keyboard.type("ping payload");
  const found = await shown(page);
  check(found > 0 && found < 40, "/ searches, every word counts", found);
  check((await page.locator("#said").textContent()) === `${found} cases`, "what was found is said");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("nothing has this");
  check(await shown(page) === 0 && await page.locator("#nothing").isVisible(), "finding nothing is told");
  await page.fill("#search", "");
  await page.locator(".toggle.fail").click();
  const failing = await shown(page);
  check(failing > 0 && failing < 10, "the failed ones alone", failing);
  await page.locator(".toggle.fail").click();
  check(await shown(page) === all, "and all again");
  const lines = page.locator("details.case > summary");
  await lines.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  check(await page.locator("details.case").nth(1).getAttribute("open") !== null, "keys go down and open");

  const documents = page.locator("details.document");
  await documents.first().locator("summary").click();
  await page.locator(".requirement").first().waitFor();
  check(await page.locator(".requirement").count() > 100, "requirements are listed");
  check(await overflow(page) === 0, "no horizontal scroll");
  check(page.trouble.length === 0, "no error, no request, no dialog", page.trouble);
  await page.close();
}

async function phone(browser) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(browser, "hostile", { viewport: { width: 390, height: 844 }, colorScheme,
      hash: `#${encodeURIComponent(victim)}` });
    await page.locator(".sequence").first().waitFor();
    check(await overflow(page) === 0, `no horizontal scroll at 390 px, ${colorScheme}`, await overflow(page));
    const sum = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)
      .reduce((a, b) => a + b));
    check(colorScheme === "dark" ? sum < 150 : sum > 600, `${colorScheme} is ${colorScheme}`, sum);
    await page.close();
  }
  const page = await open(browser, "hostile");
  await page.emulateMedia({ media: "print" });
  check(await page.locator(".toolbar").isHidden(), "paper has no buttons");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  check(await page.locator("details.case[open]").count() > 0, "and shows what failed");
  await page.close();
}

async function matrix(browser) {
  const page = await open(browser, "several");
  check(await page.locator("details.case").first().locator(".mark").count() === 3, "a mark for each testee");
  await page.getByRole("button", { name: /^differing/ }).click();
  const differing = await shown(page);
  check(differing > 0 && differing < 10, "those that differ alone", differing);
  await page.locator("details.case:visible > summary").first().click();
  const choices = page.locator("details.case[open] .choice");
  await choices.first().waitFor();
  check(await choices.count() === 3, "a case has a result for each");
  const first = await page.locator(".panel .about").first().textContent();
  await choices.first().click();
  check(first !== await page.locator(".panel .about").first().textContent(), "and shows the one that is chosen");
  check(page.trouble.length === 0, "the matrix is silent", page.trouble);
  await page.close();
}

async function many(browser) {
  const page = await open(browser, "many", { hash: "#%" });
  check(await page.locator("details.case").count() === 4000, "four thousand cases");
  /* Layout of what is out of sight is put off: a few hundred lines are drawn, not four thousand. */
  check(await page.evaluate(() => getComputedStyle(document.querySelector("details.case")).contentVisibility) === "auto",
    "what is out of sight is not drawn");
  await page.fill("#search", "many/3999");
  check(await shown(page) === 1, "one of them is found");
  await page.fill("#search", "");
  await page.evaluate(() => { location.hash = "#many/3900"; });
  const top = () => page.evaluate(() => document.querySelector("details.case[open]").getBoundingClientRect().top);
  await page.waitForFunction(() => document.querySelector("details.case[open]"));
  await page.evaluate(() => new Promise((done) => { // until nothing has scrolled for thirty frames
    let still = 0, last = NaN;
    const tick = () => {
      still = scrollY === last ? still + 1 : 0;
      last = scrollY;
      still < 30 ? requestAnimationFrame(tick) : done();
    };
    tick();
  }));
  check(await top() > 60 && await top() < 200, "a link to a case far below ends at its first line", await top());
  check(page.trouble.length === 0, "many are silent", page.trouble);
  await page.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu",
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
  try {
    for (const part of [hostile, phone, matrix, many]) await part(browser);
  } finally {
    await browser.close();
  }
})();
