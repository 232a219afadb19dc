// One Chromium for many phones: prints the address for phone.mjs, and ends
// with its standard input.
// usage: node browser.mjs <folder with playwright-core> <chromium>
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, chromium] = process.argv.slice(2);
const { chromium: driver } = createRequire(join(modules, "x.js"))("playwright-core");
const server = await driver.launchServer({
  executablePath: chromium,
  headless: true,
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
});
process.stdout.write(JSON.stringify(server.wsEndpoint()) + "\n");
process.stdin.resume();
process.stdin.on("end", () => server.close());
