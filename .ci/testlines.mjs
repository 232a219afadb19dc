// Reads go test -json; prints each package's closing line, the output of what
// failed, and skips with their reason; writes "passed failed skipped" to the
// file named. Exit code 1 on any failure, and when nothing ran at all.
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";

const out = new Map(); // "package test" -> lines
const count = { pass: 0, fail: 0, skip: 0 };
let broken = 0;
const say = (s) => process.stdout.write(s);

for await (const line of createInterface({ input: process.stdin })) {
  let e;
  try { e = JSON.parse(line); } catch { say(line + "\n"); continue; }
  const key = `${e.Package ?? e.ImportPath} ${e.Test ?? ""}`;
  if (e.Action === "output" || e.Action === "build-output") {
    if (!out.has(key)) out.set(key, []);
    out.get(key).push(e.Output);
    continue;
  }
  if (e.Action === "build-fail") { broken++; say(out.get(key)?.join("") ?? ""); continue; }
  if (!(e.Action in count)) continue;
  if (e.Test) {
    count[e.Action]++;
    if (e.Action !== "pass") say(out.get(key)?.join("") ?? "");
    out.delete(key);
  } else {
    const lines = out.get(key) ?? [];
    if (e.Action === "fail") { broken++; say(lines.join("")); }
    else if (e.Action === "pass") say(lines.filter((l) => l.startsWith("ok ")).join(""));
    out.delete(key);
  }
}
writeFileSync(process.argv[2], `${count.pass} ${count.fail} ${count.skip}\n`);
const ran = count.pass + count.fail;
if (ran === 0) say("no test ran\n");
process.exit(broken > 0 || count.fail > 0 || ran === 0 ? 1 : 0);
