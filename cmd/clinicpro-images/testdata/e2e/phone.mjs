// The phone of the end-to-end test: a real Chromium, told what to do by JSON
// lines on standard input, answering each with one JSON line.
// usage: node phone.mjs <folder with playwright-core> <chromium> <profile folder> [options]
// or, for a window of its own in a browser that browser.mjs started: … <its address> …
// The options are Playwright's for a context, as JSON.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const [modules, chromium, profile, more = "{}"] = process.argv.slice(2);
const { chromium: driver, devices } = createRequire(join(modules, "x.js"))("playwright-core");

const options = { ...devices["Pixel 7"], locale: "en-NZ", timezoneId: "Pacific/Auckland", ...JSON.parse(more) };
const context = profile.startsWith("ws:")
  ? await (await driver.connect(profile)).newContext(options)
  : await driver.launchPersistentContext(profile, {
      executablePath: chromium,
      headless: true,
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"], // a camera, and a user who allows it
      ...options,
    });
context.setDefaultTimeout(60_000);
let lost = 0; // requests that the network did not answer
const said = []; // console errors and uncaught exceptions
let page, network;
async function tab(opened) {
  page = opened;
  page.on("requestfailed", () => lost++);
  page.on("console", (m) => { if (m.type() === "error") said.push(m.text()); });
  page.on("pageerror", (e) => said.push(String(e)));
  network = await context.newCDPSession(page);
  await network.send("Network.enable");
}
await tab(context.pages()[0] ?? (await context.newPage()));

const commands = {
  // A page that goes on to another program by itself is never done loading: until "commit".
  open: ({ url, until = "load" }) => page.goto(url, { waitUntil: until }).then((r) => r?.status() ?? 0),
  // As a person does where the network breaks: once more, until it is there. How often it took.
  insist: async ({ url, selector }) => {
    for (let n = 1; n <= 20; n++) {
      const opened = page.goto(url, { waitUntil: "commit", timeout: 20_000 });
      const there = await opened.then(() => page.waitForSelector(selector, { state: "attached", timeout: 20_000 })).catch(() => null);
      if (there) return n;
      await page.goto("about:blank");
    }
    throw new Error(`${selector} is not on ${url}`);
  },
  choose: ({ files }) => page.locator('input[type="file"][multiple]').setInputFiles(files),
  take: ({ files }) => page.locator('input[type="file"][capture]').setInputFiles(files),
  text: () => page.evaluate(() => document.body.innerText),
  eval: ({ js }) => page.evaluate(js),
  click: ({ name }) => page.getByRole("button", { name: new RegExp(name, "i") }).first().click(),
  fill: ({ selector, text }) => page.locator(selector).fill(text),
  tap: ({ selector }) => page.locator(selector).first().click(),
  screenshot: ({ path }) => page.screenshot({ path, fullPage: true }),
  // Bytes a second upwards; 0 is as fast as it goes.
  upload: ({ rate }) => network.send("Network.emulateNetworkConditions",
    { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: rate || -1 }),
  // A phone's network: bytes a second each way, milliseconds of latency.
  network: ({ up, down, latency }) => network.send("Network.emulateNetworkConditions",
    { offline: false, latency, downloadThroughput: down, uploadThroughput: up }),
  // How many times slower the main thread runs.
  slow: ({ rate }) => network.send("Emulation.setCPUThrottlingRate", { rate }),
  script: (script) => context.addInitScript(script), // of a path, or a content
  // As a phone that has never seen the page.
  cold: () => network.send("Network.clearBrowserCache"),
  until: async ({ js, seconds }) => {
    for (const end = Date.now() + seconds * 1000; !(await page.evaluate(js)); await new Promise((next) => setTimeout(next, 100))) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${js}`);
    }
  },
  lost: () => lost,
  // Out of every network, and back at full speed.
  offline: ({ on }) => network.send("Network.emulateNetworkConditions",
    { offline: on, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }),
  // The most that the page's origin may keep.
  quota: ({ origin, bytes }) => network.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes }),
  // The tab dies as under memory pressure, and another takes its place: what
  // the tab alone knew is gone, what the browser keeps is not.
  kill: async () => {
    const crashed = page.waitForEvent("crash");
    network.send("Page.crash").catch(() => {});
    await crashed;
    const dead = page;
    await tab(await context.newPage());
    await dead.close();
  },
  url: () => page.url(),
  reload: () => page.reload({ waitUntil: "load" }).then(() => null),
  errors: () => said,
};

process.stdout.write(JSON.stringify({ value: "ready" }) + "\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { cmd, ...args } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[cmd](args)) ?? null };
  } catch (e) {
    answer = { error: String(e) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await context.close();
