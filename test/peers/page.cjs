// What page.sh checks in the browser.
const { join, resolve } = require("path");
const { pathToFileURL } = require("url");
const { chromium } = require(join(resolve(process.env.PEERS), "node_modules", "playwright-core"));

const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const views = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
};
let wrong = 0;
const expect = (holds, what) => {
  if (holds) return;
  console.error("wrong: " + what);
  wrong = 1;
};

const shownRows = page => page.locator("#findings tbody tr").count();

async function checkFilter(page, what) {
  if ((await shownRows(page)) === 0) return;
  const all = await page.evaluate(() => Number(document.querySelector("#shown span").textContent.match(/(\d+)( of (\d+))?/).slice(1).reverse().find(Boolean)));
  const id = (await page.locator("#findings tbody tr b").first().textContent()).trim();
  const step = Math.min(all, 200);
  expect((await shownRows(page)) === step, what + ": " + step + " rows are shown at first");
  await page.fill("#filter [name=words]", id.slice(0, 60));
  const fitting = await shownRows(page);
  expect(fitting >= 1 && fitting <= step, what + ": the filter finds " + id);
  await page.fill("#filter [name=words]", "surely-nothing-has-this");
  expect((await shownRows(page)) === 0, what + ": the filter hides what does not fit");
  await page.fill("#filter [name=words]", "");
  await page.selectOption("#filter [name=state]", "blocking");
  expect((await page.locator("#findings tbody tr:not([data-state=blocking])").count()) === 0, what + ": the state filter shows only what blocks");
  await page.selectOption("#filter [name=state]", "");
  expect((await shownRows(page)) === step, what + ": without a filter all is there again");
}

// What a feed or an image wrote is text, and no part of the page.
async function checkText(page, what) {
  const made = await page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    const handlers = all.filter(element => [...element.attributes].some(attribute => attribute.name.startsWith("on")));
    const strange = all.filter(element => ["IMG", "IFRAME", "OBJECT", "EMBED", "LINK", "BASE"].includes(element.tagName));
    return { scripts: document.scripts.length, handlers: handlers.length, strange: strange.length, text: document.body.textContent };
  });
  expect(made.scripts === 1 && made.handlers === 0 && made.strange === 0, what + ": a text became a part of the page");
  if (what.includes("hostile")) expect(made.text.includes("<script>"), what + ": the hostile text is shown as it is");
}

async function checkView(browser, file, name, options) {
  const what = file + " (" + name + ")";
  const page = await (await browser.newContext(options)).newPage();
  const loaded = [];
  page.on("request", request => loaded.push(request.url()));
  page.on("console", message => expect(false, what + ": " + message.text()));
  page.on("pageerror", error => expect(false, what + ": " + error.message));
  page.on("dialog", dialog => { expect(false, what + ": a dialog opened"); dialog.dismiss(); });
  await page.goto(pathToFileURL(resolve(file)).href);
  expect(loaded.length === 1, what + ": loads " + loaded.slice(1).join(" "));
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(sideways <= 0, what + ": sticks out by " + sideways + " pixels");
  const styled = await page.evaluate(() => getComputedStyle(document.querySelector(".band")).backgroundColor);
  expect(styled !== "rgba(0, 0, 0, 0)", what + ": the style is not obeyed");
  await checkText(page, what);
  await checkFilter(page, what);
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await page.screenshot({ path: file.replace(/\.html$/, "-" + name + ".png"), fullPage: true });
  const large = await page.evaluate(() => document.getElementById("rest") !== null);
  if (name === "desktop" && !large) await page.pdf({ path: file.replace(/\.html$/, ".pdf"), format: "A4", printBackground: true });
  await page.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: quiet });
  for (const file of process.argv.slice(2)) {
    const start = Date.now();
    for (const [name, options] of Object.entries(views)) await checkView(browser, file, name, options);
    console.log("looked at: " + file + " (" + (Date.now() - start) + " ms)");
  }
  await browser.close();
  process.exit(wrong);
})();
